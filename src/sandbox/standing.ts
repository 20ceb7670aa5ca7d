// The sandbox that stays up between commands. Its clusters live in a temporary
// directory; .sandbox/ below the working directory says where, and holds the URLs.

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import { sandboxTargetsFile, targetVariable } from '../database/targets.ts'
import { readOutside } from '../outside-text.ts'
import type { Stages } from '../terminal/stages.ts'
import { writeWhole } from '../write-whole.ts'
import { buildSandbox, type Sandbox, sandboxDatabase, sandboxFailed } from './build.ts'
import { attachCluster, type Cluster } from './cluster.ts'
import { makeSandboxRoot } from './ownership.ts'
import { startWatchdog } from './watchdog.ts'

const stateFile = join(dirname(sandboxTargetsFile), 'sandbox.json')
const State = z.object({ root: z.string().min(1) })

/** Builds the sandbox and leaves it up. @throws CouldNotVerify when there is one already */
export async function raiseSandbox(stages: Stages): Promise<Sandbox> {
  const root = await makeSandboxRoot()
  try {
    claim(root)
    // Until it is complete the watchdog removes it, should we be killed.
    const watchdog = await startWatchdog(root)
    const sandbox = await buildSandbox(root, stages).catch(sandboxFailed)
    writeTargets(sandbox, {})
    await watchdog.release()
    return sandbox
  } catch (error) {
    // What runs already is removed by the watchdog when we end; without the directory the claim counts no more.
    await rm(root, { recursive: true, force: true })
    throw error
  }
}

/**
 * Leaves the URLs of the two databases, and further settings, where every command looks for them. Does nothing when the sandbox has
 * been removed meanwhile.
 */
export function writeTargets(sandbox: Sandbox, settings: Record<string, string>): void {
  if (!existsSync(dirname(sandboxTargetsFile))) return
  const urls = (['production', 'restore'] as const).map((name) => [
    targetVariable(name),
    sandbox[name].url(sandboxDatabase),
  ])
  const lines = [...urls, ...Object.entries(settings)].map(([name, value]) => `${name}=${value}\n`)
  writeWhole(sandboxTargetsFile, lines.join(''))
}

// Before the long work: two at once must not both succeed. The claim of one that was killed has no directory any more.
function claim(root: string): void {
  mkdirSync(dirname(stateFile), { recursive: true })
  if (existsSync(stateFile) && !existsSync(readState().root)) rmSync(stateFile)
  try {
    writeFileSync(stateFile, `${JSON.stringify({ root })}\n`, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new CouldNotVerify(
      'a sandbox is there already',
      'Use it (make sandbox-status), or remove it first: make sandbox-down.',
    )
  }
}

/** The sandbox that is up. @throws CouldNotVerify when there is none, or when it is damaged */
export async function standingSandbox(): Promise<Sandbox> {
  const { root } = readState()
  const attach = async (name: string): Promise<Cluster> => {
    try {
      const cluster = await attachCluster(join(root, name))
      if (await cluster.isRunning()) return cluster
    } catch {
      // Said below: which part is gone does not matter to the user.
    }
    throw new CouldNotVerify(
      `the sandbox's ${name} server does not run any more`,
      'Remove what is left (make sandbox-down) and start anew: make sandbox.',
    )
  }
  return { production: await attach('production'), restore: await attach('restore') }
}

/** Stops and removes the sandbox. @returns false when there was none */
export async function removeSandbox(): Promise<boolean> {
  if (!existsSync(stateFile)) return false
  const { root } = readState()
  for (const name of ['production', 'restore']) {
    const cluster = await attachCluster(join(root, name)).catch(() => undefined)
    await cluster?.dropEverything()
  }
  await rm(root, { recursive: true, force: true })
  rmSync(dirname(stateFile), { recursive: true, force: true })
  return true
}

function readState(): z.infer<typeof State> {
  let text: string
  try {
    text = readOutside(stateFile).toString('utf8')
  } catch {
    throw new CouldNotVerify('no sandbox is up', 'Start one: make sandbox.')
  }
  const state = State.safeParse(JSON.parse(text))
  if (!state.success)
    throw new CouldNotVerify(`${stateFile} is damaged`, `Remove ${dirname(stateFile)} and stop the servers by hand.`)
  return state.data
}
