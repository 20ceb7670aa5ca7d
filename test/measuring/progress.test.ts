import * as assert from 'uvu/assert'
import { Progress } from '../../src/measuring/progress.ts'
import { suite } from '../support/suite.ts'

const test = suite('measuring/progress')

function started(...steps: [label: string, bytes: number, rows: number | null][]) {
  let now = 5000
  const list = steps.map(([label, bytes, rows]) => ({ label, bytes, rows }))
  const progress = new Progress(list, () => now)
  return { progress, list, pass: (seconds: number) => (now += seconds * 1000) }
}

test('relation, rows, share of all and time left; the time left runs down between two steps', () => {
  const { progress, list, pass } = started(
    ['public.events', 620, 3_100_000],
    ['public.events', 130, 1_900_000],
    ['public.calls', 250, 900],
  )
  progress.begin(list[0] as never)
  assert.is(progress.text(), 'public.events: 0.0 of 5.0 M rows, 0 % of all')
  pass(6.2)
  progress.end(list[0] as never, 3_100_000)
  assert.is(progress.text(), '62 % of all, 4 s left')
  progress.begin(list[1] as never)
  assert.is(progress.text(), 'public.events: 3.1 of 5.0 M rows, 62 % of all, 4 s left')
  pass(2)
  assert.is(progress.text(), 'public.events: 3.1 of 5.0 M rows, 62 % of all, 2 s left')
  pass(60)
  assert.match(progress.text(), /, 1 s left$/)
})

test('an estimate that is too low, and none at all', () => {
  const low = started(['a', 1, 10], ['a', 1, 10])
  low.progress.begin(low.list[0] as never)
  low.progress.end(low.list[0] as never, 30_000)
  low.progress.begin(low.list[1] as never)
  assert.match(low.progress.text(), /^a: 30 of 30 k rows, 50 % of all/)
  low.progress.end(low.list[1] as never, 30_000)
  assert.is(low.progress.text(), '100 % of all')
  const none = started(['a', 1, null], ['a', 2, 10])
  none.progress.begin(none.list[1] as never)
  assert.is(none.progress.text(), 'a: 0 % of all')
  none.progress.end(none.list[1] as never, 12)
  none.progress.begin(none.list[0] as never)
  assert.match(none.progress.text(), /^a: 12 rows, 66 % of all/)
})

test('tables without a page, and nothing to do', () => {
  const empty = started(['a', 0, 0], ['b', 0, 0])
  empty.progress.begin(empty.list[0] as never)
  empty.progress.end(empty.list[0] as never, 0)
  empty.progress.begin(empty.list[1] as never)
  assert.match(empty.progress.text(), /^b: 0 of 0 rows, 50 % of all/)
  assert.is(started().progress.text(), '100 % of all')
})

test('of several that run the first is told, and what takes long is told in minutes and hours', () => {
  const { progress, list, pass } = started(['a', 1, 5], ['b', 99, 20_000], ['c', 900, 1])
  progress.begin(list[1] as never)
  progress.begin(list[0] as never)
  pass(10)
  progress.end(list[0] as never, 5)
  assert.match(progress.text(), /^b: 0 of 20 k rows, 0 % of all, 2 h 47 min left$/)
  pass(10)
  progress.end(list[1] as never, 20_000)
  assert.match(progress.text(), /, 3 min left$/)
})

test.run()
