// Baseline files as they come from outside: each defect is one clear line, and nothing is compared.

import { mkdirSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { assertCode, assertRefused, urlOf, Workplace } from '../cli/program.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('baselines/files')
const place = new Workplace()
let copy: Scratch
let good: string

interface Document {
  [key: string]: unknown
  source: Record<string, unknown>
  relations: { [key: string]: unknown; buckets: Record<string, unknown>[] }[]
}

test.before(async () => {
  copy = await makeDatabase((await sandboxClusters()).restore)
  const exported = await place.run(['baseline', 'export', '-t', 'copy'], { COPY_DATABASE_URL: urlOf(copy) })
  assertCode(exported, 0)
  good = exported.stdout
})
test.after(async () => {
  place.remove()
  await copy?.drop()
})

async function verifyWith(content: string | Buffer, ...more: string[]) {
  writeFileSync(place.path('b.json'), content)
  return await place.run(['verify', '-t', 'copy', '--baseline', 'b.json', ...more], { COPY_DATABASE_URL: urlOf(copy) })
}

function changed(change: (document: Document) => void): string {
  const document = JSON.parse(good) as Document
  change(document)
  return JSON.stringify(document)
}

function firstBucket(document: Document): Record<string, unknown> {
  return document.relations[0]?.buckets[0] as Record<string, unknown>
}

test('the file as it was exported verifies, also with keys that nobody knows and with a byte order mark', async () => {
  for (const content of [
    good,
    `\ufeff${good}`,
    changed((document) => {
      document['comment'] = 'added by hand'
      document.source['region'] = 'eu'
      firstBucket(document)['checksum'] = 1
    }),
  ]) {
    assertCode(await verifyWith(content, '--no-proof'), 0)
  }
})

test('missing, a directory, empty, cut off, no JSON, no baseline', async () => {
  const env = { COPY_DATABASE_URL: urlOf(copy) }
  const verify = (file: string) => place.run(['verify', '-t', 'copy', '--baseline', file], env)
  mkdirSync(place.path('directory'))
  writeFileSync(place.path('b.json'), good)
  assertRefused(await verify('nowhere.json'), /baseline file nowhere\.json does not exist/, /baseline capture/, [
    'b.json',
  ])
  assertRefused(await verify('directory'), /baseline file directory cannot be read: it is a folder/, undefined, [
    'b.json',
  ])
  assertRefused(await verify('b.json/x'), /baseline file b\.json\/x cannot be read: ENOTDIR/, undefined, ['b.json'])
  assertRefused(await verify(''), /baseline file .*does not exist/, undefined, ['b.json'])
  for (const [content, message] of [
    ['', /not JSON, or is cut off/],
    [good.slice(0, good.length / 2), /not JSON, or is cut off/],
    [good.slice(0, -3), /not JSON, or is cut off/],
    ['-- PostgreSQL database dump', /not JSON/],
    [Buffer.from([0xff, 0xfe, 0x00, 0x1b, 0x5b]), /not JSON/],
    ['null', /is not a baseline of pgdrill/],
    ['[]', /is not a baseline of pgdrill/],
    ['"x"', /is not a baseline of pgdrill/],
    ['{}', /is not a baseline of pgdrill/],
    ['{"format": "pgdrill-verification", "format_version": 1}', /is not a baseline of pgdrill/],
  ] as const) {
    assertRefused(await verifyWith(content), message, /Export it again/, ['b.json'])
  }
})

test('another format version', async () => {
  for (const version of [2, '1', null]) {
    const outcome = await verifyWith(changed((document) => Object.assign(document, { format_version: version })))
    assertRefused(outcome, /has (no )?format version .*, this pgdrill reads version 1/, undefined, ['b.json'])
  }
})

test('a value that cannot be', async () => {
  const cases: [(document: Document) => void, RegExp][] = [
    [
      (document) => Object.assign(firstBucket(document), { row_count: '-1' }),
      /row_count must be a count.*not negative/,
    ],
    [(document) => Object.assign(firstBucket(document), { row_count: 12 }), /relations\.0\.buckets\.0\.row_count/],
    [(document) => Object.assign(firstBucket(document), { row_count: '1e3' }), /row_count/],
    [(document) => Object.assign(firstBucket(document), { row_count: '' }), /row_count/],
    [(document) => Object.assign(firstBucket(document), { row_count: null }), /row_count/],
    [(document) => Object.assign(firstBucket(document), { row_count: '99999999999999999999' }), /row_count/],
    [(document) => delete firstBucket(document)['row_count'], /row_count/],
    [
      (document) => Object.assign(firstBucket(document), { newest_at: 'yesterday' }),
      /newest_at must be an ISO timestamp/,
    ],
    [
      (document) => Object.assign(document, { captured_at: '2026-01-01T00:00:00' }),
      /captured_at must be an ISO timestamp/,
    ],
    [(document) => Object.assign(document, { captured_at: 'infinity' }), /captured_at/],
    [(document) => Object.assign(document, { captured_lsn: '0' }), /captured_lsn/],
    [(document) => Object.assign(document, { baseline_id: 'x' }), /baseline_id/],
    [(document) => Object.assign(document, { relations: [] }), /relations must hold at least one relation/],
    [(document) => Object.assign(document, { policies: { clock_skew: '5 minutes' } }), /policies\.clock_skew/],
    [(document) => Object.assign(document, { policies: { clock_skew: -1 } }), /policies\.clock_skew/],
    [(document) => Object.assign(document.relations[0] ?? {}, { tolerance: '2' }), /tolerance/],
    [(document) => Object.assign(document.relations[0] ?? {}, { buckets: null }), /buckets/],
    [(document) => Object.assign(document.source, { system_identifier: 7 }), /system_identifier/],
  ]
  for (const [change, message] of cases) {
    const outcome = await verifyWith(changed(change))
    assertRefused(outcome, /^pgdrill: the baseline b\.json is damaged: /, /Export it again/, ['b.json'])
    assert.match(outcome.stderr, message)
  }
})

test('of another database', async () => {
  const outcome = await verifyWith(
    changed((document) => Object.assign(document.source, { installation_id: '11111111-2222-4333-8444-555555555555' })),
  )
  assertRefused(outcome, /is of another database: .*11111111/, /restored from/, ['b.json'])
})

test('a relation or a bucket twice', async () => {
  const twice = changed((document) => document.relations.push(structuredClone(document.relations[0]) as never))
  assertRefused(await verifyWith(twice), /is damaged: .*twice/, undefined, ['b.json'])
  const bucket = changed((document) =>
    document.relations[0]?.buckets.push({ ...firstBucket(document), row_count: '0' }),
  )
  assertRefused(await verifyWith(bucket), /is damaged: .*twice/, undefined, ['b.json'])
})

test('a count beyond 2^53 stays exact', async () => {
  for (const count of ['9007199254740993', '9223372036854775807']) {
    const content = changed((document) => Object.assign(firstBucket(document), { row_count: count }))
    const outcome = await verifyWith(content, '--no-proof', '--format', 'json')
    assertCode(outcome, 1)
    const found = JSON.parse(outcome.stdout).results.find(
      (row: { status: string; check_name: string }) => row.status === 'fail' && row.check_name === 'row_counts',
    )
    assert.is(found.expected.row_count, count)
    assert.ok(found.detail.includes(count.replace(/\B(?=(\d{3})+(?!\d))/g, ',')), found.detail)
    const missing = BigInt(count) - BigInt(found.actual.row_count)
    assert.ok(found.detail.replaceAll(',', '').includes(`${missing} missing`), found.detail)
  }
})

test('a count beyond 2^53 in the database survives capture, list, show and export', async () => {
  const big = '9007199254740993'
  // One slice of the table: its neighbours keep their own counts.
  const [slice] = await copy.query<{ bucket_name: string }>(
    `update drill.baseline_buckets set row_count = ${big}
     where bucket_name = (select min(b.bucket_name) from drill.baseline_buckets as b where b.relation_name = 'public.sites')
     returning bucket_name`,
  )
  const name = slice?.bucket_name ?? ''
  assert.match(name, /^public\.sites 20\d\d-\d\d(-\d\d)?$/)
  const env = { COPY_DATABASE_URL: urlOf(copy) }
  const exported = await place.run(['baseline', 'export', '-t', 'copy'], env)
  assert.is(exported.stdout.match(new RegExp(`"row_count": "${big}"`, 'g'))?.length, 1)
  const shown = (await place.run(['baseline', 'show', '-t', 'copy'], env)).stdout
  // By table: the sum of its slices.
  const { relations } = JSON.parse(exported.stdout)
  const sites = relations.find(({ relation_name }: { relation_name: string }) => relation_name === 'public.sites')
  const sum = sites.buckets.reduce((all: bigint, bucket: { row_count: string }) => all + BigInt(bucket.row_count), 0n)
  assert.ok(sum >= BigInt(big))
  assert.match(shown, new RegExp(`^  public\\.sites +${sum} rows`, 'm'))
  const list = JSON.parse((await place.run(['baseline', 'list', '-t', 'copy', '--format', 'json'], env)).stdout)
  assert.ok(BigInt(list[0].row_count) > BigInt(big) - 1n)
})

test.run()
