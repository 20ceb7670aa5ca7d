// Cases for the judgement of retention, for the rules and for drill.verify_retention() alike: the vectors of
// retention-vectors.json, with the answers that both must give, and made-up ones.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import type { CheckResult } from '../../src/database/contract.ts'
import { type BackupSource, type HeldBackup, plainBackup } from '../../src/rules/backups-held.ts'
import type { RetentionQuestion } from '../../src/rules/judge-retention.ts'

interface Vector {
  name: string
  why?: string
  now: string
  policy: [daily: number, weekly: number, monthly: number]
  since?: string
  rpo_hours?: number
  sources: (Partial<BackupSource> & { source: string })[]
  /** Of the first source unless it says another; finished at id unless it says otherwise. */
  backups: (Partial<HeldBackup> & { id: string })[]
  /** Rows that are no pass: status, check, object. */
  findings: string[]
  /** Slot: source and backup that fill it. */
  filled: Record<string, string>
}

const file = new URL('retention-vectors.json', import.meta.url)
export const vectors: Vector[] = JSON.parse(readFileSync(file, 'utf8'))

/** The question of a vector, with what it leaves out. */
export function questionOf(vector: Vector): RetentionQuestion {
  const [daily, weekly, monthly] = vector.policy
  return {
    now: vector.now,
    policy: { daily, weekly, monthly },
    since: vector.since ?? null,
    rpo: (vector.rpo_hours ?? 24) * 3_600_000,
    gapTolerance: 3_600_000,
    clockSkew: 300_000,
    sources: vector.sources.map((source) => ({
      format: 'json',
      read_at: vector.now,
      keeps_days: null,
      window: null,
      ...source,
    })),
    backups: vector.backups.map((backup) => ({
      ...plain,
      source: vector.sources[0]?.source ?? '',
      finished_at: backup.id,
      ...backup,
    })),
  }
}

const plain = { ...plainBackup, kind: 'full' as const }

/** What both have to agree on: everything but the sentences. */
export function essence(rows: readonly CheckResult[]): string[] {
  return rows
    .map((row) =>
      [row.status, row.check_name, row.object_name ?? '-', stable(row.expected), stable(row.actual)].join(' | '),
    )
    .sort()
}

/** jsonb has an order of its own. */
function stable(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

const minute = 60_000
const day = 1440 * minute

/** Moments at which calendars are hard: ends of years, weeks of 53, leap days, changes to summer time. */
const nows = [
  '2026-11-23T12:00:00.000Z',
  '2027-01-01T00:00:00.000Z',
  '2027-01-03T23:59:59.999Z',
  '2020-12-31T06:00:00.000Z',
  '2021-01-04T00:00:00.000Z',
  '2024-12-30T01:00:00.000Z',
  '2028-03-01T00:30:00.000Z',
  '2024-02-29T23:00:00.000Z',
  '2026-03-29T01:30:00.000Z',
  '2026-10-25T01:30:00.000Z',
]

const sources = ['a', 'b', 'ü 🚀']

/** Any question: few slots, so that they are sometimes all filled. */
export const anyQuestion: fc.Arbitrary<RetentionQuestion> = fc
  .record({
    now: fc.constantFrom(...nows),
    policy: fc.record({
      daily: fc.integer({ min: 0, max: 5 }),
      weekly: fc.integer({ min: 0, max: 3 }),
      monthly: fc.integer({ min: 0, max: 3 }),
    }),
    sinceDaysAgo: fc.option(fc.integer({ min: 0, max: 120 })),
    rpo: fc.constantFrom(1, 24, 24, 24, 48),
    sourceCount: fc.integer({ min: 0, max: 3 }),
    sourceTraits: fc.array(
      fc.record({
        keeps_days: fc.option(fc.constantFrom(7, 30), { freq: 1 }),
        read: fc.constantFrom(0, 0, 0, 60, 1600),
        window: fc.option(fc.tuple(fc.integer({ min: -10, max: 9000 }), fc.integer({ min: 0, max: 9000 })), {
          freq: 1,
        }),
      }),
      { minLength: 3, maxLength: 3 },
    ),
    isDaily: fc.boolean(),
    backups: fc.array(
      fc.record({
        source: fc.integer({ min: 0, max: 2 }),
        ago: fc.oneof(fc.integer({ min: -20, max: 3000 }), fc.integer({ min: -20, max: 110 * 1440 })),
        kind: fc.constantFrom('full', 'full', 'logical', 'incr', 'diff', 'unknown'),
        usable: fc.constantFrom('yes', 'yes', 'yes', 'yes', 'no', 'unknown'),
        isTimed: fc.constantFrom(true, true, true, true, true, true, false),
        took: fc.option(fc.integer({ min: -5, max: 600 })),
        bytes: fc.option(fc.bigInt({ min: 0n, max: 40n })),
        parents: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 2 }),
        hasParents: fc.constantFrom(true, false, false),
        times_listed: fc.constantFrom(1, 1, 1, 1, 2),
        position: fc.option(fc.integer({ min: 0, max: 1000 })),
      }),
      { maxLength: 20 },
    ),
  })
  .map(({ now, policy, sinceDaysAgo, rpo, sourceCount, sourceTraits, isDaily, backups }) => {
    const time = Date.parse(now)
    const iso = (ago: number) => new Date(time - ago * minute).toISOString()
    const made: HeldBackup[] =
      sourceCount === 0
        ? []
        : backups.map((one, index) => ({
            source: sources[one.source % sourceCount] as string,
            // Some ids are of two sources, which makes duplicates.
            id: `${index % 7 === 0 ? 'same' : 'n'} ${Math.floor(index / 2)}${index % 2 === 0 || index % 7 === 0 ? '' : 'x'} ${index % 7 === 0 ? one.source : index}`,
            kind: one.kind as HeldBackup['kind'],
            started_at: one.took === null ? null : iso(one.ago + one.took),
            finished_at: one.isTimed ? iso(one.ago) : null,
            usable: one.usable as HeldBackup['usable'],
            reason: one.usable === 'yes' ? null : 'it is said so',
            depends_on: one.hasParents ? one.parents.map((parent) => `n ${Math.floor(parent / 2)} ${parent}`) : [],
            bytes: one.bytes === null ? null : (one.bytes * 10_000_000_000_000_000n).toString(),
            is_pinned: false,
            position: one.position === null ? null : one.position * 100 + index,
            times_listed: one.times_listed,
          }))
    const ids = new Set<string>()
    const unique = made.filter(({ source, id }) => !ids.has(`${source} ${id}`) && ids.add(`${source} ${id}`))
    // Without a good one each day there would hardly ever be a pass.
    const regular: HeldBackup[] =
      isDaily && sourceCount > 0
        ? Array.from({ length: 130 }, (_, index) => ({
            ...plain,
            source: 'a',
            id: `daily ${index}`,
            finished_at: iso(index * 1440 + 90),
          }))
        : []
    return {
      now,
      policy,
      since: sinceDaysAgo === null ? null : new Date(time - sinceDaysAgo * day).toISOString(),
      rpo: rpo * 60 * minute,
      gapTolerance: 60 * minute,
      clockSkew: 5 * minute,
      sources: sources.slice(0, sourceCount).map((source, index) => {
        const { keeps_days = null, read = 0, window = null } = sourceTraits[index] ?? {}
        return {
          source,
          format: 'json',
          read_at: iso(read),
          keeps_days,
          window: window === null ? null : { from: iso(window[0] + window[1]), until: iso(window[0]) },
        }
      }),
      backups: [...regular, ...unique],
    }
  })
