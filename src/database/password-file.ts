import { statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { mostSettingsBytes, readOutside } from '../outside-text.ts'
import { homeFile } from './home-file.ts'

/** What a password file gave. */
export interface FoundPassword {
  password: string | undefined
  /** Why the file was not used, for the moment in which a password turns out to be missing. */
  remark: string | undefined
}

/** Where libpq looks when nothing else is said and no host is named: such a socket is called localhost in the file. */
const usualSocketDirectories = ['/tmp', '/run/postgresql', '/var/run/postgresql']

/**
 * Looks for a password in a password file, ~/.pgpass unless another is named, as libpq does
 * (https://www.postgresql.org/docs/current/libpq-pgpass.html): the first line that fits counts, and a file that others
 * may read is not used.
 * @param file named by passfile or PGPASSFILE; undefined: the usual one
 * @throws CouldNotVerify when it is there and cannot be read
 */
export function findPassword(
  file: string | undefined,
  { host, port, database, user }: { host: string; port: number; database: string; user: string },
): FoundPassword {
  const path = file ?? homeFile('.pgpass')
  let text: string
  try {
    const { mode } = statSync(path)
    if ((mode & 0o170000) !== 0o100000) return unused(`${path} is no plain file`)
    if ((mode & 0o077) !== 0) return unused(`${path} may be read by others: chmod 600 ${path}`)
    text = readOutside(path, mostSettingsBytes).toString('utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return file === undefined ? { password: undefined, remark: undefined } : unused(`${path} does not exist`)
    }
    throw new CouldNotVerify(`the password file ${path} cannot be read: ${message}`)
  }
  const names = isAbsolute(host) && usualSocketDirectories.includes(host) ? ['localhost', host] : [host]
  for (const line of text.split('\n')) {
    const fields = fieldsOf(line.replace(/\r$/, ''))
    if (fields === undefined) continue
    const [forHost, forPort, forDatabase, forUser, password] = fields
    const fits =
      [...names, '*'].includes(forHost) &&
      [String(port), '*'].includes(forPort) &&
      [database, '*'].includes(forDatabase) &&
      [user, '*'].includes(forUser)
    if (fits) return { password: password === '' ? undefined : password, remark: undefined }
  }
  return { password: undefined, remark: undefined }
}

function unused(why: string): FoundPassword {
  return { password: undefined, remark: `the password file ${why}` }
}

/** The five fields of a line, in which \ takes the meaning of : and of itself. */
function fieldsOf(line: string): [string, string, string, string, string] | undefined {
  if (line === '' || line.startsWith('#')) return undefined
  const fields = ['']
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index] as string
    // Behind the fourth colon all is password, but for what is escaped.
    if (character === ':' && fields.length < 5) fields.push('')
    else {
      const isEscape = character === '\\' && index + 1 < line.length
      if (isEscape) index += 1
      fields[fields.length - 1] += isEscape ? (line[index] as string) : character
    }
  }
  return fields.length === 5 ? (fields as [string, string, string, string, string]) : undefined
}
