import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** Path of a file that ships with pgdrill (migrations, sql), whether run from src/ or dist/. */
export function projectFile(...parts: string[]): string {
  return join(root, ...parts)
}

/** The version in package.json. */
export function toolVersion(): string {
  return (JSON.parse(readFileSync(projectFile('package.json'), 'utf8')) as { version: string }).version
}
