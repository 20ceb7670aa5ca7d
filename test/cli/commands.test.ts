// What each command does: baselines, migrations, the proof's folder, production refused.

import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { parseBaseline } from '../../src/baselines/document.ts'
import { sandboxDatabase } from '../../src/sandbox/build.ts'
import type { Cluster } from '../../src/sandbox/cluster.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { assertCode, assertRefused, proofFiles, urlOf, Workplace } from './program.ts'

const test = suite('cli/commands')
let production: Cluster
let restore: Cluster
let place: Workplace
const scratches: Scratch[] = []

async function scratch(cluster: Cluster, template?: string | null): Promise<Scratch> {
  const database = await makeDatabase(cluster, template)
  scratches.push(database)
  return database
}

test.before(async () => {
  ;({ production, restore } = await sandboxClusters())
})
test.before.each(() => {
  place = new Workplace()
})
test.after.each(async () => {
  place.remove()
  for (const database of scratches.splice(0)) await database.drop()
})

test('a baseline is captured into the database and a file, which verifies a copy; list, show and export tell of it', async () => {
  const source = await scratch(restore)
  const env = { PRODUCTION_DATABASE_URL: urlOf(source) }
  const captured = await place.run(['baseline', 'capture', '-t', 'production', '-l', 'before the release'], env)
  assertCode(captured, 0)
  const [file = '', ...others] = captured.files
  assert.equal(others, [])
  assert.match(file, /^verify\/baselines\/production-\d{8}T\d{6}Z-[0-9a-f]{8}\.json$/)
  assert.match(captured.stderr, new RegExp(`^stored in production and in ${file}$`, 'm'))
  const baseline = parseBaseline(place.read(file), file)
  assert.is(baseline.label, 'before the release')
  assert.match(
    captured.stdout,
    new RegExp(`^baseline ${baseline.baseline_id} \\(SANDBOX\\) \\(before the release\\)\n`),
  )

  const listed = await place.run(['baseline', 'list', '-t', 'production', '--format', 'json'], env)
  assertCode(listed, 0)
  const list = JSON.parse(listed.stdout)
  assert.is(list.length, 2)
  assert.is(list[0].baseline_id, baseline.baseline_id)
  assert.is(list[0].label, 'before the release')
  const text = await place.run(['baseline', 'list', '-t', 'production'], env)
  assert.is(text.stdout.trim().split('\n').length, 2)
  assert.is(text.stderr, 'note: the target production is of the SANDBOX, a throw-away rehearsal\n')

  for (const args of [['show'], ['show', baseline.baseline_id], ['show', baseline.baseline_id.toUpperCase()]]) {
    const shown = await place.run(['baseline', ...args, '-t', 'production'], env)
    assertCode(shown, 0)
    assert.is(shown.stdout, captured.stdout)
  }
  const exported = await place.run(['baseline', 'export', '-t', 'production'], env)
  assert.is(exported.stdout, place.read(file))
  const older = await place.run(['baseline', 'export', list[1].baseline_id, '-t', 'production', '-o', 'a/b.json'], env)
  assertCode(older, 0)
  assert.is(older.stdout, '')
  assert.is(parseBaseline(place.read('a', 'b.json'), 'a').baseline_id, list[1].baseline_id)
  const unknown = '00000000-0000-4000-8000-000000000000'
  const missing = await place.run(['baseline', 'show', unknown, '-t', 'production'], env)
  assertRefused(missing, new RegExp(`no baseline ${unknown}.*RD004`), /list_baselines/, older.files)

  // A logical copy in the same cluster under another name is not production.
  const copy = await scratch(restore, source.target.connection.database)
  for (const more of [['--baseline', file], []]) {
    const verified = await place.run(['verify', '-t', 'restore', '--no-proof', ...more], {
      ...env,
      RESTORE_DATABASE_URL: urlOf(copy),
    })
    assertCode(verified, 0)
    assert.match(verified.stdout, new RegExp(baseline.baseline_id))
    assert.match(verified.stdout, more.length > 0 ? /the file verify\/baselines\// : /the newest inside the target/)
  }
})

test('capture --format json --out: the same document on stdout, in the file and in the database', async () => {
  const source = await scratch(restore)
  const env = { PRODUCTION_DATABASE_URL: urlOf(source) }
  const captured = await place.run(
    ['baseline', 'capture', '-t', 'production', '--format', 'json', '--out', 'mine.json'],
    env,
  )
  assertCode(captured, 0)
  assert.equal(captured.files, ['mine.json'])
  assert.is(place.read('mine.json'), captured.stdout)
  assert.is((await place.run(['baseline', 'export', '-t', 'production'], env)).stdout, captured.stdout)
})

test('a baseline is shown by partition, with its depth and what was taken over; the list tells the depth', async () => {
  const source = await scratch(restore)
  const env = { PRODUCTION_DATABASE_URL: urlOf(source) }
  const capture = (...more: string[]) => place.run(['baseline', 'capture', '-t', 'production', ...more], env)
  assertCode(await capture('--depth', 'full'), 0)
  const full = await capture('--depth', 'full')
  assertCode(full, 0)
  const lines = full.stdout.trimEnd().split('\n')
  assert.match(
    lines[3] ?? '',
    /^ {2}depth full, fingerprints of \d of 6 tables, \d+ tenants of \d tables?, \d+ of \d+ partitions taken over from an earlier one$/,
  )
  const [{ count } = { count: 0 }] = await source.query<{ count: number }>(
    'select count(distinct partition_name)::integer as count from drill.baseline_buckets',
  )
  assert.is(lines.length, 4 + count)
  assert.ok(lines.some((line) => /^ {2}public\.events_\d{4}_\d{2} +\d+ rows, newest \S+, taken over$/.test(line)))
  assert.ok(lines.some((line) => /^ {2}public\.sites +\d+ rows, newest \S+$/.test(line)))
  const standard = await capture()
  assert.match(standard.stdout, /^ {2}depth standard, \d+ of \d+ partitions taken over from an earlier one$/m)
  const listed = await place.run(['baseline', 'list', '-t', 'production'], env)
  assert.equal(
    listed.stdout.split('\n').map((line) => /Z? {2}(standard|full) /.exec(line)?.[1]),
    ['standard', 'full', 'full', 'full', undefined],
  )
})

test('a database without baselines says so; verify has nothing to compare with and does not succeed', async () => {
  const copy = await scratch(restore)
  await copy.run('truncate drill.baselines cascade')
  const env = { RESTORE_DATABASE_URL: urlOf(copy) }
  assert.is((await place.run(['baseline', 'list', '-t', 'restore'], env)).stdout, 'no baseline is stored\n')
  assert.is((await place.run(['baseline', 'list', '-t', 'restore', '--format', 'json'], env)).stdout, '[]\n')
  assertRefused(await place.run(['baseline', 'show', '-t', 'restore'], env), /no baseline is stored.*RD003/)
  for (const depth of ['quick', 'standard']) {
    const verified = await place.run(['verify', '-t', 'restore', '--no-proof', '-d', depth], env)
    assertCode(verified, 2)
    assert.match(verified.stdout, /COULD NOT VERIFY .*no baseline was given and none travelled/)
  }
})

test('a proof is written whole and never over another one; --no-proof writes none', async () => {
  const copy = await scratch(restore)
  const env = { RESTORE_DATABASE_URL: urlOf(copy) }
  const verify = (...args: string[]) => place.run(['verify', '-t', 'restore', ...args], env)
  assert.equal((await verify('--no-proof')).files, [])
  assert.equal((await verify('--no-proof', '--out', 'ticket')).files, [])
  const first = await verify('--out', 'ticket/1')
  assertCode(first, 0)
  assert.equal(
    first.files,
    proofFiles.map((name) => `ticket/1/${name}`),
  )
  const before = place.read('ticket/1/proof.json')
  assertRefused(await verify('--out', 'ticket/1'), /the proof ticket\/1 exists already/, /another --out/, first.files)
  assert.is(place.read('ticket/1/proof.json'), before)
  mkdirSync(place.path('empty'))
  assertRefused(await verify('--out', 'empty'), /exists already/, undefined, first.files)
  writeFileSync(place.path('file'), '')
  const unproven = await verify('--out', 'file/x')
  assert.is(unproven.code, 2)
  assert.match(unproven.stdout, /ERROR proof {2}the proof cannot be written to file\/x/)
  assert.match(unproven.stdout, /COULD NOT VERIFY .*\(exit 2\)/)
  assert.not.match(unproven.stderr, /^proof: /m)

  // A disk that takes no more: nothing of the proof is left, and what was found is shown all the same.
  const full = await place.spawn(['verify', '-t', 'restore', '--out', 'full'], env, 'ulimit -f 64; "$0" "$@"')
  assert.is(full.code, 2, full.stderr)
  assert.match(full.stdout, /ERROR proof {2}the proof cannot be written to full: (EFBIG|ENOSPC)/)
  assert.match(full.stdout, /^ {2}pass {2}row_counts/m)
  assert.not(full.files.some((name) => name.startsWith('full')))
})

test('migrate: up, again, status, down, and a plain file', async () => {
  const database = await scratch(restore, null)
  const env = { STAGING_DATABASE_URL: urlOf(database) }
  const migrate = (...args: string[]) => place.run(['migrate', ...args, '--target', 'staging'], env)
  const pending = await migrate('status')
  assertCode(pending, 0)
  const names = [...pending.stdout.matchAll(/^pending {2}(\S+)$/gm)].map((match) => match[1])
  assert.ok(names.length >= 4)
  assert.is((await migrate('up', '--count', '1')).stdout, `applied ${names[0]}\n`)
  assert.match((await migrate('status')).stdout, new RegExp(`^applied {2}${names[0]}\npending {2}${names[1]}\n`))
  assert.is(
    (await migrate('up')).stdout,
    names
      .slice(1)
      .map((name) => `applied ${name}\n`)
      .join(''),
  )
  assert.is((await migrate('up')).stdout, 'nothing to do: the checks are up to date\n')
  const states = JSON.parse((await migrate('status', '--format', 'json')).stdout)
  assert.equal(
    states,
    names.map((name) => ({ name, is_applied: true })),
  )
  assertCode(await migrate('down'), 0)
  assert.is((await migrate('down')).stdout, 'nothing to do: the checks are not installed\n')
  assert.equal(await database.query("select nspname from pg_namespace where nspname like 'drill%'"), [])

  // Needs no database.
  const plain = await place.run(['migrate', 'export'])
  assertCode(plain, 0)
  for (const name of names) assert.match(plain.stdout, new RegExp(`^-- ${name}$`, 'm'))
  const file = await place.run(['migrate', 'export', '--out', 'all.sql'])
  assertCode(file, 0)
  assert.is(file.stdout, '')
  assert.is(place.read('all.sql'), plain.stdout)
  assertRefused(await place.run(['migrate', 'export', '--after', '0000']), /there is no migration 0000/, /0001/, [
    'all.sql',
  ])
  await database.run(plain.stdout)
  assert.is((await migrate('up')).stdout, 'nothing to do: the checks are up to date\n')
})

test('migrate down keeps stored baselines unless told', async () => {
  const database = await scratch(restore)
  const env = { STAGING_DATABASE_URL: urlOf(database) }
  assertRefused(await place.run(['migrate', 'down', '-t', 'staging'], env), /holds 1 baselines?/, /--delete-baselines/)
  assert.is((await database.query('select from drill.baselines')).length, 1)
  assertCode(await place.run(['migrate', 'down', '-t', 'staging', '--delete-baselines'], env), 0)
})

test('without the checks in the copy: the message says what to do, and doing it verifies', async () => {
  const copy = await scratch(restore)
  const source = await scratch(restore)
  const file = await place.run(['baseline', 'export', '-t', 'production', '--out', 'production.json'], {
    PRODUCTION_DATABASE_URL: urlOf(source),
  })
  assertCode(file, 0)
  const env = { RESTORE_DATABASE_URL: urlOf(copy) }
  assertCode(await place.run(['migrate', 'down', '-t', 'restore', '--delete-baselines'], env), 0)
  const toDo = /make migrate TARGET=restore.*make verify TARGET=restore BASELINE=FILE/
  for (const args of [
    ['verify'],
    ['verify', '--baseline', 'production.json'],
    ['baseline', 'list'],
    ['baseline', 'capture'],
  ]) {
    assertRefused(await place.run([...args, '-t', 'restore'], env), /there is no schema drill in it/, toDo, file.files)
  }
  assertCode(await place.run(['migrate', 'up', '-t', 'restore'], env), 0)
  const verified = await place.run(['verify', '-t', 'restore', '--baseline', 'production.json', '--no-proof'], env)
  assertCode(verified, 0)
  // Without the file there is nothing to compare with: the new installation has no baseline.
  assertCode(await place.run(['verify', '-t', 'restore', '--no-proof'], env), 2)
})

test('another schema drill, an older one of ours, and a newer one', async () => {
  const database = await scratch(restore, null)
  const env = { RESTORE_DATABASE_URL: urlOf(database) }
  const verify = () => place.run(['verify', '-t', 'restore'], env)
  await database.run('create schema drill', 'create table drill.bits (size integer)')
  assertRefused(await verify(), /the schema drill of the target restore is not pgdrill's/, /rename the other one/)
  assertRefused(await place.run(['migrate', 'up', '-t', 'restore'], env), /is not pgdrill's/, /rename the other one/)
  await database.run('drop schema drill cascade')

  assertCode(await place.run(['migrate', 'up', '-t', 'restore', '--count', '3'], env), 0)
  const older = /older than this pgdrill, or damaged|has version 0003, this pgdrill needs 0\d+/
  assertRefused(await verify(), older, /make migrate TARGET=restore/)
  assertRefused(await place.run(['baseline', 'capture', '-t', 'restore'], env), older, /make migrate TARGET=restore/)
  const version = (value: string) =>
    `create or replace function drill.schema_version() returns text language sql as $$ select ${value} $$`
  await database.run(version("'0003'"))
  assertRefused(await verify(), /has version 0003, this pgdrill needs 0\d+/, /make migrate TARGET=restore/)
  await database.run(version("'9999'"))
  assertRefused(await verify(), /has version 9999, this pgdrill needs 0\d+/, /newer pgdrill/)
  await database.run(version('null'))
  assertRefused(await verify(), /version unknown/)
})

test('production itself is refused by whatever name, and with production down', async () => {
  const url = urlOf({ cluster: production, name: sandboxDatabase })
  const aliases = new Workplace()
  symlinkSync(production.socketDirectory, aliases.path('alias'))
  const alias = url.replace(encodeURIComponent(production.socketDirectory), encodeURIComponent(aliases.path('alias')))
  const down = 'postgresql://u@%2Fnowhere/opsmantik'
  const verify = (env: Record<string, string>, ...args: string[]) =>
    place.run(['verify', '-t', 'restore', ...args], env)
  const refused = /the target restore is production itself and is refused/

  assertRefused(await verify({ RESTORE_DATABASE_URL: url, PRODUCTION_DATABASE_URL: url }), refused, /restored copy/)
  assertRefused(await verify({ RESTORE_DATABASE_URL: alias, PRODUCTION_DATABASE_URL: url }), refused)
  assertRefused(
    await place.run(['verify', '-t', 'production'], { PRODUCTION_DATABASE_URL: url }),
    /production is production itself/,
  )
  // The newest baseline inside it tells, too.
  const because = refused
  assertRefused(await verify({ RESTORE_DATABASE_URL: url }), because)
  assertRefused(await verify({ RESTORE_DATABASE_URL: alias, PRODUCTION_DATABASE_URL: down }), because)

  // Production was started again since the baseline: nobody can tell.
  const document = JSON.parse((await place.run(['baseline', 'export', '-t', 'p'], { P_DATABASE_URL: url })).stdout)
  document.source.started_at = '2026-01-01T00:00:00+00:00'
  writeFileSync(place.path('b.json'), JSON.stringify(document))
  const doubt = await verify({ RESTORE_DATABASE_URL: url, PRODUCTION_DATABASE_URL: down }, '--baseline', 'b.json')
  assertRefused(doubt, /may be production itself/, /Set PRODUCTION_DATABASE_URL/, ['b.json'])

  // A broken URL of production is no reason to go on without it.
  const broken = await verify({ RESTORE_DATABASE_URL: alias, PRODUCTION_DATABASE_URL: 'http://x' })
  assertRefused(broken, /PRODUCTION_DATABASE_URL is not a PostgreSQL URL/, undefined, ['b.json'])
  aliases.remove()
})

test('a copy beside production, and one with production down, are not production', async () => {
  const beside = await scratch(production)
  const url = urlOf({ cluster: production, name: sandboxDatabase })
  for (const [status, env] of [
    ['pass', { RESTORE_DATABASE_URL: urlOf(beside), PRODUCTION_DATABASE_URL: url }],
    ['warn', { RESTORE_DATABASE_URL: urlOf(beside) }],
    [
      'warn',
      {
        RESTORE_DATABASE_URL: urlOf({ cluster: restore, name: sandboxDatabase }),
        PRODUCTION_DATABASE_URL: 'postgresql://u@%2Fnowhere/x',
      },
    ],
  ] as const) {
    const verified = await place.run(['verify', '-t', 'restore', '--no-proof', '--format', 'json'], env)
    assertCode(verified, 0)
    const row = JSON.parse(verified.stdout).results.find(
      (result: { check_name: string }) => result.check_name === 'not_production',
    )
    assert.is(row.status, status)
  }
})

test('what is written is written whole: a baseline into a directory that is none', async () => {
  const source = await scratch(restore)
  const env = { PRODUCTION_DATABASE_URL: urlOf(source) }
  writeFileSync(place.path('file'), 'mine')
  const outcome = await place.run(['baseline', 'export', '-t', 'production', '--out', 'file/x.json'], env)
  assertRefused(outcome, /file/, undefined, ['file'])
  assert.is(readFileSync(place.path('file'), 'utf8'), 'mine')
  mkdirSync(place.path('directory'))
  assertRefused(
    await place.run(['baseline', 'export', '-t', 'production', '--out', 'directory'], env),
    /directory/,
    undefined,
    ['file'],
  )
  assert.not(existsSync(place.path('directory.partial')))
  // EPERM and EROFS look like a SQLSTATE.
  const system = await place.run(['baseline', 'export', '-t', 'production', '--out', '/sys/pgdrill/x.json'], env)
  assertRefused(system, /\/sys\/pgdrill/, undefined, ['file'])
  assert.not.match(system.stderr, /SQLSTATE/)
})

test.run()
