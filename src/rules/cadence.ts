// Whether production keeps the plan: pure. sql/cadence/ has the same rule, in the same words, for psql and pg_cron; the test vectors of test/rules/cadence-vectors.json hold both to it.

import type { CheckResult, CheckStatus } from '../database/contract.ts'
import type { CadenceFacts, JudgedObligation, Standing } from './cadence-facts.ts'
import { durationWords, momentWords } from './cadence-words.ts'
import { type CountedDrill, countedDrills, lastGoodDrill, newestFirst, newestMoment } from './counted-drills.ts'
import { timeOf } from './moments.ts'
import { nextDeadline } from './next-drill.ts'

const drillPolicyHint = 'Put the row of drill.drill_policy back: insert into drill.drill_policy default values.'

const statuses: Record<Standing, CheckStatus> = { met: 'pass', due: 'fail', broken: 'fail', unknown: 'error' }

/**
 * One row per obligation (actual is met, due, broken or unknown), then one per drill that needs somebody.
 * @throws Error when a time among the facts is no moment
 */
export function judgeCadence(facts: CadenceFacts): CheckResult[] {
  const drills = countedDrills(facts)
  const lastGood = lastGoodDrill(drills)
  const judged = [
    judgeRegularDrill(facts, lastGood),
    judgeSchemaChanges(facts, lastGood),
    judgeIncidents(facts, drills),
    judgeMeasured(facts, drills, 'rpo'),
    judgeMeasured(facts, drills, 'rto'),
    judgeRetention(facts),
    judgeAge(facts, 'baseline'),
    judgeAge(facts, 'heartbeat'),
  ]
  return [
    ...judged.map(({ obligation, standing, detail, hint }) =>
      row(obligation, statuses[standing], detail, hint, 'met', standing),
    ),
    ...findings(facts, drills, lastGood),
  ]
}

type Good = (CountedDrill & { finished: number }) | undefined

function judgeRegularDrill(facts: CadenceFacts, lastGood: Good): JudgedObligation {
  const obligation = 'quarterly_drill'
  const notice = facts.policies['drill_notice']
  const deadline = nextDeadline(facts, lastGood?.finished ?? null)
  const left = deadline === null ? null : (deadline - timeOf(facts.now)) / 1000
  const last =
    lastGood === undefined
      ? 'there is no good drill'
      : `the last good drill is ${lastGood.drill_id} of ${momentWords(lastGood.finished)}`
  const hint = 'Make a drill: restore into a separate environment and run pgdrill drill.'
  const unknown = (detail: string): JudgedObligation => ({
    obligation,
    standing: 'unknown',
    detail,
    hint: drillPolicyHint,
  })
  if (facts.drill_policy === null) return unknown('the policy of drills is not known')
  if (deadline !== null && left !== null && left <= 0) {
    const detail = `${last}; one was due before ${momentWords(deadline)} and is overdue by ${durationWords(-left)}`
    return { obligation, standing: 'broken', detail, hint }
  }
  const next =
    deadline === null || left === null
      ? 'one is due'
      : `the next is due before ${momentWords(deadline)}, in ${durationWords(left)}`
  if (lastGood === undefined) return { obligation, standing: 'due', detail: `${last}; ${next}`, hint }
  if (notice === undefined) return unknown('the policy drill_notice is not set')
  return left !== null && left <= notice
    ? { obligation, standing: 'due', detail: `${last}; ${next}`, hint }
    : { obligation, standing: 'met', detail: `${last}; ${next}`, hint: null }
}

function judgeSchemaChanges({ schema_changes: found }: CadenceFacts, lastGood: Good): JudgedObligation {
  const obligation = 'drill_after_schema_change'
  const unknown = (detail: string): JudgedObligation => ({
    obligation,
    standing: 'unknown',
    detail,
    hint: 'Make a drill against a baseline of production: it becomes what later schemas are compared with.',
  })
  if (lastGood === undefined) return unknown('there is no good drill to compare the schema with')
  if (found === null || found.problem !== null) {
    const why = found?.problem ?? 'production was not asked'
    return unknown(`the schema cannot be compared with that of the drill ${lastGood.drill_id}: ${why}`)
  }
  const number = found.changes.length
  if (number === 0) {
    const detail = `no major schema change since the drill ${lastGood.drill_id}`
    return { obligation, standing: 'met', detail, hint: null }
  }
  const named = found.changes.slice(0, 5).map((one) => `${one.object_kind} ${one.object_name} ${one.change}`)
  const more = number > 5 ? ` and ${number - 5} more` : ''
  return {
    obligation,
    standing: 'due',
    detail: `${number} major schema change${number === 1 ? '' : 's'} since the drill ${lastGood.drill_id}: ${named.join(', ')}${more}`,
    hint: 'Make a drill: the plan wants one after each major schema change. All changes: pgdrill status, or drill.list_schema_changes with the baseline of that drill.',
  }
}

