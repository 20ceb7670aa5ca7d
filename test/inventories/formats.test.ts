// What each format says, and what it must not be taken for: a good, an empty, a failed, a cut off and a hostile file each.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import * as assert from 'uvu/assert'
import { CouldNotVerify } from '../../src/could-not-verify.ts'
import type { Inventory } from '../../src/inventories/inventory.ts'
import { parseAsked, readInventory } from '../../src/inventories/read-inventory.ts'
import { suite } from '../support/suite.ts'

const test = suite('inventories')
let directory: string

test.before(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgdrill-inventories-'))
})
test.after(() => rmSync(directory, { recursive: true, force: true }))

const sample = (name: string) => readFileSync(new URL(`samples/${name}.json`, import.meta.url), 'utf8')
const read = async (text: string, asked = '-') =>
  await readInventory(parseAsked(asked, undefined), false, Readable.from([Buffer.from(text)]))
const readJson = (value: unknown, asked?: string) => read(JSON.stringify(value), asked)
const lines = (inventories: Inventory[]) =>
  inventories.flatMap(({ source, backups }) =>
    backups.map(
      ({ id, kind, usable, finished_at, depends_on }) =>
        `${source}: ${id} ${kind} ${usable} ${finished_at ?? '-'}${depends_on.length > 0 ? ` on ${depends_on.join(', ')}` : ''}`,
    ),
  )

async function refused(text: string, message: RegExp, asked?: string): Promise<void> {
  try {
    await read(text, asked)
  } catch (error) {
    assert.instance(error, CouldNotVerify, String(error))
    const said = `${(error as CouldNotVerify).message} ${(error as CouldNotVerify).hint}`
    assert.match(said, message)
    assert.not.match(said, /\n/)
    return
  }
  assert.unreachable(`was read: ${text.slice(0, 100)}`)
}

test('pgBackRest: full, diff and incr with their chain; errors; a running one; a stanza without backups', async () => {
  assert.equal(lines(await read(sample('pgbackrest-info'))), [
    'pgbackrest main: 20261122-133749F full yes 2026-11-22T13:37:53.000Z',
    'pgbackrest main: 20261122-133749F_20261122-133754D diff yes 2026-11-22T13:37:55.000Z on 20261122-133749F',
    'pgbackrest main: 20261122-133749F_20261122-133756I incr yes 2026-11-22T13:37:58.000Z on 20261122-133749F_20261122-133754D, 20261122-133749F',
  ])
  assert.equal(lines(await read(sample('pgbackrest-info-running'))).length, 3)
  assert.equal(lines(await read(sample('pgbackrest-info-error'))), [
    'pgbackrest main: 20261122-133836F full yes 2026-11-22T13:38:44.000Z',
    'pgbackrest main: 20261122-133850F full no 2026-11-22T13:38:56.000Z',
  ])
  assert.match(lines(await read(sample('pgbackrest-info-error-set')))[0] ?? '', / no /)
  assert.is((await read(sample('pgbackrest-info-set')))[0]?.backups[0]?.depends_on.length, 2)
  assert.equal(
    (await read(sample('pgbackrest-info-nobackup'))).map(({ backups }) => backups.length),
    [0],
  )
})

test('pgBackRest: what is no answer is refused, and an unknown error state is not good', async () => {
  await refused(sample('pgbackrest-info-nostanza'), /missing stanza path/)
  await refused('[]', /nothing tells which tool/)
  await refused('[]', /no stanza/, 'pgbackrest:-')
  const [stanza] = JSON.parse(sample('pgbackrest-info'))
  const [first] = stanza.backup
  const one = (change: object, more: object = {}) =>
    readJson([{ ...stanza, ...more, backup: [{ ...first, ...change }] }])
  assert.match(lines(await one({ error: undefined }))[0] ?? '', / unknown /)
  assert.match(lines(await one({ error: null }))[0] ?? '', / unknown /)
  await refused(JSON.stringify([{ ...stanza, status: { code: 99, message: 'other' } }]), /status 99/)
  for (const change of [{ error: 'false' }, { timestamp: { start: 'a', stop: 1 } }, { label: 7 }, { type: 'fool' }]) {
    await refused(JSON.stringify([{ ...stanza, backup: [{ ...first, ...change }] }]), /0\.backup\.0\./)
  }
  await refused(JSON.stringify([{ ...stanza, backup: { a: 1 } }]), /backup is no list/)
  await refused(JSON.stringify([{ name: 'main', status: { code: 0 }, db: [] }]), /backup is missing/)
  // Two repositories that differ: each by its own status.
  const both = await readJson([
    {
      ...stanza,
      status: { code: 4, message: 'different across repos' },
      repo: [
        { key: 1, status: { code: 0 } },
        { key: 2, status: { code: 3, message: 'missing stanza data' } },
      ],
      backup: [first, { ...first, database: { id: 1, 'repo-key': 2 } }],
    },
  ])
  assert.equal(
    lines(both).map((line) => line.replace(/ \S+Z$/, '')),
    ['pgbackrest main repo1: 20261122-133749F full yes', 'pgbackrest main repo2: 20261122-133749F full unknown'],
  )
})

