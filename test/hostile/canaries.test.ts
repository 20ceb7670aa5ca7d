// Secrets in every place that a user has them: they appear nowhere, neither in what is written nor, while it runs, in the
// list of processes. Workplace asserts after each command that none of them is in its output or in a file.

import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type SandboxApp, startSandboxApp } from '../../src/sandbox/app.ts'
import { assertCode, type Outcome, Workplace } from '../cli/program.ts'
import { type OwnProduction, startProduction, system } from '../dump/own-production.ts'
import { send, sendJson, serve, type TestServer } from '../probes/server.ts'
import { makeDatabase, type Scratch } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('hostile/canaries')
const needsDump = test.needs(system !== undefined, 'no pg_dump with a server of the same version')
const place = new Workplace()
const people = ['--ticket', 'DR-12', '--lead', 'Ada', '--db-owner', 'Grace', '--app-owner', 'Edsger']
const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
/** The part of the key that is the key. */
const keyBody = pem.split('\n')[1] ?? ''

/** Outside: what is dumped, the settings of the database too, is production's, secrets and all, for nobody else to read. */
const backups = mkdtempSync(join(tmpdir(), 'pgdrill-canaries-'))
const backup = join(backups, 'one')

let production: OwnProduction
let copy: Scratch
let app: SandboxApp
let env: NodeJS.Dict<string>
let talkative: TestServer | undefined

test.before(async () => {
  if (system === undefined) return
  production = await startProduction(
    "update private.site_secrets set current_secret = 'C4nary-row-' || site_id, next_secret = 'C4nary-next'",
    'alter database opsmantik set "app.settings.jwt_secret" to \'C4nary-setting\'',
  )
  copy = await makeDatabase(production.cluster, null)
  const keys = { current: 'sig_C4naryC4naryC4nary', next: 'sig_C4naryNextC4naryNext' }
  app = await startSandboxApp(production.cluster, copy.target.connection.database, { keys })
  env = {
    ...production.env(copy.target.connection.database),
    RESTORE_APP_URL: app.url,
    PRODUCTION_APP_URL: 'http://127.0.0.1:9',
    QSTASH_CURRENT_SIGNING_KEY: keys.current,
    QSTASH_NEXT_SIGNING_KEY: keys.next,
    SUPABASE_ANON_KEY: 'C4nary-anon-key',
    SUPABASE_SERVICE_ROLE_KEY: 'C4nary-service-key',
    SUPABASE_ACCESS_TOKEN: 'C4nary-access-token',
    CRON_SECRET: 'C4nary-cron',
    SIGNING_KEY: pem,
  }
})
test.after(async () => {
  place.remove()
  rmSync(backups, { recursive: true, force: true })
  await app?.close()
  await talkative?.close()
  if (system !== undefined) await production.drop()
})

/** Looks at the arguments of every process until it is stopped. */
function watchProcesses(): () => string[] {
  const found = new Set<string>()
  const look = () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        if (line.includes('C4nary') || line.includes(keyBody)) found.add(line)
      } catch {
        // It has ended.
      }
    }
  }
  const timer = setInterval(look, 25)
  return () => {
    look()
    clearInterval(timer)
    return [...found]
  }
}

function assertNoKey(outcome: Outcome): void {
  assert.not.ok((outcome.stdout + outcome.stderr).includes(keyBody), 'the signing key was shown')
  for (const file of outcome.files) assert.not.ok(place.read(file).includes(keyBody), `the signing key is in ${file}`)
}

/** Runs a command as a process of its own, and looks at the list of processes meanwhile. */
async function watched(...args: string[]): Promise<Outcome> {
  const stop = watchProcesses()
  const outcome = await place.spawn(args, env).finally(() => assert.equal(stop(), [], 'in the list of processes'))
  assertNoKey(outcome)
  return outcome
}

const isLinux = process.platform === 'linux'

