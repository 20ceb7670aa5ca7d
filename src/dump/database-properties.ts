// What belongs to the database itself: pg_restore leaves it out when it restores into a database of another name.

import { sql } from 'kysely'
import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { Database } from '../database/connect.ts'
import type { RestoreProblem } from './restore-report.ts'

const properties = z.object({
  owner: z.string().min(1),
  encoding: z.string().min(1),
  collate: z.string().nullable(),
  ctype: z.string().nullable(),
  /** c: libc, i: ICU, b: builtin. */
  locale_provider: z.enum(['c', 'i', 'b']),
  /** Of ICU and builtin. */
  locale: z.string().nullable(),
  /** Of the database (role null), and of roles in it. */
  settings: z.array(z.object({ role: z.string().nullable(), name: z.string().min(1), value: z.string() })),
  /** Null: the rights are those that every new database has. */
  grants: z
    .array(
      z.object({
        /** Null: everybody. */
        grantee: z.string().nullable(),
        privilege: z.enum(['CREATE', 'CONNECT', 'TEMPORARY']),
        is_grantable: z.boolean(),
      }),
    )
    .nullable(),
})

/** What belongs to a database itself. Settings may hold secrets: it is kept like the dump. */
export type DatabaseProperties = z.infer<typeof properties>

/** Lists of names: their values are stored quoted, and are given to SET as they are. */
const listSettings = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])

/** The file in the backup that holds them. */
export const propertiesFile = 'database.json'

/** Reads them from the database of a connection. */
export async function readProperties(database: Database): Promise<DatabaseProperties> {
  const { rows } = await sql<{ properties: DatabaseProperties }>`
    select
      jsonb_build_object(
        'owner', pg_get_userbyid(d.datdba),
        'encoding', pg_encoding_to_char(d.encoding),
        'collate', d.datcollate,
        'ctype', d.datctype,
        'locale_provider', coalesce(to_jsonb(d) ->> 'datlocprovider', 'c'),
        'locale', coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
        'settings', (
          select coalesce(
            jsonb_agg(
              jsonb_build_object(
                'role', case when s.setrole <> 0 then pg_get_userbyid(s.setrole) end,
                'name', split_part(e.entry, '=', 1),
                'value', substr(e.entry, strpos(e.entry, '=') + 1)
              )
              order by s.setrole, e.entry collate "C"
            ),
            '[]'
          )
          from pg_db_role_setting as s
          cross join lateral unnest(s.setconfig) as e (entry)
          where s.setdatabase = d.oid
        ),
        'grants', case when d.datacl is not null then (
          select coalesce(
            jsonb_agg(
              jsonb_build_object(
                'grantee', case when a.grantee <> 0 then pg_get_userbyid(a.grantee) end,
                'privilege', a.privilege_type,
                'is_grantable', a.is_grantable
              )
              order by a.grantee, a.privilege_type
            ),
            '[]'
          )
          from aclexplode(d.datacl) as a
        ) end
      ) as properties
    from pg_database as d
    where d.datname = current_database()`.execute(database)
  return (rows[0] as { properties: DatabaseProperties }).properties
}

/** @param origin what the text is called in messages @throws CouldNotVerify when it is no such document */
export function parseProperties(text: string, origin: string): DatabaseProperties {
  try {
    return properties.parse(JSON.parse(text))
  } catch {
    throw new CouldNotVerify(`${origin} is damaged: it does not hold the properties of a database`)
  }
}

/** The role names that are needed to apply them. */
export function rolesOf({ owner, settings, grants }: DatabaseProperties): string[] {
  const others = [...settings.map(({ role }) => role), ...(grants ?? []).map(({ grantee }) => grantee)]
  return [...new Set([owner, ...others.filter((role) => role !== null)])]
}

/**
 * Makes an empty database with the encoding and the locale of the one that was dumped.
 * @returns what is different because this server does not know the locale; null: nothing
 */
export async function createDatabase(
  database: Database,
  name: string,
  wanted: DatabaseProperties | undefined,
): Promise<string | null> {
  const create = sql`create database ${sql.id(name)} template template0`
  if (wanted === undefined) {
    await create.execute(database)
    return null
  }
  const encoding = sql`encoding ${sql.lit(wanted.encoding)}`
  const names = [
    ...(wanted.collate === null ? [] : [sql`lc_collate ${sql.lit(wanted.collate)}`]),
    ...(wanted.ctype === null ? [] : [sql`lc_ctype ${sql.lit(wanted.ctype)}`]),
  ]
  if (wanted.locale_provider === 'i' && wanted.locale !== null)
    names.push(sql`locale_provider icu icu_locale ${sql.lit(wanted.locale)}`)
  if (wanted.locale_provider === 'b' && wanted.locale !== null)
    names.push(sql`locale_provider builtin builtin_locale ${sql.lit(wanted.locale)}`)
  try {
    await sql`${create} ${encoding} ${sql.join(names, sql` `)}`.execute(database)
    return null
  } catch (error) {
    // Wrong name of a locale, or an option that this version does not have.
    if (!['22023', '42809', '42601', '0A000', '55000'].includes((error as { code?: string }).code ?? '')) throw error
    await sql`${create} ${encoding}`.execute(database)
    return `this server does not have the locale ${wanted.locale ?? wanted.collate ?? ''}: texts may be in another order`
  }
}

/**
 * Gives a database the settings, the rights and the owner of the one that was dumped, each by itself.
 * @param database a connection to it
 * @returns what could not be done
 */
export async function applyProperties(
  database: Database,
  name: string,
  { owner, settings, grants }: DatabaseProperties,
): Promise<RestoreProblem[]> {
  const id = sql.id(name)
  const steps: [string, ReturnType<typeof sql>][] = settings.map(({ role, name: setting, value }) => {
    const whose = role === null ? sql`database ${id}` : sql`role ${sql.id(role)} in database ${id}`
    const what = sql.join(
      setting.split('.').map((part) => sql.id(part)),
      sql`.`,
    )
    const of = role === null ? '' : ` of ${role}`
    return [`setting ${setting}${of}`, sql`alter ${whose} set ${what} to ${settingValue(setting, value)}`]
  })
  if (grants !== null) {
    steps.push(['rights of everybody', sql`revoke all on database ${id} from public`])
    for (const { grantee, privilege, is_grantable } of grants) {
      const to = grantee === null ? sql`public` : sql.id(grantee)
      const option = is_grantable ? sql` with grant option` : sql``
      steps.push([
        `right ${privilege} of ${grantee ?? 'everybody'}`,
        sql`grant ${sql.raw(privilege)} on database ${id} to ${to}${option}`,
      ])
    }
  }
  // Last: who is no superuser can do nothing more afterwards.
  steps.push(['owner', sql`alter database ${id} owner to ${sql.id(owner)}`])
  const problems: RestoreProblem[] = []
  for (const [what, statement] of steps) {
    try {
      await statement.execute(database)
    } catch (error) {
      const { code, message } = error as { code?: string; message: string }
      if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) throw error
      // The message may repeat the value of a setting.
      const said = what.startsWith('setting ') ? `SQLSTATE ${code}` : message
      problems.push({ entry: `DATABASE ${name}: ${what}`, message: said, harmless: null })
    }
  }
  return problems
}

function settingValue(name: string, value: string) {
  if (!listSettings.has(name)) return sql.lit(value)
  const parts = value.match(/"(?:[^"]|"")*"|[^,\s]+/g) ?? []
  const plain = parts.map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part))
  return plain.length === 0 ? sql.lit('') : sql.join(plain.map((part) => sql.lit(part)))
}
