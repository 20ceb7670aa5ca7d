import { readdirSync } from 'node:fs'
import { sql } from 'kysely'
import { CouldNotVerify } from '../could-not-verify.ts'
import { projectFile } from '../project-files.ts'
import type { Database } from './connect.ts'
import type { Target } from './targets.ts'

/** The number of the newest migration that this program ships, such as 0004. */
export function shippedSchemaVersion(): string {
  const newest = readdirSync(projectFile('migrations'))
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .at(-1)
  return (newest ?? '').slice(0, 4)
}

/**
 * Demands that schema drill is installed, is ours, and is of the version that this program knows.
 * @throws CouldNotVerify with the way out otherwise
 */
export async function requireSchema(database: Database, target: Target): Promise<void> {
  const { rows } = await sql<{ has_schema: boolean; has_version: boolean; has_installation: boolean }>`
    select
      to_regnamespace('drill') is not null as has_schema,
      to_regprocedure('drill.schema_version()') is not null as has_version,
      to_regclass('drill.installation') is not null as has_installation`.execute(database)
  const found = rows[0]
  const install = `make migrate TARGET=${target.name}`
  if (!found?.has_schema) {
    throw new CouldNotVerify(
      `the target ${target.name} does not have the checks: there is no schema drill in it`,
      `Run ${install}, and give it the baseline file of production (BASELINE=FILE), then the same file to make verify TARGET=${target.name} BASELINE=FILE.`,
    )
  }
  if (!found.has_installation) {
    throw new CouldNotVerify(
      `the schema drill of the target ${target.name} is not pgdrill's`,
      'pgdrill needs the schema name drill for itself; rename the other one.',
    )
  }
  if (!found.has_version) {
    throw new CouldNotVerify(
      `the schema drill of the target ${target.name} is older than this pgdrill, or damaged: drill.schema_version() is missing`,
      `Run ${install}.`,
    )
  }
  const { rows: versions } = await sql<{ version: string }>`select drill.schema_version() as version`.execute(database)
  const installed = versions[0]?.version ?? 'unknown'
  const shipped = shippedSchemaVersion()
  if (installed !== shipped) {
    const isOlder = installed < shipped
    throw new CouldNotVerify(
      `the schema drill of the target ${target.name} has version ${installed}, this pgdrill needs ${shipped}`,
      isOlder ? `Run ${install}.` : 'Use the newer pgdrill that installed it.',
    )
  }
}