test('Barman: only DONE counts; its time is the one in seconds; messages beside servers are told', async () => {
  assert.equal(lines(await read(sample('barman-list-backups'))), [
    'barman m: 20261122T134118 full yes 2026-11-22T13:41:20.000Z',
    'barman m: 20261122T134115 full yes 2026-11-22T13:41:17.000Z',
    'barman m: 20261122T134043 full no -',
  ])
  assert.equal(lines(await read(sample('barman-list-backups-failed'))), ['barman m: 20261122T134043 full no -'])
  assert.equal(
    (await read(sample('barman-list-backups-empty'))).map(({ backups }) => backups.length),
    [0],
  )
  const done = { backup_id: 'b', status: 'DONE', end_time_timestamp: '1795354880', size_bytes: 5 }
  const one = async (change: object) => lines(await readJson({ m: [{ ...done, ...change }] }))[0]?.split(' ')[4]
  assert.is(await one({}), 'yes')
  assert.is(await one({ status: 'WAITING_FOR_WALS' }), 'unknown')
  assert.is(await one({ status: 'STARTED' }), 'no')
  assert.is(await one({ end_time_timestamp: undefined, end_time: 'Sun Nov 22 13:41:20 2026' }), 'unknown')
  assert.is(await one({ backup_type: 'incremental' }), 'unknown')
  assert.is(await one({ backup_type: 'incremental', parent_backup_id: 'a' }), 'yes')
  assert.is((await readJson({ m: [{ ...done, retention_status: 'KEEP:FULL' }] }))[0]?.backups[0]?.is_pinned, true)
  const [told] = await readJson({ m: [done], _ERROR: ['WAL archive: FAILED'] })
  assert.match(told?.remarks.join() ?? '', /WAL archive: FAILED/)
  await refused('{}', /no server/, 'barman:-')
  await refused(JSON.stringify({ _ERROR: ['Unknown server'] }), /Unknown server/)
  await refused(JSON.stringify({ m: ['20261122T134118'] }), /--minimal/)
  await refused(JSON.stringify({ m: [{ backup_id: 'b' }] }), /m\.0\.status is missing/)
})

const walg = {
  backup_name: 'base_0000000100000000000000B1',
  time: '2026-09-01T02:02:05Z',
  start_time: '2026-09-01T02:00:01Z',
  finish_time: '2026-09-01T02:02:02.123456Z',
  system_identifier: 0,
  uncompressed_size: 0,
  is_permanent: true,
}

test('WAL-G: finished when it says; the time of the object only where it does not; deltas with their base', async () => {
  const text = JSON.stringify([walg])
    .replace('"system_identifier":0', '"system_identifier":7310000000000000001')
    .replace('"uncompressed_size":0', '"uncompressed_size":9007199254740993')
  const [one] = (await read(text))[0]?.backups ?? []
  assert.is(one?.finished_at, '2026-09-01T02:02:02.123Z')
  assert.is(one?.bytes, '9007199254740993')
  assert.is(one?.is_pinned, true)
  const zero = await readJson([{ ...walg, finish_time: '0001-01-01T00:00:00Z' }])
  assert.is(zero[0]?.backups[0]?.finished_at, '2026-09-01T02:02:05.000Z')
  assert.match(zero[0]?.backups[0]?.reason ?? '', /object/)
  const short = await readJson([{ backup_name: walg.backup_name, time: walg.time }])
  assert.match(short[0]?.remarks.join() ?? '', /without --detail/)
  const delta = { ...walg, backup_name: 'base_0000000100000000000000C1_D_0000000100000000000000B1' }
  assert.match(lines(await readJson([walg, delta]))[1] ?? '', /incr yes .* on base_0000000100000000000000B1$/)
  assert.match(lines(await readJson([delta]))[0] ?? '', / on base_0000000100000000000000B1$/)
  assert.equal(
    (await read('[]', 'wal-g:-')).map(({ backups }) => backups.length),
    [0],
  )
  assert.equal(
    (await read('null', 'wal-g:-')).map(({ backups }) => backups.length),
    [0],
  )
  await refused(JSON.stringify([{ ...walg, time: 'yesterday' }]), /0\.time is no moment/)
  await refused(JSON.stringify([{ ...walg, backup_name: null }]), /backup_name/)
})

