// pgdrill retention as its users call it.

import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as assert from 'uvu/assert'
import { manifestOf, writeBackup } from '../dump/backups.ts'
import { makeBareDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { assertCode, assertRefused, urlOf, Workplace } from './program.ts'

const test = suite('cli/retention')
let place: Workplace
let database: Scratch

test.before(async () => {
  database = await makeBareDatabase((await sandboxClusters()).production)
})
test.after(() => database?.drop())
test.before.each(() => {
  place = new Workplace()
})
test.after.each(() => place.remove())

const now = '2026-03-16T12:00:00Z'
const day = 86_400_000
/** A listing with a backup at two o'clock on each of so many days, without some. */
const listing = (count: number, ...without: number[]) =>
  `name,time,size\n${Array.from({ length: count }, (_, index) => index)
    .filter((index) => !without.includes(index))
    .map((index) => `d${index},${new Date(Date.parse('2026-03-16T02:00:00Z') - index * day).toISOString()},1000\n`)
    .join('')}`
const run = async (...args: string[]) => await place.run(['retention', '--now', now, ...args])

test('a policy that is met ends with 0, a day that is missing with 1, and the text says which', async () => {
  writeFileSync(place.path('good.csv'), listing(400))
  writeFileSync(place.path('bad.csv'), listing(400, 3))
  const good = await run('-i', 'good.csv')
  assertCode(good, 0)
  assert.match(good.stdout, /30 daily, 12 weekly, 12 monthly/)
  assert.match(good.stdout, /\n {12}W\d.*W11 #\n/)
  assert.match(good.stdout, /PASS retention: .*\(exit 0\)\n$/)
  assert.is(good.stderr, '')
  const bad = await run('-i', 'bad.csv')
  assertCode(bad, 1)
  assert.match(bad.stdout, /FAIL {2}retention {2}daily 2026-03-13: no backup\n/)
  assert.match(bad.stdout, /to do/)
  const verbose = await run('-i', 'good.csv', '--verbose')
  assert.match(verbose.stdout, /monthly 2026-02 {5}d16 of csv good\.csv, 2026-02-28T02:00:00\.000Z/)
})

test('several inventories together meet a policy that none meets alone, and the answer says which did', async () => {
  writeFileSync(place.path('even.csv'), listing(10, 1, 3, 5, 7, 9))
  writeFileSync(place.path('odd.csv'), listing(10, 0, 2, 4, 6, 8))
  const policy = ['--daily', '6', '--weekly', '0', '--monthly', '0']
  assertCode(await run('-i', 'even.csv', ...policy), 1)
  const both = await run('-i', 'even.csv', '-i', 'odd.csv', ...policy, '--format', 'json')
  assertCode(both, 0)
  const document = JSON.parse(both.stdout)
  assert.is(document.format, 'pgdrill-retention')
  assert.equal(
    document.slots.map((slot: { fillers: { source: string }[] }) => slot.fillers[0]?.source),
    ['csv even.csv', 'csv odd.csv', 'csv even.csv', 'csv odd.csv', 'csv even.csv', 'csv odd.csv'],
  )
})

test('backups that began not long ago: what lies before is neither when it is said since when', async () => {
  writeFileSync(place.path('young.csv'), listing(5))
  const asked = await run('-i', 'young.csv')
  assertCode(asked, 1)
  assert.match(asked.stdout, /nothing says whether none was made then or they were deleted/)
  const said = await run('-i', 'young.csv', '--since', '2026-03-12T00:00:00Z')
  assertCode(said, 0)
})

test('HTML, JUnit and Prometheus tell the same, and --out writes whole files', async () => {
  writeFileSync(place.path('bad.csv'), listing(40, 2).replace('d5,', '"<script>alert(1)</script>",'))
  const page = await run('-i', 'bad.csv', '--format', 'html')
  assertCode(page, 1)
  assert.match(page.stdout, /^<!doctype html>[\s\S]*<svg class="slots"[\s\S]*class="empty"/)
  assert.not.match(page.stdout, /<script/)
  const junit = await run('-i', 'bad.csv', '--format', 'junit')
  assert.match(junit.stdout, /^<\?xml/)
  assert.match(junit.stdout, /name="daily 2026-03-14">\s*<failure /)
  assert.match(junit.stdout, /name="retention met">\s*<failure /)
  const metrics = await run('-i', 'bad.csv', '--format', 'prometheus', '--out', 'retention.prom')
  assertCode(metrics, 1)
  assert.is(metrics.stdout, '')
  assert.equal(metrics.files, ['bad.csv', 'retention.prom'])
  const text = place.read('retention.prom')
  assert.match(text, /^pgdrill_retention_slots\{target="inventory",sandbox="false",tier="daily",state="empty"\} 1$/m)
  assert.match(text, /^pgdrill_retention_met\{target="inventory",sandbox="false"\} 0$/m)
  assert.match(text, /^pgdrill_backup_age_seconds\{target="inventory",sandbox="false"\} 36000$/m)
  assert.is(text.endsWith('\n'), true)
})

test('what cannot be read or does not go together is refused with 2', async () => {
  writeFileSync(place.path('cut.json'), '[{"name":"main","status":{"code":0},"backup":[{"label"')
  writeFileSync(place.path('good.csv'), listing(3))
  const files = ['cut.json', 'good.csv']
  assertRefused(await run(), /neither an inventory nor a target/, /--inventory FILE/, files)
  assertRefused(await run('-i', 'cut.json'), /cut\.json is not JSON, or is cut off/, undefined, files)
  assertRefused(await run('-i', 'nowhere.json'), /no such file/, undefined, files)
  assertRefused(await run('-i', 'good.csv', '--record'), /--record needs/, undefined, files)
  assertRefused(await run('-i', 'good.csv', '-i', 'cut.json'), /cut off/, undefined, files)
  assertRefused(await run('-i', 'wal-g:.'), /is a folder/, undefined, files)
  assertRefused(await run('--pgbackrest-stanza', 'a b;c'), /is not the name of a stanza/, undefined, files)
  assertRefused(await run('--supabase', 'abcdefghijklmnopqrst'), /SUPABASE_ACCESS_TOKEN is not set/, undefined, files)
  for (const wrong of [
    ['--daily', '-1'],
    ['--rpo', '24'],
    ['--inventory-format', 'restic'],
    ['--format', 'pdf'],
  ]) {
    const outcome = await run('-i', 'good.csv', ...wrong)
    assertCode(outcome, 2)
    assert.is(outcome.stdout, '')
  }
})

test('a process of its own reads stdin', async () => {
  writeFileSync(place.path('good.csv'), listing(400))
  const outcome = await place.spawn(['retention', '--now', now, '-i', '-'], {}, '"$0" "$@" < good.csv')
  assertCode(outcome, 0)
  assert.match(outcome.stdout, /csv stdin: 400 backups listed/)
})

test('inventories are recorded, judged again from production, by its own policy, and by psql alike', async () => {
  const env = { PRODUCTION_DATABASE_URL: urlOf(database) }
  const ask = async (...args: string[]) =>
    await place.run(['retention', '--now', now, '-t', 'production', ...args], env)
  assertRefused(await ask(), /none is recorded in production/)
  writeFileSync(place.path('good.csv'), listing(10))
  await database.run('update drill.retention_policy set daily_count = 5, weekly_count = 1, monthly_count = 0')
  const recorded = await ask('-i', 'good.csv', '--record')
  assertCode(recorded, 0)
  assert.match(recorded.stderr, /^recorded in production: 10 backups$/m)
  assert.match(recorded.stdout, /^pgdrill retention: target production \(SANDBOX\), postgresql:/)
  assert.match(recorded.stdout, / \[sandbox\] retention: /)
  assert.match(recorded.stdout, /5 daily, 1 weekly, 0 monthly/)
  const again = await ask()
  assertCode(again, 0)
  assert.match(again.stdout, /recorded inventories/)
  const later = await place.run(['retention', '--now', '2026-03-19T12:00:00Z', '-t', 'production'], env)
  // What came after it was recorded is not known: no failure, no pass.
  assertCode(later, 2)
  const rows = await database.query<{ status: string }>(
    `select r.status from (select set_config('drill.now', '${now}', false)) as s, drill.verify_retention() as r where r.status <> 'pass'`,
  )
  assert.equal([...rows], [])
  // One more inventory stands beside it; a new one of the same name takes its place.
  writeFileSync(place.path('other.csv'), listing(2))
  assertCode(await ask('-i', 'other.csv', '--record'), 1)
  writeFileSync(place.path('good.csv'), listing(10, 2))
  assertCode(await ask('-i', 'good.csv', '--record'), 1)
  assertCode(await ask(), 1)
})

test('Supabase is asked with one GET and the token, which is shown nowhere; refusals say what to do', async () => {
  const seen: string[] = []
  let status = 200
  const body = {
    region: 'eu-central-1',
    walg_enabled: true,
    pitr_enabled: false,
    backups: Array.from({ length: 7 }, (_, index) => ({
      id: index,
      is_physical_backup: true,
      status: 'COMPLETED',
      inserted_at: `2026-03-${16 - index} 02:00:00`,
    })),
    physical_backup_data: {},
  }
  const server: Server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    response.writeHead(status, { 'retry-after': '17', location: 'http://127.0.0.1:1/' })
    response.end(status === 200 ? JSON.stringify(body) : '{"message":"C4nary"}')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const env = {
    SUPABASE_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    SUPABASE_ACCESS_TOKEN: 'sbp_C4nary',
  }
  const ask = async (more: NodeJS.Dict<string> = {}) =>
    await place.run(['retention', '--now', now, '--supabase', 'abcdefghijklmnopqrst'], { ...env, ...more })
  try {
    const outcome = await ask()
    assertCode(outcome, 1)
    assert.equal(seen, ['GET /v1/projects/abcdefghijklmnopqrst/database/backups Bearer sbp_C4nary'])
    assert.match(
      outcome.stdout,
      /the policy cannot be met: supabase abcdefghijklmnopqrst keeps backups for at most 30 days/,
    )
    assert.match(outcome.stdout, /A backup is held for 7 of 30 days, 1 of 12 weeks and 0 of 12 months/)
    assert.match(outcome.stdout, /The RPO that follows: at most 24\.0 h/)
    assert.match(outcome.stdout, /make backups of your own beside it/)
    assert.match(outcome.stderr, /taken as UTC/)
    for (const [code, message] of [
      [401, /does not accept the token/],
      [404, /does not let this token see the project/],
      [429, /too many requests/],
      [500, /status 500/],
      [302, /status 302/],
    ] as const) {
      status = code
      assertRefused(await ask(), message)
    }
    assertRefused(await ask({ SUPABASE_API_URL: 'http://example.com' }), /no https address/)
    assertRefused(await ask({ SUPABASE_API_URL: 'http://127.0.0.1:1' }), /cannot be asked/)
  } finally {
    server.close()
  }
})

test('a hundred thousand backups take less than 300 MB', async () => {
  const first = Date.parse('2026-03-16T02:00:00Z')
  const stanza = {
    name: 'main',
    status: { code: 0, message: 'ok' },
    db: [{ id: 1, 'system-id': 1, version: '15' }],
    repo: [{ key: 1, cipher: 'none', status: { code: 0, message: 'ok' } }],
    backup: Array.from({ length: 100_000 }, (_, index) => {
      const stop = first / 1000 - (99_999 - index) * 300
      const full = `b${index - (index % 7)}F`
      return {
        label: index % 7 === 0 ? full : `b${index}I`,
        type: index % 7 === 0 ? 'full' : 'incr',
        prior: index % 7 === 0 ? null : full,
        reference: index % 7 === 0 ? null : [full],
        error: false,
        archive: { start: '000000010000000000000003', stop: '000000010000000000000003' },
        backrest: { format: 5, version: '2.45' },
        database: { id: 1, 'repo-key': 1 },
        info: { delta: 1, repository: { delta: 1, size: 1 }, size: 26_416_937 },
        lsn: { start: '0/3000028', stop: '0/3000100' },
        timestamp: { start: stop - 10, stop },
      }
    }),
  }
  writeFileSync(place.path('large.json'), JSON.stringify([stanza]))
  const measure = `data:text/javascript,process.on('exit',()=>console.error('peak',process.resourceUsage().maxRSS))`
  const outcome = await place.spawn(
    ['retention', '--now', now, '-i', 'large.json', '--weekly', '11', '--monthly', '0'],
    { NODE_OPTIONS: `--import=${measure}` },
  )
  assertCode(outcome, 0)
  const peak = Number(/peak (\d+)/.exec(outcome.stderr)?.[1]) / 1024
  // From the sources: the loader that reads them takes 30 MB which the bundle does not.
  assert.ok(peak > 20 && peak < 300, `${peak} MB`)
})

test('own backups of one database fill no slot of another', async () => {
  const { snapshot, source } = manifestOf()
  const today = { finished_at: now, snapshot: { ...snapshot, taken_at: now } }
  const add = (folder: string, change: object, more: object = today) =>
    writeBackup(place.path(folder), manifestOf({ ...more, source: { ...source, ...change } }))
  const other = { installation_id: '1f1c0d0e-6a1c-4d52-9d0a-0e4f6a1c4d52', system_identifier: '73' }
  const one = ['--daily', '1', '--weekly', '0', '--monthly', '0', '--since', '2026-03-01T00:00:00Z']
  const ask = async (...args: string[]) => await run('-i', 'backups', ...one, ...args)

  // Production has none of the last days; the sandbox has one of today.
  const old = { finished_at: '2026-03-01T02:00:00Z', snapshot: { ...snapshot, taken_at: '2026-03-01T02:00:00Z' } }
  add('backups/production-1', {}, old)
  add('backups/sandbox-1', { ...other, target: 'sandbox', is_sandbox: true })
  const beside = await ask()
  assertCode(beside, 1)
  assert.match(beside.stdout, /1 backup listed, 1 counts/)
  assert.match(beside.stderr, /1 backup of sandbox \(a sandbox, installation 1f1c0d0e\) left out/)
  // The sandbox alone is judged, and says what it is.
  add('rehearsal/sandbox-1', { ...other, is_sandbox: true })
  assertCode(await run('-i', 'rehearsal', ...one), 0)
  // The same database with pgdrill installed anew is no other one.
  add('backups/production-2', { installation_id: '2f1c0d0e-6a1c-4d52-9d0a-0e4f6a1c4d52' })
  assertCode(await ask(), 0)

  add('backups/staging-1', {
    ...other,
    system_identifier: '74',
    installation_id: '3f1c0d0e-6a1c-4d52-9d0a-0e4f6a1c4d52',
    target: 'staging',
  })
  const mixed = await ask()
  assertRefused(mixed, /2 databases.*production \(installation 6f1c0d0e\).*staging/, /--target production/, mixed.files)
  // Neither is the one of the target.
  const env = { PRODUCTION_DATABASE_URL: urlOf(database) }
  const strange = await place.run(['retention', '--now', now, '-i', 'backups', ...one, '--target', 'production'], env)
  assertCode(strange, 1)
  assert.match(strange.stdout, /own backups: 0 backups listed/)
  const [row] = await database.query<{ id: string }>(
    'select i.installation_id::text as id from drill.installation as i',
  )
  add('backups/production-3', { ...other, installation_id: row?.id })
  const own = await place.run(['retention', '--now', now, '-i', 'backups', ...one, '--target', 'production'], env)
  assertCode(own, 0)
  assert.match(own.stdout, /own backups: 1 backup listed, 1 counts/)
})

test('backups of a restored copy fill no slot of production', async () => {
  const [row] = await database.query<{ id: string; system: string; name: string }>(
    `select i.installation_id::text as id, s.system_identifier::text as system, current_database() as name
    from drill.installation as i, pg_control_system() as s`,
  )
  const { snapshot, source } = manifestOf()
  const production = { installation_id: row?.id, system_identifier: row?.system, database_name: row?.name }
  const add = (folder: string, change: object) =>
    writeBackup(
      place.path(folder),
      manifestOf({
        finished_at: now,
        snapshot: { ...snapshot, taken_at: now },
        source: { ...source, ...production, ...change },
      }),
    )
  const one = ['--daily', '1', '--weekly', '0', '--monthly', '0', '--since', '2026-03-01T00:00:00Z']
  const env = { PRODUCTION_DATABASE_URL: urlOf(database) }
  const ask = async () =>
    await place.run(['retention', '--now', now, '-i', 'backups', ...one, '--target', 'production'], env)
  // A physical copy has all of production but the name of its target; one from a dump is on another server.
  add('backups/restore-1', { target: 'restore' })
  add('backups/rehearsal-1', { target: 'rehearsal', system_identifier: '75' })
  const copies = await ask()
  assertCode(copies, 1)
  assert.match(copies.stdout, /own backups: 0 backups listed/)
  assert.match(
    copies.stderr,
    /1 backup of restore \(.*\) left out, as of a copy: they were taken of the target restore, not/,
  )
  assert.match(copies.stderr, /1 backup of rehearsal \(.*\) left out, as of a copy/)
  // After a move to another server production is still called so.
  add('backups/production-1', { system_identifier: '76' })
  const moved = await ask()
  assertCode(moved, 0)
  assert.match(moved.stdout, /own backups: 1 backup listed, 1 counts/)
  // Without a target nobody says whose slots they are.
  const mixed = await run('-i', 'backups', ...one)
  assertRefused(mixed, /are of 3 databases.*production/, /--target production/, mixed.files)
})

test.run()
