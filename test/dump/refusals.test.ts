// What backup and restore refuse, and what they tell nobody.

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { sandboxDatabase } from '../../src/sandbox/build.ts'
import { assertCode, assertRefused, Workplace } from '../cli/program.ts'
import { makeDatabase, type Scratch } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { type OwnProduction, programsWith, startSmallProduction, system } from './own-production.ts'

const test = suite('backup and restore: refusals')
const needsDump = test.needs(system !== undefined, 'no pg_dump with a server of the same version')
const files = mkdtempSync(join(tmpdir(), 'pgdrill-refusals-'))
const directory = join(files, 'first')
const log = join(files, 'arguments')
const place = new Workplace()
let production: OwnProduction
let bin: string

test.before(async () => {
  if (system === undefined) return
  production = await startSmallProduction()
  const logged = `echo "$@" >> ${log}; exec $real "$@"`
  bin = programsWith({ pg_dump: logged, pg_dumpall: logged, pg_restore: logged })
  const args = ['backup', '--target', 'production', '--out', directory]
  assertCode(await place.run(args, { ...production.env(), PG_BIN: bin }), 0)
})

test.after(async () => {
  rmSync(files, { recursive: true })
  place.remove()
  if (system === undefined) return
  rmSync(bin, { recursive: true })
  await production.drop()
})

const envOf = (database: Scratch) => production.env(database.target.connection.database)
const empty = () => makeDatabase(production.cluster, null)

needsDump('a target that is not empty, or is production, is refused, and stays as it is', async () => {
  const before = place.files()
  const refused = (message: RegExp, args: string[], env: NodeJS.Dict<string>) =>
    place.run(['restore', '--from', directory, ...args], env).then((outcome) => {
      assertRefused(outcome, message, undefined, before)
    })
  const env = production.env(sandboxDatabase)
  await refused(/is production itself and is refused/, ['--target', 'production'], env)
  await refused(/is production itself and is refused/, ['--target', 'restore'], env)
  await refused(/is production itself and is refused/, ['--target', 'restore', '--into-new', 'x'], env)
  // Without anybody to ask, the server itself tells.
  await refused(/it is the running server and database that the backup was taken from/, ['--target', 'restore'], {
    ...env,
    PRODUCTION_DATABASE_URL: undefined,
  })
  for (const [statement, found] of [
    ['create table public.one ()', /the table or view public\.one$/],
    ['create function public.f() returns integer language sql as $$ select 1 $$', /the function public\.f$/],
    ['create type public.mood as enum ()', /the type public\.mood$/],
    ['create schema s', /the schema s$/],
    ['select lo_create(4711)', /the large object 4711$/],
  ] as const) {
    const database = await empty()
    await database.run(statement)
    await refused(found, ['--target', 'restore'], envOf(database))
    await database.drop()
  }
})

needsDump('a backup that is not as it was written restores nothing', async () => {
  const database = await empty()
  const before = place.files()
  const damaged = join(files, 'damaged')
  const from = ['restore', '--from', damaged, '--target', 'restore']
  cpSync(directory, damaged, { recursive: true })
  const data = join(damaged, 'dump', 'toc.dat')
  const bytes = readFileSync(data)
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
  writeFileSync(data, bytes)
  assertRefused(await place.run(from, envOf(database)), /the content of dump\/toc\.dat changed/, undefined, before)
  rmSync(join(damaged, 'manifest.json'))
  assertRefused(await place.run(from, envOf(database)), /is no backup: it has no manifest\.json/, undefined, before)
  const rows = await database.query<{ count: number }>(
    `select count(*)::integer as count from pg_namespace where nspname = 'drill'`,
  )
  assert.is(rows[0]?.count, 0)
  await database.drop()
})

needsDump('the password is in no argument of what is started', async () => {
  const database = await empty()
  const env = { ...envOf(database), PG_BIN: bin }
  assertCode(await place.run(['restore', '--from', directory, '--target', 'restore'], env), 0)
  const said = readFileSync(log, 'utf8')
  assert.match(said, /--snapshot=[\s\S]*--globals-only[\s\S]*--jobs=/)
  assert.not.match(said, /C4nary/)
  await database.drop()
})

needsDump('nothing is written over, and wrong calls are told', async () => {
  const before = place.files()
  const refused = (message: RegExp, args: string[], env: NodeJS.Dict<string> = production.env()) =>
    place.run(args, env).then((outcome) => assertRefused(outcome, message, undefined, before))
  await refused(/first is there already$/, ['backup', '--target', 'production', '--out', directory])
  await refused(/no target was named/, ['backup'])
  await refused(/no backup was named/, ['restore', '--target', 'restore'])
  await refused(/no target was named/, ['restore', '--from', directory])
  await refused(/there is no pg_dump in /, ['backup', '--target', 'production'], { ...production.env(), PG_BIN: files })
  await refused(/pg_dump is not installed/, ['backup', '--target', 'production'], {
    ...production.env(),
    PG_BIN: undefined,
    PATH: files,
  })
  await refused(/--encrypt-to and --gpg-recipient do not go together/, [
    ...['backup', '--target', 'production', '--encrypt-to', 'age1x', '--gpg-recipient', 'x'],
  ])
  const bare = await empty()
  await refused(/does not have the checks/, ['backup', '--target', 'restore', '--out', join(files, 'x')], envOf(bare))
  assert.is(existsSync(join(files, 'x')), false)
  await bare.drop()
})

test.run()