const answer = {
  region: 'eu-central-1',
  walg_enabled: true,
  pitr_enabled: false,
  backups: [{ id: 81000001, is_physical_backup: true, status: 'COMPLETED', inserted_at: '2026-09-01 02:02:05' }],
  physical_backup_data: {},
}

test('Supabase: only COMPLETED counts, times without a zone are UTC and said to be; point-in-time recovery is a window', async () => {
  const [one] = await readJson(answer)
  assert.equal(lines(one === undefined ? [] : [one]), ['supabase: 81000001 full yes 2026-09-01T02:02:05.000Z'])
  assert.match(one?.remarks.join() ?? '', /taken as UTC/)
  assert.is(one?.keeps_days, 30)
  const [backup] = answer.backups
  for (const status of ['FAILED', 'PENDING', 'REMOVED', 'ARCHIVED', 'CANCELLED', 'NEW']) {
    assert.match(lines(await readJson({ ...answer, backups: [{ ...backup, status }] }))[0] ?? '', / no /, status)
  }
  const window = { earliest_physical_backup_date_unix: 1787623200, latest_physical_backup_date_unix: 1788228122 }
  const [pitr] = await readJson({ ...answer, pitr_enabled: true, backups: [], physical_backup_data: window })
  assert.equal(pitr?.window, { from: '2026-08-25T02:00:00.000Z', until: '2026-09-01T02:02:02.000Z' })
  assert.is((await readJson({ ...answer, physical_backup_data: window }))[0]?.window, null)
  assert.is((await readJson({ ...answer, backups: null }))[0]?.backups.length, 0)
  await refused(JSON.stringify({ ...answer, pitr_enabled: true, backups: [] }), /neither its window nor a backup/)
  await refused(JSON.stringify({ ...answer, pitr_enabled: 'no' }), /pitr_enabled/)
  await refused(JSON.stringify({ ...answer, backups: undefined }), /backups/)
  await refused(JSON.stringify({ ...answer, backups: [{ ...backup, inserted_at: 'soon' }] }), /inserted_at/)
})

test('listings in CSV: with or without a head, in any order, quoted, with epochs and zones', async () => {
  assert.equal(lines(await read('a.dump,2026-11-22T02:00:00Z,12\n"b, c.dump",1795312800,\n')), [
    'csv stdin: a.dump logical yes 2026-11-22T02:00:00.000Z',
    'csv stdin: b, c.dump logical yes 2026-11-22T02:00:00.000Z',
  ])
  const ordered = await read(
    '\uFEFFSize,Time,Other,Name\r\n0,2026-11-22 04:00:00.5 +0200,x,a\r\n5,2026-11-22 02:00:00,x,b\r\n',
  )
  assert.equal(lines(ordered), [
    'csv stdin: a logical no 2026-11-22T02:00:00.500Z',
    'csv stdin: b logical yes 2026-11-22T02:00:00.000Z',
  ])
  assert.equal(lines(await read('name,time,size\na.dump.partial,2026-11-22T02:00:00Z,5\n')), [
    'csv stdin: a.dump.partial logical no 2026-11-22T02:00:00.000Z',
  ])
  assert.match(ordered[0]?.remarks.join() ?? '', /taken as UTC/)
  assert.is((await read('name,time,size\n'))[0]?.backups.length, 0)
  await refused('', /is empty/)
  await refused('a.dump,yesterday,1\n', /line 1: the second column is no time/)
  await refused('name,time,size\na,2026-02-31T00:00:00Z,1\n', /line 2: the time cannot be read/)
  await refused('name,time,size\na,2026-02-01T00:00:00Z,12M\n', /line 2: the size is no number of bytes/)
  await refused('name,time,size\n,2026-02-01T00:00:00Z,1\n', /there is no name/)
  await refused('name,time,size\n"a,2026-02-01T00:00:00Z,1\n', /CSV, or is cut off/)
  await refused('PGDMP\0\x01', /is no text/)
})

