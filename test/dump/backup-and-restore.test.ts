// A backup of a production with traffic, its restore, and what verify says of it.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Target } from '../../src/database/targets.ts'
import type { Manifest } from '../../src/dump/manifest.ts'
import { readBackup } from '../../src/dump/read-manifest.ts'
import type { RestoreReport } from '../../src/dump/restore-report.ts'
import { sandboxDatabase } from '../../src/sandbox/build.ts'
import { startTraffic } from '../../src/sandbox/traffic.ts'
import { assertCode, assertRefused, Workplace } from '../cli/program.ts'
import { findings, makeDatabase, type Scratch, verify } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { type OwnProduction, startProduction, system } from './own-production.ts'

const test = suite('backup and restore')
const needsDump = test.needs(system !== undefined, 'no pg_dump with a server of the same version')
const files = mkdtempSync(join(tmpdir(), 'pgdrill-backups-'))
const directory = join(files, 'first')
const place = new Workplace()
let production: OwnProduction
let copy: Scratch
let asked: { production: Target; baselineFile: string }

test.before(async () => {
  if (system === undefined) return
  production = await startProduction(
    'create role reader',
    'create role "Quoted ""role"""',
    `alter database ${sandboxDatabase} set search_path to "$user", public, private`,
    `alter database ${sandboxDatabase} set statement_timeout to '300s'`,
    `alter database ${sandboxDatabase} set "app.settings.jwt_secret" to 'C4nary-secret'`,
    `alter role reader in database ${sandboxDatabase} set work_mem to '8MB'`,
    `revoke connect on database ${sandboxDatabase} from public`,
    `grant connect on database ${sandboxDatabase} to reader, "Quoted ""role""" with grant option`,
    'grant select on public.calls to "Quoted ""role"""',
    'create extension pgcrypto',
  )
  asked = { production: production.target, baselineFile: join(directory, 'baseline.json') }
  const traffic = startTraffic(production.cluster, sandboxDatabase)
  const made = await place.run(
    ['backup', '--target', 'production', '--out', directory, '--jobs', '2'],
    production.env(),
  )
  await traffic.stop()
  assertCode(made, 0)
  assert.match(made.stdout, /^pgdrill backup: .*first \(SANDBOX\)\n/)
  assert.match(made.stdout, /baseline {3}[0-9a-f-]{36}, exact\n/)
  copy = await makeDatabase(production.cluster, null)
  const restored = await place.run(['restore', '--from', directory, '--target', 'restore'], envOf(copy))
  assertCode(restored, 0)
  assert.match(restored.stdout, /\nRESTORED: the database t_\w+ holds the backup of .* \(exit 0\)\n/)
})

test.after(async () => {
  rmSync(files, { recursive: true })
  place.remove()
  if (system !== undefined) await production.drop()
})

const envOf = (database: Scratch) => production.env(database.target.connection.database)
const exactly = (target = copy.target) => verify(target, { ...asked, depth: 'full' })
const empty = () => makeDatabase(production.cluster, null)

needsDump('the copy passes exactly, whatever was written meanwhile', async () => {
  const verification = await exactly()
  assert.equal(findings(verification), [])
  assert.is(verification.verdict.exit_code, 0)
  const said = verification.results.map(({ check_name, detail }) => `${check_name} ${detail}`).join('\n')
  assert.match(said, /^row_counts .*exact baseline/m)
  assert.not.match(said, /compared as one that is not exact/)
  const manifest = (await readBackup(directory, 'hashes')).manifest
  const [newest] = await production.cluster
    .connect(sandboxDatabase)
    .unsafe('select max(created_at) > $1::timestamptz as later from public.events', [manifest.snapshot.taken_at])
  assert.is(newest?.['later'], true, 'nothing was written after the snapshot: this test proves nothing')
})

