// Restores that lose something, and tools that fail: what is said, and with which exit code.

import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { RestoreReport } from '../../src/dump/restore-report.ts'
import { sandboxDatabase } from '../../src/sandbox/build.ts'
import { assertCode, assertRefused, urlOf, Workplace } from '../cli/program.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { type OwnProduction, programsWith, startSmallProduction, system } from './own-production.ts'

const test = suite('backup and restore: problems')
const needsDump = test.needs(system !== undefined, 'no pg_dump with a server of the same version')
const files = mkdtempSync(join(tmpdir(), 'pgdrill-problems-'))
const directory = join(files, 'first')
const place = new Workplace()
const bins: string[] = []
let production: OwnProduction

test.before(async () => {
  if (system === undefined) return
  production = await startSmallProduction(
    'create role app',
    'create role loader login superuser',
    'grant select on public.calls to app',
    'create policy of_app on public.calls to app using (true)',
    'create extension pgcrypto',
  )
  assertCode(await place.run(['backup', '--target', 'production', '--out', directory], production.env()), 0)
})

test.after(async () => {
  for (const bin of bins) rmSync(bin, { recursive: true })
  rmSync(files, { recursive: true })
  place.remove()
  if (system !== undefined) await production.drop()
})

const envOf = (database: Scratch) => production.env(database.target.connection.database)
const empty = () => makeDatabase(production.cluster, null)
const restore = (database: Scratch, env: NodeJS.Dict<string> = {}, ...args: string[]) =>
  place.run(['restore', '--from', directory, '--target', 'restore', '--format', 'json', ...args], {
    ...envOf(database),
    ...env,
  })

function withScripts(scripts: Record<string, string>): string {
  const bin = programsWith(scripts)
  bins.push(bin)
  return bin
}

const backup = (out: string, env: NodeJS.Dict<string>) =>
  place.run(['backup', '--target', 'production', '--out', out], { ...production.env(), ...env })

needsDump('missing roles are told first, and what they lose is a failure', async () => {
  const sql = production.cluster.connect('postgres')
  await sql.unsafe('alter role app rename to app_away')
  try {
    const database = await empty()
    const done = await restore(database)
    assertCode(done, 1)
    const report: RestoreReport = JSON.parse(done.stdout)
    assert.equal(report.missing_roles, ['app'])
    assert.is(report.outcome, 'restored with errors')
    const lost = report.problems.filter(({ harmless }) => harmless === null)
    assert.is(lost.length, 2, JSON.stringify(report.problems))
    for (const { message } of lost) assert.is(message, 'role "app" does not exist')
    assert.match(report.statement, /but 2 things could not be restored/)
    // Before anything else, and how to have them.
    assert.match(
      done.stderr,
      /the server has no role app: [\s\S]*run: CREATE ROLE app; ALTER ROLE app WITH .*\n[\s\S]*pg_restore/,
    )
    await database.drop()
  } finally {
    await sql.unsafe('alter role app_away rename to app')
    await sql.end()
  }
})

needsDump('what does no harm is listed and changes nothing: the comment of an extension of somebody else', async () => {
  const database = await empty()
  const name = database.target.connection.database
  await database.run(
    'create role other superuser',
    'set session authorization other',
    'create extension pgcrypto',
    'reset session authorization',
    `alter database ${name} owner to loader`,
    'alter role loader nosuperuser createdb',
    'grant pg_read_all_data to loader',
    'alter schema public owner to loader',
  )
  await database.run('grant postgres, app to loader')
  const url = urlOf(database).replace('postgres:', 'loader:')
  const done = await restore(database, { RESTORE_DATABASE_URL: url })
  await database.run('alter role loader superuser', 'revoke postgres from loader')
  const report: RestoreReport = JSON.parse(done.stdout)
  const comment = report.problems.find(({ entry }) => entry?.startsWith('COMMENT EXTENSION pgcrypto'))
  assert.match(comment?.harmless ?? '', /only the comment of an extension/)
  assert.equal(
    report.problems.filter(({ harmless }) => harmless === null),
    [],
  )
  assertCode(done, 0)
  await database.drop()
})

needsDump('an exit code of 0 proves nothing: an error that it told is a failure', async () => {
  const database = await empty()
  const bin = withScripts({
    pg_restore: `$real "$@" || exit $?
if [ "$1" = --list ]; then exit 0; fi
echo 'pg_restore: from TOC entry 5; 0 1 TABLE DATA t postgres' >&2
echo 'pg_restore: error: COPY failed for table "t": ERROR:  disk is on fire' >&2
exit 0`,
  })
  const done = await restore(database, { PG_BIN: bin })
  assertCode(done, 1)
  assert.match(done.stdout, /disk is on fire/)
  await database.drop()
})

