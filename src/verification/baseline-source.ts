import type { Baseline } from '../baselines/document.ts'
import { parseBaseline } from '../baselines/document.ts'
import { readBaselineFile } from '../baselines/file.ts'
import type { Database } from '../database/connect.ts'
import { exportBaseline } from '../database/facts.ts'

/** A baseline and where it came from, in words for the report. */
export interface BaselineSource {
  origin: string
  document: Baseline
}

/** The baseline of a file. @throws CouldNotVerify when it is missing or no usable baseline */
export function baselineOfFile(path: string): BaselineSource {
  return { origin: `the file ${path}`, document: readBaselineFile(path) }
}

/** The newest baseline that travelled inside a database, or null when there is none. */
export async function newestBaselineIn(database: Database): Promise<BaselineSource | null> {
  const origin = 'the newest inside the target'
  let text: string
  try {
    text = await exportBaseline(database, undefined)
  } catch (error) {
    if ((error as { code?: string }).code === 'RD003') return null
    throw error
  }
  return { origin, document: parseBaseline(text, origin) }
}