test('listings in JSON: a list, or an object with a window', async () => {
  const one = { name: 'a', time: '2026-11-22T02:00:00Z', size: 5 }
  assert.equal(lines(await readJson([one])), ['json stdin: a logical yes 2026-11-22T02:00:00.000Z'])
  assert.is(
    (await read(JSON.stringify([one]).replace(':5', ':9007199254740993')))[0]?.backups[0]?.bytes,
    '9007199254740993',
  )
  const window = { from: '2026-11-20T00:00:00Z', until: '2026-11-22T00:00:00Z' }
  assert.is((await readJson({ backups: [], window }))[0]?.window?.until, '2026-11-22T00:00:00.000Z')
  assert.is((await read('[]', 'json:-'))[0]?.backups.length, 0)
  await refused(JSON.stringify({ backups: [], window: { from: window.until, until: window.from } }), /window/)
  for (const wrong of [{ name: 1 }, { time: null }, { time: 'x' }, { size: -1 }, { size: 1.5 }, { name: '' }]) {
    await refused(JSON.stringify([{ ...one, ...wrong }]), /entry|the document\.0/)
  }
})

test('cut off, deeply nested and endless texts are refused, whatever the format', async () => {
  const whole = sample('pgbackrest-info')
  for (const length of [1, 40, 500, whole.length - 2]) await refused(whole.slice(0, length), /cut off/)
  await refused('['.repeat(100_000), /nested/)
  await refused(`[${'{"a":'.repeat(70)}1${'}'.repeat(70)}]`, /nested/)
  await refused(`[${'{},'.repeat(200_001)}{}]`, /more than 200000/)
  await refused('{"a": "b}', /cut off/)
  await refused('[1,}', /not JSON|tells/)
  await refused('{"__proto__": {"pitr_enabled": true}}', /tells/)
  await refused('[1, 2]', /tells/)
  await refused('"text"', /no time/)
})

test('a long list is read like a short one, with its texts and long numbers', async () => {
  const many = (count: number) =>
    JSON.stringify(
      Array.from({ length: count }, (_, index) => ({
        name: `a "quoted\\" ] } , ${index}`,
        time: '2026-11-22T02:00:00Z',
        size: index,
        more: [{ deep: '[' }],
      })),
    ).replace('"size":7,', '"size":9007199254740993,')
  const long = (await read(many(1200)))[0]?.backups ?? []
  assert.is(long.length, 1200)
  assert.equal(long.slice(0, 300), (await read(many(300)))[0]?.backups)
  assert.is(long[7]?.bytes, '9007199254740993')
  await refused(many(1200).replace('"size":9,', '"size":"x",'), /the document\.9\.size/)
})

