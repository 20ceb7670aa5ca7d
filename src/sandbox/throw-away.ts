import { rm } from 'node:fs/promises'
import type { Target } from '../database/targets.ts'
import type { Stages } from '../terminal/stages.ts'
import type { Question } from '../verification/verify-target.ts'
import { type SandboxApp, startSandboxApp } from './app.ts'
import { sandboxAppSettings } from './app-settings.ts'
import { buildFailedProduction, restoreProduction, sandboxDatabase, sandboxFailed, sandboxTarget } from './build.ts'
import type { Cluster } from './cluster.ts'
import { makeSandboxRoot } from './ownership.ts'
import { startWatchdog } from './watchdog.ts'

/** A production that has failed and waits to be restored. */
export interface ThrowAwayProduction {
  production: Target
  failedAt: string
  /** Restores it in a second cluster, with an app on it; once. */
  restore: () => Promise<Target>
}

/**
 * Builds a production up to its failure, hands it over, and removes everything again, also when the work fails; when the
 * process is killed, the watchdog does.
 */
export async function withThrowAwayProduction<T>(
  stages: Stages,
  use: (sandbox: ThrowAwayProduction) => Promise<T>,
): Promise<T> {
  const root = await makeSandboxRoot()
  const watchdog = await startWatchdog(root)
  const clusters: Cluster[] = []
  const apps: SandboxApp[] = []
  // As long as it is not known what runs, the watchdog, which sees it, removes everything when we end.
  let isKnown = false
  try {
    const failed = await buildFailedProduction(root, stages).catch(sandboxFailed)
    clusters.push(failed.production)
    isKnown = true
    return await use({
      production: sandboxTarget('production', failed.production),
      failedAt: failed.failedAt,
      restore: async () => {
        isKnown = false
        const restore = await restoreProduction(root, failed, stages).catch(sandboxFailed)
        clusters.push(restore)
        isKnown = true
        const restored = await startSandboxApp(restore, sandboxDatabase)
        apps.push(restored)
        const original = await startSandboxApp(failed.production, sandboxDatabase)
        apps.push(original)
        const settings = sandboxAppSettings('sandbox', restored, original)
        return { ...sandboxTarget('restore', restore), name: 'sandbox', setting: (variable) => settings[variable] }
      },
    })
  } finally {
    await Promise.all(apps.map((app) => app.close()))
    if (isKnown) {
      await stages.run('remove the sandbox', async () => {
        await Promise.all(clusters.map((cluster) => cluster.stop('immediate')))
        await rm(root, { recursive: true, force: true })
      })
      await watchdog.release()
    }
  }
}

/** The same with the two databases as they are after the restore, each with an app on it. */
export async function withThrowAwaySandbox<T>(
  stages: Stages,
  use: (databases: Pick<Question, 'target' | 'production'>) => Promise<T>,
): Promise<T> {
  return await withThrowAwayProduction(stages, async ({ production, restore }) =>
    use({ target: await restore(), production }),
  )
}
