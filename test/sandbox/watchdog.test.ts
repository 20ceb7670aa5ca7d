import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, symlink } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { attachCluster } from '../../src/sandbox/cluster.ts'
import { exists } from '../../src/sandbox/files.ts'
import { makeSandboxRoot } from '../../src/sandbox/ownership.ts'
import { startWatchdog } from '../../src/sandbox/watchdog.ts'
import { suite } from '../support/suite.ts'
import { hasProc, processesIn, until } from './servers.ts'

const test = suite('sandbox/watchdog')
const roots: string[] = []
const parents: ChildProcess[] = []

async function newRoot(): Promise<string> {
  const root = await makeSandboxRoot()
  roots.push(root)
  return root
}

function startParent(root: string, mode: string): ChildProcess {
  const script = fileURLToPath(new URL('./guarded-parent.ts', import.meta.url))
  const parent = spawn(process.execPath, ['--import', 'tsx', script, root, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  parents.push(parent)
  return parent
}

async function isReady(parent: ChildProcess): Promise<void> {
  const ended = once(parent, 'exit').then(([code]) => Promise.reject(new Error(`the parent ended early with ${code}`)))
  await Promise.race([once(parent.stdout as NonNullable<typeof parent.stdout>, 'data'), ended])
  ended.catch(() => undefined)
}

test.after(async () => {
  for (const parent of parents) parent.kill('SIGKILL')
  for (const root of roots) {
    for (const name of ['one', 'one, two'])
      await (await attachCluster(join(root, name)).catch(() => undefined))?.dropEverything()
    await rm(root, { recursive: true, force: true })
  }
})

test.needs(hasProc, 'needs /proc')('a SIGKILL of the parent leaves no server and no directory', async () => {
  const root = await newRoot()
  const parent = startParent(root, 'serve')
  await isReady(parent)
  assert.ok((await processesIn(root)).length > 8, 'two servers with their children run')
  const { socketDirectory } = await attachCluster(join(root, 'one, two'))
  assert.not.ok(socketDirectory.startsWith(root), 'it has its socket elsewhere')
  parent.kill('SIGKILL')
  const gone = async () =>
    !(await exists(root)) && !(await exists(socketDirectory)) && (await processesIn(root)).length === 0
  await until('everything is gone', gone, 4)
})

test.needs(hasProc, 'needs /proc')('a SIGKILL during initdb leaves nothing either', async () => {
  const root = await newRoot()
  const parent = startParent(root, 'begin')
  await isReady(parent)
  assert.ok((await processesIn(root)).length > 0, 'initdb is at work')
  parent.kill('SIGKILL')
  await until('everything is gone', async () => !(await exists(root)) && (await processesIn(root)).length === 0, 5)
})

test('after release the servers stay', async () => {
  const root = await newRoot()
  const parent = startParent(root, 'release')
  const [code] = await once(parent, 'exit')
  assert.is(code, 0)
  const cluster = await attachCluster(join(root, 'one'))
  const sql = cluster.connect()
  assert.equal([...(await sql`select 1 as one`)], [{ one: 1 }])
  await sql.end()
  await cluster.dropEverything()
})

test('releasing it twice, or after the root is gone, does no harm', async () => {
  const root = await newRoot()
  const watchdog = await startWatchdog(root)
  await rm(root, { recursive: true })
  await watchdog.release()
  await watchdog.release()
})

test('a directory that must not be removed is refused', async () => {
  const root = await newRoot()
  await symlink(homedir(), join(root, 'link'))
  for (const precious of ['/', homedir(), process.cwd(), join(process.cwd(), '..'), join(root, 'link')]) {
    const refused = await startWatchdog(precious).then(
      () => 'accepted',
      (error: Error) => error.message,
    )
    assert.match(refused, /cannot be a sandbox/, precious)
  }
})

test.run()
