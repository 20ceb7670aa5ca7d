// Baselines of a size, and with numbers, that nobody has: read or refused, in time and memory that a machine has.

import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { parseBaseline } from '../../src/baselines/document.ts'
import { readBaselineFile } from '../../src/baselines/file.ts'
import { projectFile } from '../../src/project-files.ts'
import { bucket, callsRelation, copyOf, edit, eventsRelation, findings, withBuckets } from '../rules/fixture.ts'
import { suite } from '../support/suite.ts'
import { readableBaseline } from './baseline.ts'
import { takesOrRefuses } from './fuzz.ts'

const test = suite('hostile/huge')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-huge-'))
test.after(() => rmSync(directory, { recursive: true, force: true }))

const megabyte = 1_000_000

/** Writes a baseline with so many objects that it has at least this size. */
function writeLarge(file: string, bytes: number): number {
  const [head = '', tail = ''] = JSON.stringify({ ...readableBaseline, objects: ['@'] }).split('"@"')
  const handle = openSync(file, 'w')
  let size = writeSync(handle, head)
  let count = 0
  for (; size < bytes; count += 1) {
    const object = {
      object_kind: 'function',
      object_name: `public.f${count}`,
      definition: `${count} ${'begin "x"; end; '.repeat(120)}`,
      relation_name: null,
      is_of_partition: false,
      problem: null,
    }
    size += writeSync(handle, `${count === 0 ? '' : ','}${JSON.stringify(object)}`)
  }
  writeSync(handle, tail)
  closeSync(handle)
  return count
}

test('a baseline of 100 MB is read', () => {
  const file = join(directory, 'large.json')
  const count = writeLarge(file, 100 * megabyte)
  assert.ok(statSync(file).size >= 100 * megabyte)
  const script = `
    const { readBaselineFile } = await import(${JSON.stringify(projectFile('src', 'baselines', 'file.ts'))})
    const start = process.cpuUsage()
    const { objects } = readBaselineFile(${JSON.stringify(file)})
    const { user, system } = process.cpuUsage(start)
    console.log(JSON.stringify([objects.length, (user + system) / 1e6, process.resourceUsage().maxRSS / 1024]))`
  const ran = spawnSync(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script],
    {
      encoding: 'utf8',
    },
  )
  assert.is(ran.status, 0, ran.stderr)
  const [read, seconds, megabytes] = JSON.parse(ran.stdout)
  assert.is(read, count)
  assert.ok(seconds < 10, `${seconds} s of the processor`)
  assert.ok(megabytes < 1000, `${megabytes} MiB of memory`)
})

test('a larger one than any of ours, and a file without end, are refused', async () => {
  const file = join(directory, 'endless.json')
  closeSync(openSync(file, 'w'))
  truncateSync(file, 3e9)
  for (const path of [file, '/dev/zero']) {
    assert.is(await takesOrRefuses(() => readBaselineFile(path)), undefined)
  }
})

test('one that claims 10^18 rows is compared to the row, and one that claims more than there can be is refused or told', () => {
  const name = '2026-11-09'
  const claimed = (row_count: string) => withBuckets(eventsRelation, edit(eventsRelation.buckets, name, { row_count }))
  const baseline = (row_count: string) =>
    parseBaseline(JSON.stringify({ ...readableBaseline, relations: [claimed(row_count), callsRelation] }), 'b')
  const huge = '1000000000000000000'
  assert.equal(findings(baseline(huge), copyOf([claimed(huge), callsRelation])), [])
  const one = findings(baseline(huge), copyOf([claimed('999999999999999999'), callsRelation])).join('\n')
  assert.match(one, /fail .*999,999,999,999,999,999 rows.*1,000,000,000,000,000,000/)
  const usual = findings(baseline(huge), copyOf([eventsRelation, callsRelation])).join('\n')
  assert.match(usual, /fail .*1,000,000,000,000,000,000/)
  assert.match(findings(baseline('9'.repeat(19)), copyOf([eventsRelation, callsRelation])).join('\n'), /fail /)
  assert.throws(() => baseline('9'.repeat(20)), /must be a count/)
})

test('a relation of 100,000 days is compared', () => {
  const buckets = Array.from({ length: 100_000 }, (_, index) => {
    const start = new Date(Date.UTC(1800, 0, 1) + index * 86_400_000).toISOString()
    const end = new Date(Date.UTC(1800, 0, 2) + index * 86_400_000).toISOString()
    return bucket({
      bucket_name: `public.calls ${start.slice(0, 10)}`,
      partition_name: 'public.calls',
      starts_at: start.replace('.000Z', '+00:00'),
      ends_at: end.replace('.000Z', '+00:00'),
      row_count: '1',
    })
  })
  const relation = withBuckets(callsRelation, buckets)
  const start = process.cpuUsage()
  findings(parseBaseline(JSON.stringify({ ...readableBaseline, relations: [relation] }), 'b'), copyOf([relation]))
  const { user } = process.cpuUsage(start)
  assert.ok(user < 15e6, `${user / 1e6} s of the processor`)
})

test.run()
