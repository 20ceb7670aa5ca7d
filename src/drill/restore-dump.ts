import { join } from 'node:path'
import type { Target } from '../database/targets.ts'
import { baselineFile } from '../dump/manifest.ts'
import { restoreBackup } from '../dump/restore-backup.ts'
import type { Stages } from '../terminal/stages.ts'
import type { Drill } from './drill.ts'
import { restoreInDrill } from './restore.ts'

/** What a drill restores by itself: a backup of pgdrill. */
export interface DumpRestore {
  directory: string
  target: Target
  production: Target | undefined
  jobs: number
  announce: (line: string) => void
}

/** Restores a backup of pgdrill as the restore of a drill. The caller holds the lock. */
export async function restoreDump(id: string, dump: DumpRestore, stages: Stages): Promise<Drill> {
  const { directory, ...question } = dump
  return await restoreInDrill(id, async (began) => {
    began(process.pid)
    const report = await restoreBackup(
      { ...question, backup: directory, intoNew: undefined, identityFile: undefined },
      stages,
    )
    return { exit_code: report.exit_code, signal: null, problem: report.exit_code === 0 ? null : report.statement }
  })
}

/** The exact baseline that a backup has beside it: its snapshot does not hold it. */
export function baselineOfDump(directory: string): string {
  return join(directory, baselineFile)
}
