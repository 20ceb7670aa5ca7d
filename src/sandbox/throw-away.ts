import { rm } from 'node:fs/promises'
import type { Stages } from '../terminal/stages.ts'
import type { Question } from '../verification/verify-target.ts'
import { type SandboxApp, startSandboxApp } from './app.ts'
import { sandboxAppSettings } from './app-settings.ts'
import { buildSandbox, type Sandbox, sandboxDatabase, sandboxFailed, sandboxTarget } from './build.ts'
import { makeSandboxRoot } from './ownership.ts'
import { startWatchdog } from './watchdog.ts'

/**
 * Builds a sandbox, hands its two databases over, each with an app on it, and removes everything again, also when the work fails; when the
 * process is killed, the watchdog does.
 */
export async function withThrowAwaySandbox<T>(
  stages: Stages,
  use: (databases: Pick<Question, 'target' | 'production'>) => Promise<T>,
): Promise<T> {
  const root = await makeSandboxRoot()
  const watchdog = await startWatchdog(root)
  let sandbox: Sandbox | undefined
  const apps: SandboxApp[] = []
  try {
    sandbox = await buildSandbox(root, stages).catch(sandboxFailed)
    const restored = await startSandboxApp(sandbox.restore, sandboxDatabase)
    apps.push(restored)
    const original = await startSandboxApp(sandbox.production, sandboxDatabase)
    apps.push(original)
    const settings = sandboxAppSettings('sandbox', restored, original)
    return await use({
      target: {
        ...sandboxTarget('restore', sandbox.restore),
        name: 'sandbox',
        setting: (variable) => settings[variable],
      },
      production: sandboxTarget('production', sandbox.production),
    })
  } finally {
    await Promise.all(apps.map((app) => app.close()))
    // Without a sandbox it is not known how far it came: the watchdog, which sees what runs, removes it when we end.
    if (sandbox !== undefined) {
      const { production, restore } = sandbox
      await stages.run('remove the sandbox', async () => {
        await Promise.all([production.stop('immediate'), restore.stop('immediate')])
        await rm(root, { recursive: true, force: true })
      })
      await watchdog.release()
    }
  }
}
