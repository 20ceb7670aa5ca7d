import { isSandboxTarget } from '../database/sandbox-mark.ts'
import type { Target } from '../database/targets.ts'
import { plainLine } from '../terminal/plain-text.ts'
import type { ProgramOutput } from './program-output.ts'

/** Says on stderr that a target is of the sandbox, for commands whose output has no place for it. */
export async function noteSandbox(target: Target, output: ProgramOutput): Promise<void> {
  if (await isSandboxTarget(target)) {
    output.stderr(`note: the target ${plainLine(target.name)} is of the SANDBOX, a throw-away rehearsal\n`)
  }
}
