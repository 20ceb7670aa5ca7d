// Whether the content of settled buckets is that of the baseline, at depth full.

import type { BaselineRelation } from '../baselines/document.ts'
import type { CheckResult } from '../database/contract.ts'
import type { Judged } from './compare-partition.ts'
import { type Comparison, rowsOf } from './comparison.ts'
import { countOf } from './describe-parts.ts'
import { isSettled } from './judge-buckets.ts'
import type { Pair } from './pair-buckets.ts'
import { describeRecipes } from './recipes.ts'
import { group } from './wording.ts'

const checkName = 'fingerprints'
const capture =
  'Capture a baseline with fingerprints in production: pgdrill baseline capture --target production --depth full.'

/** One row when all is equal, else one for each partition that differs. */
export function compareFingerprints(
  comparison: Comparison,
  relation: BaselineRelation,
  judged: readonly Judged[],
): CheckResult[] {
  const obstacle = judgeObstacle(comparison, relation)
  if (obstacle !== undefined) return [obstacle]
  const isAsked = (pair: Pair) => comparison.isExact || isSettled(comparison, pair)
  const settled = judged.flatMap(({ pairs }) => pairs).filter((pair) => isAsked(pair) && pair.before.rows > 0n)
  if (settled.length === 0) {
    const detail = `${relation.relation_name}: no bucket with rows is settled yet, and open ones may rightly have changed`
    return [rowsOf(checkName, relation.relation_name)('skip', detail, null)]
  }
  // Of another number of rows the content is another: row_counts tells it.
  const alike = settled.filter(({ before, now }) => before.rows === now.rows)
  return [
    ...unreadable(relation, alike),
    ...(isStrict(comparison, relation) ? judged.flatMap((one) => tellPartition(one, new Set(alike))) : []),
    ...tellRelation(comparison, relation, settled, alike),
  ]
}

function judgeObstacle({ copy, isExact, to }: Comparison, relation: BaselineRelation): CheckResult | undefined {
  const { relation_name: name, recipe } = relation
  const answer = rowsOf(checkName, name)
  if (relation.is_secret || relation.depth === 'standard') {
    const why = relation.is_secret ? 'is secret' : 'is registered with depth standard'
    return answer('skip', `${name} ${why}: its content is not fingerprinted, only counted`, null)
  }
  if (recipe === null) {
    const detail = `${name}: the baseline holds no fingerprint of it, so its content could not be compared`
    return answer('error', detail, capture, 'fingerprints', 'none')
  }
  const now = copy.recipes.find((other) => other.relation_name === name)?.recipe ?? null
  if (now === null) {
    const detail = `${name}: the copy gave no fingerprint of it, so its content could not be compared`
    return answer('error', detail, `Register ${name} in the copy as in production, then verify again.`, recipe, 'none')
  }
  if (now !== recipe) {
    const detail = `${name}: its fingerprints are not made alike, so its content could not be compared: ${describeRecipes(recipe, now)}`
    const hint = `Put the columns of ${name} right; if production changed them on purpose since, capture a new baseline there.`
    return answer('error', detail, hint, recipe, now)
  }
  if (to !== undefined || isExact) return undefined
  const detail = `${name}: without a recovery point nobody can say whose content must be that of the baseline`
  return answer('error', detail, 'See the check recovery_point.')
}

function isStrict({ isExact }: Comparison, { is_append_only }: BaselineRelation): boolean {
  return isExact || is_append_only
}

function hasBoth({ before, now }: Pair): boolean {
  return before.fingerprint !== null && now.fingerprint !== null
}

function isSame({ before, now }: Pair): boolean {
  return before.fingerprint === now.fingerprint
}

function unreadable({ relation_name: name }: BaselineRelation, alike: readonly Pair[]): CheckResult[] {
  const before = alike.filter((pair) => pair.before.fingerprint === null)
  const now = alike.filter((pair) => pair.before.fingerprint !== null && pair.now.fingerprint === null)
  const answer = rowsOf(checkName, name)
  const tell = (side: string, missing: readonly Pair[], hint: string) =>
    missing.length === 0
      ? []
      : [answer('error', `${name}: the ${side} holds no fingerprint of ${countOf(missing, 'settled')}`, hint)]
  return [...tell('baseline', before, capture), ...tell('copy', now, 'Verify again at depth full.')]
}

function tellPartition({ partition: { name }, pairs }: Judged, asked: ReadonlySet<Pair>): CheckResult[] {
  const compared = pairs.filter((pair) => asked.has(pair) && hasBoth(pair))
  const other = compared.filter((pair) => !isSame(pair))
  if (other.length === 0) return []
  const rows = group(sum(other))
  const where = name === other[0]?.label ? '' : ` in ${countOf(other)}, ${spanOf(other)}`
  const detail = `${name}: ${rows} rows as in the baseline, but other content${where}`
  const hint = `The rows of ${name} were changed or exchanged: find out by whom, or restore it again.`
  const tell = (side: 'before' | 'now') =>
    other.slice(0, 20).map((pair) => ({ bucket_name: pair.bucket.bucket_name, fingerprint: pair[side].fingerprint }))
  return [rowsOf(checkName, name)('fail', detail, hint, tell('before'), tell('now'))]
}

function tellRelation(
  comparison: Comparison,
  relation: BaselineRelation,
  settled: readonly Pair[],
  alike: readonly Pair[],
): CheckResult[] {
  const { relation_name: name } = relation
  const answer = rowsOf(checkName, name)
  const compared = alike.filter(hasBoth)
  const other = compared.filter((pair) => !isSame(pair))
  const kind = comparison.isExact ? '' : 'settled'
  const rest = settled.length - alike.length
  const more =
    rest === 0
      ? ''
      : `; ${countOf(
          settled.filter(({ before, now }) => before.rows !== now.rows),
          kind,
        )} with another number of rows not compared, see row_counts`
  if (compared.length === 0) {
    return rest === 0 ? [] : [answer('skip', `${name}: nothing to compare${more}`, null)]
  }
  const reading = `${name}: ${bucketsOf(compared.length, kind)}, ${group(sum(compared))} rows`
  if (other.length === 0)
    return [answer('pass', `${reading}: same content${more}`, null, compared.length, compared.length)]
  // A mutable relation may be edited anywhere: worth knowing, no finding.
  if (isStrict(comparison, relation)) return []
  const detail = `${reading}: ${group(compared.length - other.length)} with the same content, ${group(other.length)} edited since, as may be in a mutable table${more}`
  return [answer('pass', detail, null, compared.length, compared.length - other.length)]
}

function bucketsOf(number: number, kind: string): string {
  return `${group(number)} ${kind === '' ? '' : `${kind} `}${number === 1 ? 'bucket' : 'buckets'}`
}

function spanOf(pairs: readonly Pair[]): string {
  const [first, last] = [pairs[0]?.label ?? '', pairs.at(-1)?.label ?? '']
  return first === last ? first : `${first} to ${last}`
}

function sum(pairs: readonly Pair[]): bigint {
  return pairs.reduce((rows, { before }) => rows + before.rows, 0n)
}
