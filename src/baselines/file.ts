import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { readOutside } from '../outside-text.ts'
import { writeWhole } from '../write-whole.ts'
import { type Baseline, parseBaseline } from './document.ts'

/** Where baselines are kept as files, below the working directory. */
export const baselinesDirectory = join('verify', 'baselines')

/** Reads a baseline file. @throws CouldNotVerify when it is missing or no usable baseline */
export function readBaselineFile(path: string): Baseline {
  let text: string
  try {
    text = readOutside(path).toString('utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new CouldNotVerify(
      code === 'ENOENT'
        ? `the baseline file ${path} does not exist`
        : `the baseline file ${path} cannot be read: ${message}`,
      'Baselines are written by: pgdrill baseline capture --target production.',
    )
  }
  return parseBaseline(text, path)
}

/** The file name under which a baseline of a target is kept: sorts by time. */
export function baselineFileName(targetName: string, baseline: Baseline): string {
  const time = baseline.captured_at.replace(/\.\d+/, '').replace(/[-:]|\+00:00$/g, '')
  return `${targetName}-${time}Z-${baseline.baseline_id.slice(0, 8)}.json`
}

/** Writes a baseline document; the file is whole or absent. */
export function writeBaselineFile(path: string, document: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeWhole(path, document.endsWith('\n') ? document : `${document}\n`)
}
