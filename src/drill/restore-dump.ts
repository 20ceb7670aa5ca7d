import { join } from 'node:path'
import type { Target } from '../database/targets.ts'
import { baselineFile } from '../dump/manifest.ts'
import { type RestoreReport, restoreBackup } from '../dump/restore-backup.ts'
import type { Stages } from '../terminal/stages.ts'
import { writeWhole } from '../write-whole.ts'
import type { Drill } from './drill.ts'
import { drillFolder } from './journal.ts'
import { restoreInDrill } from './restore.ts'

/** What a drill restores by itself: a backup of pgdrill. */
export interface DumpRestore {
  directory: string
  target: Target
  production: Target | undefined
  jobs: number
  /** The secret key of a backup that age encrypted. */
  identityFile: string | undefined
  announce: (line: string) => void
}

/** What became of it, in the folder of the drill. */
const reportName = 'restore.json'

/** Restores a backup of pgdrill as the restore of a drill. The caller holds the lock. */
export async function restoreDump(id: string, dump: DumpRestore, stages: Stages): Promise<Drill> {
  const { directory, ...question } = dump
  const report = (one: RestoreReport) =>
    writeWhole(join(drillFolder(id), reportName), `${JSON.stringify(one, null, 2)}\n`)
  return await restoreInDrill(id, { file: reportName, option: '--from-dump DIR' }, async (began) => {
    began(process.pid)
    const done = await restoreBackup({ ...question, backup: directory, intoNew: undefined, begun: report }, stages)
    report(done)
    const isWhole = done.exit_code === 0
    return {
      exit_code: done.exit_code,
      signal: null,
      problem: done.outcome === 'unfinished' ? done.statement : null,
      errors: isWhole ? null : done.statement,
    }
  })
}

/** The exact baseline that a backup has beside it: its snapshot does not hold it. */
export function baselineOfDump(directory: string): string {
  return join(directory, baselineFile)
}