function judgeIncidents(facts: CadenceFacts, drills: readonly CountedDrill[]): JudgedObligation {
  const obligation = 'drill_after_incident'
  if (!facts.is_database_read) {
    const detail = 'production was not asked for its incidents'
    return { obligation, standing: 'unknown', detail, hint: 'Give the target production.' }
  }
  const newest = newestMoment(facts)
  const known = facts.incidents.filter((incident) => timeOf(incident.occurred_at) <= newest)
  const open = known.filter(
    ({ occurred_at }) => !drills.some((drill) => drill.is_good && drill.started > timeOf(occurred_at)),
  )
  if (open.length === 0) {
    const detail =
      known.length === 0 ? 'no incident is recorded' : 'a good drill was started after each recorded incident'
    return { obligation, standing: 'met', detail, hint: null }
  }
  const words = open.slice(0, 3).map(({ occurred_at, what }) => `${momentWords(timeOf(occurred_at))} ${what}`)
  return {
    obligation,
    standing: 'due',
    detail: `no good drill was started since: ${words.join('; ')}${open.length > 3 ? ` and ${open.length - 3} more` : ''}`,
    hint: 'Make a drill: the plan wants one after each incident with corrupted or deleted data.',
  }
}

const measures = {
  rpo: {
    words: 'data loss',
    of: (drill: CountedDrill) => drill.data_loss,
    remedy:
      'Take backups more often or archive WAL continuously, and repeat the drill; or change the objective with the owners of the plan.',
  },
  rto: {
    words: 'recovery time',
    of: (drill: CountedDrill) => drill.recovery_time,
    remedy:
      'Find what took the time (the stages in the proof), make it faster, and repeat the drill; or change the objective with the owners of the plan.',
  },
}

/** Only a good drill shows that an objective is met; any finished one shows that it is not, until a later good one. */
function judgeMeasured(
  facts: CadenceFacts,
  drills: readonly CountedDrill[],
  obligation: 'rpo' | 'rto',
): JudgedObligation {
  const { words, of, remedy } = measures[obligation]
  const objective = facts.policies[obligation]
  const unmeasured: JudgedObligation = {
    obligation,
    standing: 'unknown',
    detail: `no good drill has measured ${words}`,
    hint: `Make a drill: it measures ${words}.`,
  }
  if (objective === undefined) {
    // Without production the objectives come from the drills.
    if (!facts.is_database_read) return unmeasured
    return {
      obligation,
      standing: 'unknown',
      detail: `the policy ${obligation} is not set`,
      hint: insertPolicy(obligation),
    }
  }
  const telling = newestFirst(drills).flatMap((drill) => {
    const seconds = of(drill)
    const isTelling = drill.state === 'finished' && drill.problem === null && seconds !== null
    return isTelling && (drill.is_good || seconds > objective) ? [{ ...drill, seconds }] : []
  })
  const newest = telling[0]
  if (newest === undefined) return unmeasured
  const isMet = newest.seconds <= objective
  const where = `the drill ${newest.drill_id} of ${momentWords(newest.finished)}`
  return {
    obligation,
    standing: isMet ? 'met' : 'broken',
    detail: `${where} measured ${durationWords(newest.seconds)} of ${words}, ${isMet ? 'within' : 'beyond'} the ${obligation.toUpperCase()} of ${durationWords(objective)}`,
    hint: isMet ? null : remedy,
  }
}

function judgeRetention({ is_database_read: isRead, retention }: CadenceFacts): JudgedObligation {
  const obligation = 'retention'
  const unknown = (detail: string): JudgedObligation => ({
    obligation,
    standing: 'unknown',
    detail,
    hint: 'Record what is held: pgdrill retention --inventory FILE --target production --record.',
  })
  if (!isRead) {
    const detail = 'production was not asked for its backups'
    return { obligation, standing: 'unknown', detail, hint: 'Give the target production.' }
  }
  if (retention === null) return unknown('no backup is recorded')
  if (retention.fail_count > 0) {
    const hint = 'See pgdrill retention for all that is wrong.'
    return { obligation, standing: 'broken', detail: retention.detail ?? 'no backup is recorded', hint }
  }
  if (retention.error_count > 0 || retention.pass_count === 0) {
    return unknown(retention.detail ?? 'no backup is recorded')
  }
  const detail = `the backups recorded meet the retention (${retention.pass_count} checked)`
  return { obligation, standing: 'met', detail, hint: null }
}

