// The judgement of retention: vectors that drill.verify_retention() has to answer alike, and what must hold of any backups.

import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { type HeldBackup, plainBackup } from '../../src/rules/backups-held.ts'
import { judgeRetention, type RetentionQuestion } from '../../src/rules/judge-retention.ts'
import { judge } from '../../src/rules/verdict.ts'
import { suite } from '../support/suite.ts'
import { anyQuestion, questionOf, vectors } from './retention-cases.ts'

const test = suite('retention judged')

for (const vector of vectors) {
  test(`vector: ${vector.name}`, () => {
    const { results, slots } = judgeRetention(questionOf(vector))
    assert.equal(
      results.flatMap(({ status, check_name, object_name }) =>
        status === 'pass' ? [] : [`${status} ${check_name}${object_name === null ? '' : ` ${object_name}`}`],
      ),
      vector.findings,
    )
    assert.equal(
      Object.fromEntries(
        slots.flatMap(({ tier, label, fillers: [one] }) =>
          one === undefined ? [] : [[`${tier} ${label}`, `${one.source}: ${one.id}`]],
        ),
      ),
      vector.filled,
    )
  })
}

/** How bad an answer is: verified, could not verify, verified to be wrong. */
const badness = (question: RetentionQuestion) => [0, 2, 1].indexOf(judge(judgeRetention(question).results).exit_code)

/** Seeds are fixed: a failure can be looked at again. */
const runs = { numRuns: 1500, seed: 20_261_123 }

const withOneMore = fc
  .tuple(anyQuestion, fc.integer({ min: 0, max: 130 * 1440 }), fc.integer({ min: 0, max: 2 }))
  .filter(([{ sources }]) => sources.length > 0)
  .map(([question, minutesAgo, place]) => {
    const more: HeldBackup = {
      ...plainBackup,
      source: question.sources[place % question.sources.length]?.source ?? '',
      id: 'one more',
      kind: 'full',
      finished_at: new Date(Date.parse(question.now) - minutesAgo * 60_000).toISOString(),
    }
    return { question, more: { ...question, backups: [...question.backups, more] } }
  })

test('one more good backup never makes the verdict worse', () => {
  fc.assert(
    fc.property(withOneMore, ({ question, more }) => badness(more) <= badness(question)),
    runs,
  )
})

test('one backup less never makes it better', () => {
  const oneLess = fc.tuple(anyQuestion, fc.nat()).filter(([{ backups }]) => backups.length > 0)
  fc.assert(
    fc.property(oneLess, ([question, place]) => {
      const gone = question.backups[place % question.backups.length]
      // What failed is an evidence that backups were made: without it less is expected.
      fc.pre(gone?.usable === 'yes' && gone.finished_at !== null)
      const less = { ...question, backups: question.backups.filter((backup) => backup !== gone) }
      return badness(less) >= badness(question)
    }),
    runs,
  )
})

test('the filler of every slot lies in the slot, is good, and nothing good in an empty one was overlooked', () => {
  fc.assert(
    fc.property(anyQuestion, (question) => {
      const { slots, good } = judgeRetention(question)
      for (const { state, fillers, starts_at, ends_at } of slots) {
        const [start, end] = [Date.parse(starts_at), Date.parse(ends_at)]
        assert.is(state === 'filled', fillers.length > 0)
        for (const { at, id, source } of fillers) {
          assert.ok(Date.parse(at) >= start && Date.parse(at) < end, `${at} is not in ${starts_at} to ${ends_at}`)
          assert.ok(id === null || good.some(({ backup }) => backup.id === id && backup.source === source))
        }
        const inside = good.filter(({ finished }) => finished !== null && finished >= start && finished < end)
        if (fillers.length === 0) assert.is(inside.length, 0)
        const newest = Math.max(...inside.map(({ finished }) => finished ?? 0))
        if (inside.length > 0) assert.ok(Date.parse(fillers[0]?.at ?? '') >= newest)
      }
    }),
    runs,
  )
})

test('the order of inventories and backups changes nothing', () => {
  fc.assert(
    fc.property(anyQuestion, (question) => {
      const other = { ...question, sources: [...question.sources].reverse(), backups: [...question.backups].reverse() }
      const lines = (one: RetentionQuestion) =>
        judgeRetention(one).results.map(
          ({ status, check_name, object_name }) => `${status} ${check_name} ${object_name}`,
        )
      assert.equal(lines(other), lines(question))
    }),
    runs,
  )
})

test('the properties could fail: the verdicts of the cases differ', () => {
  const verdicts = fc.sample(anyQuestion, runs).map(badness)
  for (const one of [0, 1, 2]) {
    const share = verdicts.filter((verdict) => verdict === one).length / verdicts.length
    assert.ok(share > 0.02, `verdict ${one} in ${share} of the cases`)
  }
})

test.run()
