import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Database } from './connect.ts'
import { withDatabase } from './connect.ts'
import type { Target } from './targets.ts'

/** An id for the address of a page, or why there is none. */
export type SampleId = { value: string } | { detail: string; hint: string }

/**
 * The first id of a critical relation, in its own order, to ask the app for. The one value of a row that leaves the
 * database: it is made to stand in addresses. A relation registered as secret gives none.
 * @throws what the database says when the column is not there or may not be read
 */
export async function getSampleId(database: Database, relation: string, column: string): Promise<SampleId> {
  const { rows } = await sql<{ schema_name: string; table_name: string; is_secret: boolean }>`
    select n.nspname::text as schema_name, c.relname::text as table_name, r.is_secret
    from drill.critical_relations as r
    inner join pg_catalog.pg_class as c on c.oid = pg_catalog.to_regclass(r.relation_name)
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where r.relation_name = ${relation}`.execute(database)
  const [found] = rows
  if (found === undefined) {
    return {
      detail: `${relation} is no critical relation of this database`,
      hint: `Register it with drill.register_critical_relation(...), or name another one in ids of the probes.`,
    }
  }
  if (found.is_secret) {
    return {
      detail: `${relation} is registered as secret, so no id of it may leave the database`,
      hint: 'Name another relation in ids of the probes.',
    }
  }
  const id = sql.ref(column)
  const sample = await sql<{ id: string | null }>`
    select ${id}::text as id from ${sql.id(found.schema_name, found.table_name)}
    where ${id} is not null order by ${id} limit 1`.execute(database)
  const value = sample.rows[0]?.id
  if (value !== undefined && value !== null && value !== '') return { value }
  return { detail: `${relation} holds no ${column}`, hint: 'The table is empty: look at row_counts.' }
}

/** How the token secret in the settings of two databases compares; unknown: one of them has none, or was not asked. */
export type TokenSecrets = 'equal' | 'different' | 'none' | 'production_unknown'

/**
 * Compares the setting app.settings.jwt_secret of the copy with production's. Only salted hashes leave the databases, and the salt is
 * forgotten.
 */
export async function compareTokenSecrets(database: Database, production: Target | undefined): Promise<TokenSecrets> {
  const salt = randomBytes(16).toString('hex')
  const ours = await hashOfTokenSecret(database, salt)
  if (ours === null) return 'none'
  if (production === undefined) return 'production_unknown'
  const limits = { isCopy: true, connectTimeout: 5_000, statementTimeout: 10_000 }
  try {
    const theirs = await withDatabase(production, limits, (other) => hashOfTokenSecret(other, salt))
    if (theirs === null) return 'production_unknown'
    return ours === theirs ? 'equal' : 'different'
  } catch {
    // Production may well be down.
    return 'production_unknown'
  }
}

async function hashOfTokenSecret(database: Database, salt: string): Promise<string | null> {
  const { rows } = await sql<{ hash: string | null }>`
    select encode(sha256(convert_to(${salt}::text || nullif(current_setting('app.settings.jwt_secret', true), ''), 'UTF8')), 'hex')
      as hash`.execute(database)
  return rows[0]?.hash ?? null
}
