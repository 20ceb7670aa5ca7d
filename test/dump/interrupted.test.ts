// Killed and interrupted at each stage: nothing that looks like a backup is left, and nothing runs on.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { listBackups } from '../../src/dump/read-manifest.ts'
import { projectFile } from '../../src/project-files.ts'
import { sandboxDatabase } from '../../src/sandbox/build.ts'
import { assertCode, assertRefused, Workplace } from '../cli/program.ts'
import { makeDatabase } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { type OwnProduction, programsWith, startSmallProduction, system } from './own-production.ts'

const test = suite('backup and restore: interrupted')
const needsDump = test.needs(system !== undefined, 'no pg_dump with a server of the same version')
const root = mkdtempSync(join(tmpdir(), 'pgdrill-interrupted-'))
const place = new Workplace()
const bins: string[] = []
let production: OwnProduction
let count = 0

test.before(async () => {
  if (system !== undefined) production = await startSmallProduction()
})

test.after(async () => {
  for (const bin of bins) rmSync(bin, { recursive: true })
  rmSync(root, { recursive: true })
  place.remove()
  if (system !== undefined) await production.drop()
})

/** Does the real thing, says that it is there, and goes on talking, as a long dump does. */
function talking(mark: string): string {
  return `$real "$@" || exit 1
echo $$ > ${mark}.new && mv ${mark}.new ${mark}
while :; do echo 'pg_dump: still here' >&2; sleep 0.05; done`
}

interface Stage {
  mark: string
  args: string[]
  env: NodeJS.Dict<string>
  /** Ends what stands in the way of the program. */
  release?: () => Promise<void>
}

async function stageOf(name: string, directory: string): Promise<Stage> {
  const mark = join(directory, 'mark')
  const args = ['backup', '--target', 'production', '--out', join(directory, 'out', 'one')]
  const bin = (scripts: Record<string, string>) => {
    const made = programsWith(scripts)
    bins.push(made)
    return made
  }
  switch (name) {
    case 'baseline': {
      // What the baseline is stored in is locked: it waits there.
      const sql = production.cluster.connect(sandboxDatabase)
      await sql.unsafe('begin; lock table drill.baseline_objects in access exclusive mode')
      return {
        mark: join(directory, 'out', 'one.partial'),
        args,
        env: production.env(),
        release: async () => {
          await sql.unsafe('rollback')
          await sql.end()
        },
      }
    }
    case 'encrypt': {
      const made = bin({})
      const age = `#!/bin/sh
for last; do :; done
if [ "$last" = /dev/null ]; then exit 0; fi
real=true
echo half > "$last.age"
${talking(mark)}`
      writeFileSync(join(made, 'age'), age)
      chmodSync(join(made, 'age'), 0o755)
      const env = { ...production.env(), PG_BIN: made, PATH: `${made}:${process.env['PATH']}` }
      return { mark, args: [...args, '--encrypt-to', 'age1x'], env }
    }
    default:
      return { mark, args, env: { ...production.env(), PG_BIN: bin({ [name]: talking(mark) }) } }
  }
}

function start(stage: Stage): ChildProcess {
  const own = Object.entries(process.env).filter(([name]) => !/^PG|_DATABASE_URL$/.test(name))
  return spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), projectFile('src', 'bin.ts'), ...stage.args],
    { cwd: place.directory, env: { ...Object.fromEntries(own), ...stage.env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (isTrue()) return
    await sleep(50)
  }
  throw new Error(`it did not happen: ${what}`)
}

const isAlive = (pid: number) => {
  try {
    // A process that has ended and was not collected by anybody is no process any more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return existsSync('/proc') ? false : execFileSync('ps', ['-o', 'pid=', '-p', String(pid)]).length > 0
  }
}

for (const name of ['baseline', 'pg_dump', 'pg_dumpall', 'encrypt']) {
  for (const signal of name === 'pg_dump' || name === 'encrypt'
    ? (['SIGKILL', 'SIGINT'] as const)
    : ['SIGKILL' as const]) {
    needsDump(`${signal} at the stage ${name}`, async () => {
      const directory = join(root, String(++count))
      mkdirSync(join(directory, 'out'), { recursive: true })
      const stage = await stageOf(name, directory)
      const child = start(stage)
      let said = ''
      child.stderr?.setEncoding('utf8').on('data', (text) => {
        said += text
      })
      child.stdout?.resume()
      const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)))
      await until(`the stage ${name}: ${said}`, () => existsSync(stage.mark))
      child.kill(signal)
      const code = await ended
      await stage.release?.()
      const pid = name === 'baseline' ? undefined : Number(readFileSync(stage.mark, 'utf8'))
      if (pid !== undefined) await until('the started program ends', () => !isAlive(pid))
      if (signal === 'SIGINT') {
        assert.is(code, 2)
        assert.match(said, /interrupted by SIGINT/)
        assert.equal(readdirSync(join(directory, 'out')), [])
        return
      }
      const { backups, others } = await listBackups(join(directory, 'out'), 'sizes')
      assert.equal(backups, [])
      assert.equal(
        others.map((one) => one.why.replace(/^\S+\//, '')),
        ['one.partial is being written, or was never finished'],
      )
      assert.is(existsSync(join(directory, 'out', 'one.partial', 'manifest.json')), false)
      // What is left stands in the way of nobody for long: it is told what it is.
      assertRefused(
        await place.run(['backup', '--target', 'production', '--out', join(directory, 'out', 'one')], production.env()),
        /one\.partial is there: another backup is being written, or one was killed/,
        /remove that folder/,
        place.files(),
      )
    })
  }
}

needsDump('a restore that is killed leaves a report that says so, and a target that is refused', async () => {
  const directory = join(root, 'restore')
  const from = join(directory, 'one')
  assertCode(await place.run(['backup', '--target', 'production', '--out', from], production.env()), 0)
  const target = await makeDatabase(production.cluster, null)
  const mark = join(directory, 'mark')
  const bin = programsWith({ pg_restore: `if [ "$1" = --list ]; then exec $real "$@"; fi\n${talking(mark)}` })
  bins.push(bin)
  const args = ['restore', '--from', from, '--target', 'restore', '--report', join(directory, 'report')]
  const env = production.env(target.target.connection.database)
  const child = start({ mark, args, env: { ...env, PG_BIN: bin } })
  child.stderr?.resume()
  child.stdout?.resume()
  await until('pg_restore', () => existsSync(mark))
  child.kill('SIGKILL')
  const pid = Number(readFileSync(mark, 'utf8'))
  await until('pg_restore ends', () => !isAlive(pid))
  const report = JSON.parse(readFileSync(join(directory, 'report', 'restore.json'), 'utf8'))
  assert.is(report.outcome, 'unfinished')
  assert.is(report.exit_code, 2)
  assertRefused(await place.run(args, env), /is not empty/, undefined, place.files())
  await target.drop()
})

test.run()