test.needs(isLinux, 'no /proc')('the one who watches the processes sees what is there', async () => {
  const stop = watchProcesses()
  const child = spawn('sh', ['-c', 'read x', 'C4nary-argument'], { stdio: ['pipe', 'ignore', 'ignore'] })
  await new Promise((done) => setTimeout(done, 300))
  child.kill()
  assert.match(stop().join(), /C4nary-argument/)
})

needsDump('a baseline, a backup, a whole drill with its restore and the app', async () => {
  assertCode(await watched('baseline', 'capture', '-t', 'production', '--depth', 'full'), 0)
  assertCode(await watched('backup', '-t', 'production', '--out', backup, '--jobs', '2'), 0)
  for (const file of ['manifest.json', 'baseline.json', 'globals.sql']) {
    assert.not.match(readFileSync(join(backup, file), 'utf8'), /C4nary/, file)
  }
  assert.is(statSync(backup).mode & 0o077, 0, 'nobody else may read a backup')
  const sign = ['--sign-key', 'env:SIGNING_KEY']
  const drill = await watched('drill', 'run', ...people, '--from-dump', backup, '--depth', 'full', ...sign)
  assert.ok(drill.code === 0 || drill.code === 1, drill.stderr)
  assert.ok(
    drill.files.some((file) => /^verify\/proofs\/.*\/worker\.json$/.test(file)),
    'the app was asked',
  )
  // The copy has the secrets: what is looked for was there to be told.
  const rows = await copy.query<{ n: string }>(
    "select count(*) as n from private.site_secrets where current_secret like 'C4nary-row-%'",
  )
  assert.ok(Number(rows[0]?.n) > 0)
})

needsDump('every format, and an app that repeats whatever it was told', async () => {
  talkative = await serve((arrival, response) => {
    const said = JSON.stringify({
      headers: arrival.headers,
      secret: 'C4nary-row-1',
      key: env['SUPABASE_SERVICE_ROLE_KEY'],
    })
    response.setHeader('set-cookie', 'session=C4nary')
    if (arrival.url.startsWith('/dashboard')) response.writeHead(302, { location: '/login?code=C4nary' }).end(said)
    else if (arrival.url.startsWith('/login')) send(response, 200, 'text/html', `<title>x</title>${said}`)
    else sendJson(response, { ok: env['SUPABASE_SERVICE_ROLE_KEY'], echo: said })
  })
  const all = { ...env, RESTORE_APP_URL: talkative.url.href }
  const verified = await place.run(['verify', '-t', 'restore', '-d', 'quick', '--verbose', '--out', 'proof'], all)
  assert.is(verified.code, 1, verified.stderr)
  assertNoKey(verified)
  for (const format of ['text', 'json', 'junit', 'markdown', 'html', 'prometheus', 'github']) {
    const shown = await place.run(['report', 'show', 'proof', '--verbose', '--format', format], all)
    assertCode(shown, 0)
    assertNoKey(shown)
  }
})

needsDump('the other commands, and errors with all that is known of them', async () => {
  for (const line of [
    'status -t production',
    'status -t production --format json',
    'disarm -t restore',
    'schedule -t production',
    'incident list -t production',
    `retention --inventory ${backups} -t production --record`,
    'baseline show -t production --format json',
    'drill status',
  ]) {
    assertNoKey(await place.run(line.split(' '), env))
  }
  const away = { ...env, PGDRILL_DEBUG: '1', RESTORE_DATABASE_URL: 'postgresql://u:C4nary-pass@127.0.0.1:9/db' }
  assert.is((await place.spawn(['verify', '-t', 'restore'], away)).code, 2)
  const broken = { ...away, RESTORE_DATABASE_URL: 'postgresql://u:C4nary#/pa ss@127.0.0.1:9/db' }
  assert.is((await place.spawn(['verify', '-t', 'restore'], broken)).code, 2)
  const noKey = { ...env, SIGNING_KEY: `C4nary${pem}` }
  assert.is((await place.run(['verify', '-t', 'restore', '--sign-key', 'env:SIGNING_KEY'], noKey)).code, 2)
})

test.run()
