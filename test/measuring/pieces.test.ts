import * as assert from 'uvu/assert'
import type { Measurable } from '../../src/database/contract.ts'
import { cutIntoPieces } from '../../src/measuring/pieces.ts'
import { suite } from '../support/suite.ts'

const test = suite('measuring/pieces')
const megabyte = 1024 * 1024

function partitions(relation_name: string, megabytes: number[], rows: number | null = 10): Measurable[] {
  return megabytes.map((size, index) => ({
    relation_name,
    partition_name: `${relation_name}_${index}`,
    byte_count: `${size * megabyte}`,
    estimated_row_count: rows === null ? null : `${rows}`,
  }))
}

const shapes = (measurables: Measurable[], connections = 1) =>
  cutIntoPieces(measurables, connections).map(({ relation_name, partition_names }) => [
    relation_name,
    partition_names.length,
  ])

test('small partitions share a query, a hundred at most, and never with another relation', () => {
  assert.equal(shapes([...partitions('a', Array(250).fill(0)), ...partitions('b', [1, 1])]), [
    ['a', 100],
    ['a', 100],
    ['a', 50],
    ['b', 2],
  ])
})

test('large ones are alone; the more connections, the smaller the pieces', () => {
  const large = partitions('a', Array(32).fill(1000))
  assert.is(shapes(large, 1).length, 16)
  assert.is(shapes(large, 2).length, 32)
  assert.equal(shapes(partitions('a', [5000, 1, 1, 5000, 1])), [
    ['a', 1],
    ['a', 2],
    ['a', 1],
    ['a', 1],
  ])
})

test('nothing is lost and the order stays; sizes and estimates add up', () => {
  const all = [...partitions('a', [70, 1, 2, 90]), ...partitions('b', [3]), ...partitions('a"', [1], null)]
  for (const connections of [1, 2, 64]) {
    const pieces = cutIntoPieces(all, connections)
    assert.equal(
      pieces.flatMap((piece) => piece.partition_names),
      all.map(({ partition_name }) => partition_name),
    )
    assert.is(
      pieces.reduce((sum, { bytes }) => sum + bytes, 0),
      167 * megabyte,
    )
    assert.is(pieces.at(-1)?.rows, null)
    assert.is(pieces[0]?.rows, 10)
  }
  assert.equal(cutIntoPieces([], 4), [])
})

test.run()
