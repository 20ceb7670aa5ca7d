import { CouldNotVerify } from '../could-not-verify.ts'
import type { Stages } from '../terminal/stages.ts'
import { readBackup } from './read-manifest.ts'
import type { RestoreQuestion, RestoreReport } from './restore-report.ts'

export type { RestoreQuestion, RestoreReport } from './restore-report.ts'

/**
 * Restores a backup into an empty database.
 * @returns what was done; its problems are judged, its exit code is 0 or 1
 * @throws CouldNotVerify when nothing was restored, or when it ended half-way: the message says which
 */
export async function restoreBackup(question: RestoreQuestion, stages: Stages): Promise<RestoreReport> {
  await stages.run('check the backup', (tell) => readBackup(question.backup, 'hashes', tell))
  throw new CouldNotVerify('this pgdrill cannot restore yet', 'Use pg_restore.')
}