needsDump('errors that it counts and nobody understood are a failure, too', async () => {
  const database = await empty()
  const bin = withScripts({
    pg_restore: `$real "$@" || exit $?
if [ "$1" = --list ]; then exit 0; fi
echo 'pg_restore: warning: errors ignored on restore: 3' >&2
exit 1`,
  })
  const done = await restore(database, { PG_BIN: bin })
  assertCode(done, 1)
  assert.match(done.stdout, /passed over 3 errors, of which 0 were understood/)
  await database.drop()
})

needsDump('a restore that ends half-way says so, and its report, too', async () => {
  const database = await empty()
  const bin = withScripts({
    pg_restore: `if [ "$1" = --list ]; then exec $real "$@"; fi
echo 'pg_restore: error: could not read from input file: end of file' >&2
exit 1`,
  })
  const report = join(files, 'half')
  const done = await restore(database, { PG_BIN: bin }, '--report', report)
  assert.is(done.code, 2)
  assert.match(done.stderr, /ended half-way and must not be used: pg_restore failed: could not read from input file/)
  assert.match(done.stderr, /^to do: Drop the database /m)
  assert.is(JSON.parse(readFileSync(join(report, 'restore.json'), 'utf8')).outcome, 'unfinished')
  assert.match(
    readFileSync(join(report, 'restore.txt'), 'utf8'),
    /UNFINISHED: the restore .* was begun and never ended/,
  )
  await database.drop()
})

needsDump('pg_restore that cannot read the dump is told before anything is made', async () => {
  const database = await empty()
  const bin = withScripts({
    pg_restore: `echo 'pg_restore: error: unsupported version (1.16) in file header' >&2; exit 1`,
  })
  const refused = await restore(database, { PG_BIN: bin }, '--into-new', 'never_made')
  assert.is(refused.code, 2)
  assert.match(
    refused.stderr,
    /pg_restore \(PostgreSQL\) 15\.\S+ .*cannot read what pg_dump .* wrote: unsupported version \(1\.16\)/,
  )
  const made = await database.query(`select from pg_database where datname = 'never_made'`)
  assert.is(made.length, 0)
  await database.drop()
})

needsDump('a pg_dump older than the server is refused with both versions', async () => {
  const { production: embedded } = await sandboxClusters()
  const majors = [embedded.binaries.major, production.cluster.binaries.major]
  const older = withScripts({})
  // Whichever server is at hand, the program says that it is of the major version before.
  const target = production.cluster
  const script = `#!/bin/sh\necho 'pg_dump (PostgreSQL) ${target.binaries.major - 1}.3'\n`
  const { writeFileSync } = await import('node:fs')
  writeFileSync(join(older, 'pg_dump'), script)
  chmodSync(join(older, 'pg_dump'), 0o755)
  const out = join(files, 'older')
  assertRefused(
    await backup(out, { PG_BIN: older }),
    new RegExp(
      `pg_dump is of version ${target.binaries.major - 1}\\.3, and production runs PostgreSQL ${target.binaries.version}`,
    ),
    new RegExp(`PostgreSQL ${target.binaries.major} or later .*PG_BIN=`),
    place.files(),
  )
  assert.is(existsSync(out), false)
  if (majors[0] !== undefined && majors[1] !== undefined && majors[0] > majors[1]) {
    const env = { PRODUCTION_DATABASE_URL: embedded.url(sandboxDatabase) }
    assertRefused(
      await backup(out, env),
      /pg_dump is of version 1\d\.\d+, and production runs PostgreSQL 1\d/,
      undefined,
      place.files(),
    )
  }
})

needsDump('what fails in the middle leaves nothing, and says what the tool said', async () => {
  const cases: [string, RegExp][] = [
    [
      `$real "$@"; echo 'pg_dump: error: could not write to file "x": No space left on device' >&2; exit 1`,
      /pg_dump failed: could not write to file "x": No space left on device/,
    ],
    [`kill -TERM $$`, /pg_dump failed: it was ended by SIGTERM/],
    [
      `echo 'pg_dump: error: query failed: ERROR:  permission denied for table t' >&2; exit 1`,
      /permission denied for table t/,
    ],
  ]
  for (const [script, message] of cases) {
    const out = join(files, 'failing')
    const done = await backup(out, { PG_BIN: withScripts({ pg_dump: script }) })
    assert.is(done.code, 2)
    assert.match(done.stderr, message)
    assert.match(done.stderr, /Nothing of this backup is left/)
    assert.equal(
      readdirSync(files).filter((name) => name.startsWith('failing')),
      [],
    )
  }
})

needsDump('globals that are refused are noted, and no error', async () => {
  const out = join(files, 'no-globals')
  const bin = withScripts({
    pg_dumpall: `echo 'pg_dumpall: error: query failed: ERROR:  permission denied for table pg_authid' >&2; exit 1`,
  })
  const done = await backup(out, { PG_BIN: bin })
  assertCode(done, 0)
  assert.match(done.stdout, /roles {6}not included: query failed: ERROR: {2}permission denied for table pg_authid/)
  const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'))
  assert.is(manifest.globals.is_included, false)
  assert.is(existsSync(join(out, 'globals.sql')), false)
})

test.run()
