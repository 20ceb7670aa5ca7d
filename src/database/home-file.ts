import { homedir } from 'node:os'
import { join } from 'node:path'

/** The path of a file below the home directory, which is HOME if that is set, as for libpq. */
export function homeFile(...parts: string[]): string {
  return join(process.env['HOME'] || homedir(), ...parts)
}
