// The user's own pg_restore.

import { CouldNotVerify } from '../could-not-verify.ts'
import type { Target } from '../database/targets.ts'
import { RestoreLogReader } from '../rules/restore-errors.ts'
import { clientEnvironment, type Program } from './client-programs.ts'
import type { RestoreProblem } from './restore-report.ts'
import { endingText, runProgram } from './run-program.ts'

/**
 * Restores a dump into an empty database, with owners and privileges.
 * @returns what it told, judged, and its warnings
 * @throws CouldNotVerify when it did not get to its end
 */
export async function runRestore(
  program: Program,
  target: Target,
  dump: string,
  jobs: number,
  tell: (text: string) => void,
): Promise<{ problems: RestoreProblem[]; warnings: string[] }> {
  const reader = new RestoreLogReader()
  let items = 0
  const onLine = (line: string) => {
    if (/^pg_restore: (creating|processing data for|finished item)/.test(line)) {
      items += 1
      const data = /^pg_restore: processing data for table (.+)$/.exec(line)?.[1]
      tell(`${items} steps done${data === undefined ? '' : `, data of ${data}`}`)
    }
    reader.read(line)
  }
  const args = [
    '--format=directory',
    `--dbname=${asConnectionWord(target.connection.database)}`,
    `--jobs=${jobs}`,
    '--no-password',
    // Says what it does; and once nobody reads that any more it ends.
    '--verbose',
    dump,
  ]
  const ending = await runProgram(program.path, args, { env: clientEnvironment(target.connection, program), onLine })
  const { errors, warnings, ignored } = reader.log()
  if (ending.code !== 0 && ignored === null) {
    throw new CouldNotVerify(`pg_restore failed: ${errors.at(-1)?.message ?? endingText(ending)}`)
  }
  const problems: RestoreProblem[] = [...errors]
  // It counts itself: what it passed over and we did not understand is no less lost. Over several connections it counts an
  // error again with each later step of the same connection, so there only the difference between none and some is known.
  if (ignored !== null && (jobs === 1 ? ignored > errors.length : errors.length === 0)) {
    const message = `pg_restore passed over ${ignored} errors, of which ${errors.length} were understood: look at its log`
    problems.push({ entry: null, message, harmless: null })
  }
  return { problems, warnings }
}

/** A name with = in it, or one that begins like a URL, would be read as a connection string. */
function asConnectionWord(name: string): string {
  return `dbname='${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
