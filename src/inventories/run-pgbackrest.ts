import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { CouldNotVerify } from '../could-not-verify.ts'
import { type Inventory, mostBackups } from './inventory.ts'
import { parseJsonText } from './json-text.ts'
import { readPgbackrest } from './pgbackrest.ts'

/**
 * Asks pgBackRest itself. Its configuration is its own: /etc/pgbackrest.conf, or PGBACKREST_ in the environment.
 * @throws CouldNotVerify when it is not installed, fails, or does not know the stanza
 */
export async function runPgbackrest(stanza: string): Promise<Inventory[]> {
  if (!/^[A-Za-z0-9_.-]+$/.test(stanza)) {
    throw new CouldNotVerify(`${JSON.stringify(stanza)} is not the name of a stanza`, 'Name one, such as main.')
  }
  const args = [`--stanza=${stanza}`, '--output=json', '--log-level-console=off', '--log-level-stderr=error', 'info']
  try {
    const { stdout } = await promisify(execFile)('pgbackrest', args, { maxBuffer: 96 * 1024 * 1024, timeout: 300_000 })
    return readPgbackrest(
      parseJsonText(stdout, `pgbackrest info of ${stanza}`, mostBackups),
      `pgbackrest info of ${stanza}`,
    )
  } catch (error) {
    if (error instanceof CouldNotVerify) throw error
    const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string }
    if (code === 'ENOENT') {
      throw new CouldNotVerify(
        'pgbackrest is not installed here, or not in PATH',
        'Run it where it is: pgbackrest info --output=json > FILE, and give --inventory pgbackrest:FILE.',
      )
    }
    const said = (stderr ?? '').trim().split('\n').at(-1) || (message ?? '').split('\n')[0]
    throw new CouldNotVerify(`pgbackrest info of ${stanza} failed: ${said}`, 'Run it by hand and mend what it says.')
  }
}
