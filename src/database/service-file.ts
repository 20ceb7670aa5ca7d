import { join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { mostSettingsBytes, readOutside } from '../outside-text.ts'
import { homeFile } from './home-file.ts'

export interface ServiceEntry {
  name: string
  value: string
  /** Its line in the file, from 1. */
  line: number
}

/**
 * Finds a service in PGSERVICEFILE or ~/.pg_service.conf, then in pg_service.conf of PGSYSCONFDIR
 * (https://www.postgresql.org/docs/current/libpq-pgservice.html). Never repeats a line: one may hold a password.
 * @param service its name
 * @param by what asked for it, such as PGSERVICE
 * @throws CouldNotVerify when a file cannot be read or holds something else, or when none has the service
 */
export function readService(service: string, by: string): { entries: ServiceEntry[]; file: string } {
  const { PGSERVICEFILE: own, PGSYSCONFDIR: system } = process.env
  const files = [own || homeFile('.pg_service.conf'), ...(system ? [join(system, 'pg_service.conf')] : [])]
  for (const file of files) {
    const text = readIfThere(file)
    if (text === undefined) {
      if (file === own) throw new CouldNotVerify(`PGSERVICEFILE: the file ${file} does not exist`)
      continue
    }
    const entries = entriesOf(text, service, file)
    if (entries !== undefined) return { entries, file }
  }
  throw new CouldNotVerify(
    `${by}: there is no service ${JSON.stringify(service)} in ${files.join(' or ')}`,
    `Write a part [${service}] with host=, port=, dbname= and user= there, or name another file in PGSERVICEFILE.`,
  )
}

function entriesOf(text: string, service: string, file: string): ServiceEntry[] | undefined {
  let entries: ServiceEntry[] | undefined
  for (const [index, whole] of text.split('\n').entries()) {
    const line = whole.trim()
    if (line === '' || line.startsWith('#')) continue
    if (line.startsWith('[')) {
      if (entries !== undefined) return entries
      if (line === `[${service}]`) entries = []
      continue
    }
    if (entries === undefined) continue
    const equals = line.indexOf('=')
    const isOfLdap = /^ldaps?:/.test(line)
    if (equals < 1 || isOfLdap) {
      const toDo = isOfLdap ? 'Services of LDAP cannot be used: write NAME=VALUE.' : 'Write NAME=VALUE.'
      throw new CouldNotVerify(`${file}, line ${index + 1}: this is no parameter`, toDo)
    }
    entries.push({ name: line.slice(0, equals), value: line.slice(equals + 1), line: index + 1 })
  }
  return entries
}

function readIfThere(file: string): string | undefined {
  try {
    return readOutside(file, mostSettingsBytes).toString('utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new CouldNotVerify(`the service file ${file} cannot be read: ${message}`)
  }
}
