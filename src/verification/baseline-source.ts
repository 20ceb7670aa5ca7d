import { type BaselineSource, parseBaseline } from '../baselines/document.ts'
import { readBaselineFile } from '../baselines/file.ts'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { Database } from '../database/connect.ts'
import { exportBaseline, listBaselines } from '../database/facts.ts'
import type { Target } from '../database/targets.ts'

/** The baseline of a file. @throws CouldNotVerify when it is missing or no usable baseline */
export function baselineOfFile(path: string): BaselineSource {
  return { origin: `the file ${path}`, document: readBaselineFile(path), isInside: false }
}

/**
 * The newest baseline that travelled inside a database, or null when there is none.
 * @throws CouldNotVerify when all there are were captured where they are
 */
export async function newestBaselineIn(database: Database, target: Target): Promise<BaselineSource | null> {
  const origin = 'the newest inside the target'
  let text: string
  try {
    text = await exportBaseline(database, undefined, false)
  } catch (error) {
    if ((error as { code?: string }).code !== 'RD003') throw error
    if ((await listBaselines(database)).length === 0) return null
    throw new CouldNotVerify(
      `the target ${target.name} is production itself and is refused, or a copy that captured baselines of itself: all that are inside it were captured by this very database`,
      'Name the restored copy, and give a baseline file of production: --baseline FILE (make: BASELINE=FILE).',
    )
  }
  return { origin, document: parseBaseline(text, origin), isInside: true }
}