test('a folder of plain dumps: complete ones count, by what their bytes say', async () => {
  const folder = join(directory, 'dumps')
  for (const name of ['directory.dump', 'killed', 'hollow', 'objects', 'lost']) {
    mkdirSync(join(folder, name), { recursive: true })
  }
  const time = new Date('2026-11-22T02:00:00Z')
  const put = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content)
    utimesSync(join(folder, name), time, time)
  }
  const script = '--\n-- PostgreSQL database dump\n--\n\ncreate table t ();\n'
  put('custom.dump', 'PGDMP\x01\x0e rows \0\0\0\0\0')
  put('cut.dump', 'PGDMP\x01\x0e rows')
  put('whole.tar', Buffer.alloc(2048))
  put('cut.tar', Buffer.concat([Buffer.alloc(2000), Buffer.from('rows')]))
  put('whole.sql', `${script}--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n`)
  put('cut.sql', script)
  put('empty.dump', '')
  put('other.dump', 'hello')
  put('packed.sql.gz', Buffer.from([0x1f, 0x8b, 8]))
  put('fake.sql.gz', 'hello')
  put('running.dump.partial', 'PGDMP')
  put('secret.dump.age', 'age-encryption.org/v1')
  // The contents are there from the beginning, and name what follows.
  const contents = (...names: string[]) =>
    ['PGDMP', ...names.map((name) => `\0${String.fromCharCode(name.length)}\0\0\0${name}`)].join('')
  put('directory.dump/toc.dat', contents('3001.dat', '3002.dat'))
  put('directory.dump/3001.dat.gz', 'rows')
  put('directory.dump/3002.dat', 'rows')
  utimesSync(join(folder, 'directory.dump/3002.dat'), time, new Date('2026-11-22T03:00:00Z'))
  put('killed/toc.dat', contents('3001.dat', '3002.dat'))
  put('killed/3001.dat.gz', 'rows')
  put('hollow/toc.dat', contents('3001.dat'))
  put('hollow/3001.dat.gz', '')
  for (const name of ['objects', 'lost']) {
    put(`${name}/toc.dat`, contents('blobs_9.toc'))
    put(`${name}/blobs_9.toc`, '16401 blob_16401.dat\n')
  }
  // A large object may be empty.
  put('objects/blob_16401.dat', '')
  put('notes.txt', 'x')
  const [inventory] = await read('', folder)
  assert.is(inventory?.format, 'dumps')
  assert.equal(Object.fromEntries(inventory?.backups.map(({ id, usable }) => [id, usable]) ?? []), {
    'custom.dump': 'yes',
    'cut.dump': 'no',
    'cut.sql': 'no',
    'cut.tar': 'no',
    'directory.dump': 'yes',
    'empty.dump': 'no',
    'fake.sql.gz': 'no',
    hollow: 'no',
    killed: 'no',
    lost: 'no',
    objects: 'yes',
    'other.dump': 'unknown',
    'packed.sql.gz': 'yes',
    'running.dump.partial': 'no',
    'secret.dump.age': 'yes',
    'whole.sql': 'yes',
    'whole.tar': 'yes',
  })
  const directoryDump = inventory?.backups.find(({ id }) => id === 'directory.dump')
  assert.is(directoryDump?.finished_at, '2026-11-22T03:00:00.000Z')
  assert.is(directoryDump?.bytes, '39')
  assert.is(inventory?.backups[0]?.finished_at, '2026-11-22T02:00:00.000Z')
  assert.match(inventory?.remarks.join() ?? '', /last modification.*1 entry is no dump/)
})

test('a folder of own backups: whole ones count, by their manifests', async () => {
  const folder = join(directory, 'own')
  const make = (name: string, content: string, bytes = content.length) => {
    mkdirSync(join(folder, name, 'dump'), { recursive: true })
    writeFileSync(join(folder, name, 'dump', 'toc.dat'), content)
    writeFileSync(join(folder, name, 'manifest.json'), JSON.stringify(manifest(name, bytes)))
  }
  make('good', 'hello')
  make('short', 'hello', 6)
  make('changed', 'hellO')
  mkdirSync(join(folder, 'half.partial'))
  const states = async (isDeep: boolean) => {
    const [inventory] = await readInventory(parseAsked(folder, undefined), isDeep, process.stdin)
    assert.is(inventory?.format, 'own')
    return Object.fromEntries(inventory?.backups.map(({ id, usable }) => [id, usable]) ?? [])
  }
  assert.equal(await states(false), { good: 'yes', changed: 'yes', short: 'no', 'half.partial': 'no' })
  assert.equal(await states(true), { good: 'yes', changed: 'no', short: 'no', 'half.partial': 'no' })
  const [inventory] = await read('', folder)
  const good = inventory?.backups.find(({ id }) => id === 'good')
  // Its data reaches to its snapshot, not to its end.
  assert.equal([good?.started_at, good?.finished_at], ['2026-11-22T02:00:00Z', '2026-11-22T02:10:00Z'])
})

function manifest(backup_id: string, bytes: number) {
  const time = '2026-11-22T02:00:00Z'
  const id = '1a2b3c4d-0000-4000-8000-000000000001'
  return {
    format: 'pgdrill-backup',
    format_version: 1,
    backup_id,
    tool_version: '0.1.0',
    started_at: time,
    finished_at: '2026-11-22T02:10:00Z',
    snapshot: { name: '00000003-0000001B-1', taken_at: time, lsn: '0/16B3748' },
    source: {
      target: 'production',
      url: 'postgresql://db.example.com/postgres',
      database_name: 'postgres',
      server_version: '17.4',
      installation_id: id,
      system_identifier: '7310000000000000001',
      timeline_id: 1,
      server_started_at: time,
      database_bytes: 1000,
      is_sandbox: false,
    },
    tools: { pg_dump: '17.4', pg_dumpall: null },
    baseline: { baseline_id: id, captured_at: time },
    encryption: null,
    globals: { is_included: false, problem: null },
    roles: [],
    table_count: 1,
    // Of "hello".
    files: [
      { path: 'dump/toc.dat', bytes, sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' },
    ],
  }
}

test.run()
