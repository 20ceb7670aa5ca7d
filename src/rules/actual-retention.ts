// What the backups that are held amount to, policy or not: how far back, with what loss, and what is missing to the policy.
// The plan wants this written down where the policy cannot be met.

import type { RetentionJudgement, RetentionQuestion } from './judge-retention.ts'
import { day, timeOf } from './moments.ts'
import { gapsOf } from './retention-gaps.ts'
import { type Tier, tiers } from './retention-slots.ts'
import { count, hours, list } from './wording.ts'

export interface TierCounts {
  /** What the policy asks for. */
  wanted: number
  filled: number
  empty: number
  not_yet_possible: number
  /** How many are filled without a break, from the newest on. */
  unbroken: number
}

export interface ActualRetention {
  tiers: Record<Tier, TierCounts>
  /** The oldest and the newest moment that can be restored, ISO; null when there is none. */
  reaches_back_to: string | null
  newest: string | null
  /** How many backups count. */
  usable: number
  /** The longest pause within the days of the policy up to now: so much may be lost. Null when nothing can be restored. */
  rpo_seconds: number | null
  /** A loss that is noticed later than this cannot be undone. */
  notice_within_seconds: number | null
  /** The same as sentences. */
  sentences: string[]
  /** What would close the gap to the policy, as full sentences; none when it is met. */
  advice: string[]
}

const tierNouns: Record<Tier, string> = { daily: 'day', weekly: 'week', monthly: 'month' }

/** Says what is held. Pure; the results of the judgement are not repeated. */
export function actualRetention(question: RetentionQuestion, judgement: RetentionJudgement): ActualRetention {
  const now = timeOf(question.now)
  const counts = Object.fromEntries(tiers.map((tier) => [tier, countTier(tier, question, judgement)])) as Record<
    Tier,
    TierCounts
  >
  const { spans } = judgement
  const oldest = spans[0]?.from
  const newest = spans.reduce((latest, { until }) => Math.max(latest, until), Number.NEGATIVE_INFINITY)
  const days = judgement.slots.filter(({ tier, state }) => tier === 'daily' && state !== 'open')
  const start = Math.max(oldest ?? 0, days.length === 0 ? (oldest ?? 0) : timeOf(days.at(-1)?.starts_at ?? ''))
  const [longest] = gapsOf(spans, oldest === undefined ? null : start, now, Number.POSITIVE_INFINITY)
  const loss =
    oldest === undefined ? null : Math.max(longest === undefined ? 0 : longest.until - longest.from, now - newest, 0)
  const reach = oldest === undefined ? null : Math.max(0, now - oldest)
  const base = {
    tiers: counts,
    reaches_back_to: oldest === undefined ? null : new Date(oldest).toISOString(),
    newest: oldest === undefined ? null : new Date(newest).toISOString(),
    usable: judgement.good.length,
    rpo_seconds: loss === null ? null : Math.round(loss / 1000),
    notice_within_seconds: reach === null ? null : Math.round(reach / 1000),
  }
  return {
    ...base,
    sentences: sentencesOf(question, counts, loss, reach, now),
    advice: adviceOf(question, judgement, counts),
  }
}

function countTier(tier: Tier, { policy }: RetentionQuestion, { slots }: RetentionJudgement): TierCounts {
  const states = slots.flatMap((slot) => (slot.tier === tier && slot.state !== 'open' ? [slot.state] : []))
  const of = (state: string) => states.filter((one) => one === state).length
  const broken = states.findIndex((state) => state !== 'filled')
  return {
    wanted: policy[tier],
    filled: of('filled'),
    empty: of('empty'),
    not_yet_possible: of('not_yet_possible'),
    unbroken: broken === -1 ? states.length : broken,
  }
}

function sentencesOf(
  { rpo }: RetentionQuestion,
  counts: Record<Tier, TierCounts>,
  loss: number | null,
  reach: number | null,
  now: number,
): string[] {
  const parts = tiers.flatMap((tier) => {
    const { filled, wanted } = counts[tier]
    return wanted === 0 ? [] : [`${filled} of ${count(wanted, tierNouns[tier])}`]
  })
  const held = parts.length === 0 ? [] : [`A backup is held for ${list(parts)}.`]
  if (loss === null || reach === null) return [...held, 'Nothing can be restored.']
  const days = (reach / day).toFixed(1)
  const beyond = new Date(now - reach).toISOString()
  return [
    ...held,
    `The RPO that follows: at most ${hours(loss)} are lost in the days of the policy${loss > rpo ? `, more than the ${hours(rpo)} of the plan` : ''}.`,
    `Nothing older than ${beyond} can be restored: a loss has to be noticed within ${days} days.`,
  ]
}

function adviceOf(
  { sources, policy }: RetentionQuestion,
  { slots, is_since_stated, since }: RetentionJudgement,
  counts: Record<Tier, TierCounts>,
): string[] {
  const missing = tiers.filter(
    (tier) =>
      counts[tier].filled <
      Math.min(counts[tier].wanted, counts[tier].wanted - (is_since_stated ? counts[tier].not_yet_possible : 0)),
  )
  if (missing.length === 0) return []
  const isLimited = sources.length > 0 && sources.every(({ keeps_days }) => keeps_days !== null)
  const [daily, weekly, monthly] = tiers.map((tier) => policy[tier])
  const keep = `${daily} daily, ${weekly} weekly and ${monthly} monthly ones`
  const sourceWords = list(sources.map(({ source }) => source))
  const kept = tiers.map((tier) => `--${tier} ${counts[tier].unbroken}`).join(' ')
  return [
    isLimited
      ? `${sourceWords} keeps at most ${Math.max(...sources.map(({ keeps_days }) => keeps_days ?? 0))} days: make backups of your own beside it (pgdrill backup, each day), keep ${keep} of them, and give their folder as another --inventory.`
      : `Keep ${keep}: of each week and month the newest has to stay when the older days are deleted.`,
    ...(!is_since_stated && since !== null && slots.some(({ state }) => state === 'not_yet_possible')
      ? [
          `If no backups were made before ${since}, say so: --since ${since} (or backups_since in drill.retention_policy).`,
        ]
      : []),
    `If this is all that can be had, write it down as the policy, and the RPO with it: ${kept} is what is held without a break.`,
  ]
}