needsDump('must fail: one changed value, one missing row of a mutable table, one setting', async () => {
  const damaged = await makeDatabase(production.cluster, copy.target.connection.database)
  await damaged.run(
    `update public.calls set phone_number = phone_number || '1'
     where id = (select id from public.calls order by created_at desc limit 1)`,
    'delete from public.site_members where id = (select id from public.site_members order by created_at desc limit 1)',
  )
  const verification = await exactly(damaged.target)
  assert.is(verification.verdict.exit_code, 1)
  const said = findings(verification).join('\n')
  assert.match(said, /fail fingerprints public\.calls/)
  assert.match(said, /fail row_counts public\.site_members: .*exact baseline: must be equal/)
  await damaged.drop()
  const name = copy.target.connection.database
  const set = (value: string) => copy.run(`alter role reader in database ${name} set work_mem to '${value}'`)
  await set('9MB')
  const other = await verify(copy.target, { ...asked, depth: 'quick' })
  assert.match(findings(other).join('\n'), /^fail objects .*work_mem.* differs from production: .*8MB.*9MB/)
  await set('8MB')
  assert.equal(findings(await verify(copy.target, { ...asked, depth: 'quick' })), [])
})

needsDump('what is in production is not exact, and has the fingerprints of the file', async () => {
  const rows = await production.cluster
    .connect(sandboxDatabase)
    .unsafe('select baseline_id::text as id, is_exact, depth, label from drill.baselines')
  const file = JSON.parse(readFileSync(join(directory, 'baseline.json'), 'utf8'))
  assert.equal(
    rows.map((row) => ({ ...row })),
    [{ id: file.baseline_id, is_exact: false, depth: 'full', label: `backup ${directory}` }],
  )
  assert.is(file.is_exact, true)
})

needsDump('the manifest names every file, and nobody else may read them', async () => {
  const manifest: Manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'))
  const found = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(directory, name)).isFile(),
  )
  assert.equal(found.filter((name) => name !== 'manifest.json').sort(), manifest.files.map(({ path }) => path).sort())
  assert.is(statSync(directory).mode & 0o077, 0)
  for (const role of ['Quoted "role"', 'anon', 'authenticated', 'postgres', 'reader', 'service_role']) {
    assert.ok(manifest.roles.includes(role), `${role} is not among ${manifest.roles.join(', ')}`)
  }
  assert.is(manifest.globals.is_included, true)
  assert.not.match(readFileSync(join(directory, 'globals.sql'), 'utf8'), /password/i)
  assert.not.match(readFileSync(join(directory, 'manifest.json'), 'utf8'), /C4nary/)
})

needsDump('a database that is made for it is the same, and its report tells so', async () => {
  const maintenance = await empty()
  const name = 'made by "restore"'
  const args = ['restore', '--from', directory, '--target', 'restore', '--into-new', name, '--jobs', '2']
  const made = await place.run([...args, '--format', 'json', '--report', join(files, 'report')], envOf(maintenance))
  assertCode(made, 0)
  const report: RestoreReport = JSON.parse(made.stdout)
  assert.is(report.outcome, 'restored')
  assert.is(report.target.database_name, name)
  assert.is(report.target.is_new, true)
  assert.equal(JSON.parse(readFileSync(join(files, 'report', 'restore.json'), 'utf8')), report)
  assert.match(
    readFileSync(join(files, 'report', 'restore.txt'), 'utf8'),
    /Now let RESTORE_DATABASE_URL name the database/,
  )
  assert.match(made.stderr, /into a new database made by "restore" of/)
  const target = { ...copy.target, connection: { ...copy.target.connection, database: name } }
  assert.equal(findings(await verify(target, asked)), [])
  assertRefused(
    await place.run(args, envOf(maintenance)),
    /has a database made by "restore" already/,
    /another name/,
    place.files(),
  )
  const sql = production.cluster.connect('postgres')
  await sql.unsafe('drop database "made by ""restore"""')
  await sql.end()
  await maintenance.drop()
})

test.run()
