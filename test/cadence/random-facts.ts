import type { CadenceFacts, DrillFact } from '../../src/rules/cadence-facts.ts'

/** Facts that are the same for the same seed: times around ends of quarters and of leap months, to the second. */
export function randomFacts(seed: number): CadenceFacts {
  let state = seed * 2_654_435_761
  const random = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T
  const edges = ['2027-12-31', '2028-01-01', '2028-01-31', '2028-02-29', '2028-03-31', '2028-04-01'].map(Date.parse)
  const near = () => pick(edges) + (below(5) - 2) * 86_400_000 + below(86_400) * 1000 * below(2)
  const text = (time: number) => new Date(time).toISOString()
  const now = near() + below(120) * 86_400_000
  const moment = () => text(random() < 0.5 ? near() : now - below(3_000_000) * 1000 + 200_000)

  const drills = Array.from({ length: below(5) }, (_, index): DrillFact => {
    const started = moment()
    return {
      drill_id: `d${below(3)}-${index}`,
      scope: pick(['whole', 'whole', 'whole', 'database_only']),
      is_sandbox: random() < 0.1,
      state: pick(['finished', 'finished', 'finished', 'finished', 'open', 'aborted']),
      verdict: pick(['verified', 'verified', 'verified', 'failed', 'could_not_verify', null]),
      started_at: started,
      finished_at: random() < 0.1 ? null : text(Date.parse(started) + below(30_000) * 1000 - 1000),
      recovery_time: pick([null, below(30_000), below(200)]),
      data_loss: pick([null, below(200_000), 86_400]),
      baseline_id: null,
      proof_sha256: null,
      problem: random() < 0.05 ? 'its proof says otherwise' : null,
      remark: random() < 0.1 ? 'has no proof here' : null,
    }
  })
  const changes = Array.from({ length: pick([0, 0, 1, 7]) }, (_, index) => ({
    area: 'triggers',
    object_kind: 'trigger',
    object_name: `public.t.${index}`,
    change: 'added',
  }))
  const setting = (value: number) => (random() < 0.05 ? {} : { value })
  const policies = Object.entries({
    rpo: setting(86_400),
    rto: setting(pick([14_400, 3600])),
    clock_skew: setting(300),
    heartbeat_interval: setting(300),
    baseline_max_age: setting(86_400),
    drill_notice: setting(pick([0, 1_209_600])),
  }).flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value] as const]))
  return {
    now: text(now),
    is_database_read: random() < 0.9,
    installed_at: random() < 0.1 ? null : moment(),
    policies: Object.fromEntries(policies),
    drill_policy:
      random() < 0.05
        ? null
        : {
            is_app_required: random() < 0.7,
            drill_every: random() < 0.7 ? null : { months: below(5), days: below(3), seconds: below(90_000) },
          },
    drills,
    incidents: Array.from({ length: pick([0, 0, 1, 5]) }, (_, index) => ({
      occurred_at: moment(),
      what: `incident ${index}`,
    })),
    schema_changes:
      random() < 0.1 ? null : { baseline_id: null, problem: random() < 0.1 ? 'it is gone' : null, changes },
    newest_baseline_at: random() < 0.1 ? null : text(now - below(100_000) * 1000),
    newest_heartbeat_at: random() < 0.1 ? null : text(now - below(900) * 1000),
    retention:
      random() < 0.2
        ? null
        : {
            pass_count: below(3),
            fail_count: pick([0, 0, 2]),
            error_count: pick([0, 0, 1]),
            detail: pick([null, 'a slot is empty']),
          },
  }
}
