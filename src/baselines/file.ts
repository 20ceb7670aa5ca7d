import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readNamedFile } from '../read-named-file.ts'
import { writeWhole } from '../write-whole.ts'
import { type Baseline, parseBaseline } from './document.ts'

/** Where baselines are kept as files, below the working directory. */
export const baselinesDirectory = join('verify', 'baselines')

/** Reads a baseline file. @throws CouldNotVerify when it is missing or no usable baseline */
export function readBaselineFile(path: string): Baseline {
  const hint = 'Baselines are written by: pgdrill baseline capture --target production.'
  return parseBaseline(readNamedFile(path, 'baseline file', hint), path)
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