const ages = {
  baseline: {
    policy: 'baseline_max_age',
    of: (facts: CadenceFacts) => facts.newest_baseline_at,
    remedy: 'Capture one each day: pgdrill baseline capture, or the job that pgdrill schedule installs.',
  },
  heartbeat: {
    policy: 'heartbeat_interval',
    of: (facts: CadenceFacts) => facts.newest_heartbeat_at,
    remedy: 'Record one each minute: drill.record_heartbeat(), or the job that pgdrill schedule installs.',
  },
}

function judgeAge(facts: CadenceFacts, obligation: 'baseline' | 'heartbeat'): JudgedObligation {
  const { policy, of, remedy } = ages[obligation]
  if (!facts.is_database_read) {
    const detail = `production was not asked for its ${obligation}s`
    return { obligation, standing: 'unknown', detail, hint: 'Give the target production.' }
  }
  const newest = of(facts)
  if (newest === null) return { obligation, standing: 'broken', detail: `there is no ${obligation}`, hint: remedy }
  const limit = facts.policies[policy]
  if (limit === undefined) {
    const hint = obligation === 'baseline' ? drillPolicyHint : insertPolicy(policy)
    return { obligation, standing: 'unknown', detail: `the policy ${policy} is not set`, hint }
  }
  const age = (timeOf(facts.now) - timeOf(newest)) / 1000
  const isOld = age > limit + (facts.policies['clock_skew'] ?? 0)
  return {
    obligation,
    standing: isOld ? 'broken' : 'met',
    detail: `the newest ${obligation} is of ${momentWords(timeOf(newest))}, ${durationWords(age)} ago; at most ${durationWords(limit)} are allowed`,
    hint: isOld ? remedy : null,
  }
}

/** A drill that failed wants to be done again, whatever the calendar says. */
function findings(facts: CadenceFacts, drills: readonly CountedDrill[], lastGood: Good): CheckResult[] {
  const now = timeOf(facts.now)
  const inOrder = [...drills].sort((a, b) => a.started - b.started || (a.drill_id < b.drill_id ? -1 : 1))
  return inOrder.flatMap((drill) => {
    const say = (status: CheckStatus, words: string, hint: string, expected: string, actual: string | null) =>
      row(
        `drill ${drill.drill_id}`,
        status,
        `the drill ${drill.drill_id} of ${momentWords(drill.started)} ${words}`,
        hint,
        expected,
        actual,
      )
    const results: CheckResult[] = []
    const isRepeated = (since: number | null) => since !== null && lastGood !== undefined && lastGood.finished > since
    if (drill.state === 'finished' && drill.verdict === 'failed' && !isRepeated(drill.finished)) {
      const words = 'failed, and no good drill was finished after it'
      results.push(
        say('fail', words, 'Mend what failed (see its proof), then repeat the drill.', 'verified', drill.verdict),
      )
    }
    if (drill.state === 'finished' && drill.verdict === 'could_not_verify' && !isRepeated(drill.finished)) {
      const words = 'could not verify, and no good drill was finished after it'
      const hint = 'See its proof for what could not be looked at, then repeat the drill.'
      results.push(say('warn', words, hint, 'verified', drill.verdict))
    }
    if (drill.state === 'aborted' && !isRepeated(drill.started)) {
      const words = 'was aborted, and no good drill was finished after it'
      results.push(say('warn', words, 'Do it again, to its end.', 'finished', 'aborted'))
    }
    if (drill.state === 'open' && now - drill.started > 86_400_000) {
      const words = 'was left open: it does not count until it is finished'
      results.push(say('warn', words, 'Finish it, or abort it: pgdrill drill.', 'finished', 'open'))
    }
    if (drill.problem !== null) {
      const hint = 'Find out which record is true, and correct the other.'
      results.push(say('fail', `does not count: ${drill.problem}`, hint, 'one record', 'contradiction'))
    }
    if (drill.remark !== null) {
      const hint = 'Record it in production, or fetch its proof.'
      results.push(say('warn', drill.remark, hint, 'in both', 'in one'))
    }
    return results
  })
}

function insertPolicy(name: string): string {
  return `Insert it: insert into drill.policy (policy_name, policy_value, description) values ('${name}', ...).`
}

function row(
  object_name: string,
  status: CheckStatus,
  detail: string,
  hint: string | null,
  expected: string,
  actual: string | null,
): CheckResult {
  return { check_name: 'cadence', object_name, status, detail, hint, expected, actual }
}
