import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { sql } from 'kysely'
import { projectFile } from '../project-files.ts'
import type { Database } from './connect.ts'
import type { CheckResult } from './contract.ts'

/** Fingerprints of the functions that pgdrill ships, by signature; written by `make manifest`. */
export type Manifest = Record<string, string>

/** The functions whose answers the verdict rests on, as they should be. */
export function shippedManifest(): Manifest {
  return JSON.parse(readFileSync(projectFile('sql', 'manifest.json'), 'utf8')) as Manifest
}

/**
 * The functions of schema drill (and the plan's RPC) as the catalog of this database has them. The catalog is
 * asked directly: a replaced check cannot vouch for itself. Language, body, security, volatility, settings and
 * types count; owner and grants do not, they differ between installations.
 */
export async function installedManifest(database: Database): Promise<Manifest> {
  const { rows } = await sql<{ signature: string; fingerprint: string }>`
    select
      n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')' as signature,
      encode(
        sha256(convert_to(
          jsonb_build_array(
            l.lanname, p.prosrc, p.probin, p.prokind, p.prosecdef, p.proleakproof, p.proisstrict, p.proretset,
            p.provolatile, p.proconfig, p.proargnames, format_type(p.prorettype, null),
            pg_get_function_arguments(p.oid)
          )::text,
          'UTF8'
        )),
        'hex'
      ) as fingerprint
    from pg_catalog.pg_proc as p
    inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    inner join pg_catalog.pg_language as l on l.oid = p.prolang
    where n.nspname = 'drill'
      or n.nspname = 'public' and p.proname = 'verify_partition_triggers_exist' and p.pronargs = 0
    order by 1`.execute(database)
  return Object.fromEntries(rows.map((row) => [row.signature, row.fingerprint]))
}

/** Compares the two: one row per function that is missing or replaced, or a single pass. */
export function compareManifests(shipped: Manifest, installed: Manifest): CheckResult[] {
  const findings = Object.entries(shipped).flatMap(([signature, fingerprint]): CheckResult[] => {
    const found = installed[signature]
    if (found === fingerprint) return []
    return [
      {
        check_name: 'attestation',
        object_name: signature,
        // A check that is gone leaves us unable to look; one that was replaced is a finding in itself, and so
        // is the loss of the RPC, which the plan itself demands.
        status: found === undefined && signature !== guardRpc ? 'error' : 'fail',
        detail:
          found === undefined
            ? `the function ${signature} is missing`
            : `the function ${signature} is not the one that pgdrill ships: somebody replaced it`,
        hint: `Find out who changed it, then install it anew: psql -f ${fileOf(signature)}`,
        expected: fingerprint,
        actual: found ?? 'missing',
      },
    ]
  })
  // A function of ours has no business here that we do not ship: an overload of another type would be called instead.
  for (const signature of Object.keys(installed).filter((name) => !(name in shipped))) {
    findings.push({
      check_name: 'attestation',
      object_name: signature,
      status: 'fail',
      detail: `the function ${signature} is in schema drill, but pgdrill does not ship it`,
      hint: `Find out who made it, then: drop function ${signature}.`,
      expected: 'missing',
      actual: installed[signature],
    })
  }
  if (findings.length > 0) return findings
  const count = Object.keys(shipped).length
  return [
    {
      check_name: 'attestation',
      object_name: null,
      status: 'pass',
      detail: `all ${count} functions of pgdrill are the ones that it ships`,
      hint: null,
      expected: count,
      actual: count,
    },
  ]
}

/** The plan's own check, at its old address. */
export const guardRpc = 'public.verify_partition_triggers_exist()'

// One object per file, named as the object: where in sql/ it stands is nobody's business but ours.
function fileOf(signature: string): string {
  const file = `${/\.([^.(]+)\(/.exec(signature)?.[1]}.sql`
  const root = projectFile('sql')
  const family = readdirSync(root).find((name) => !name.includes('.') && readdirSync(join(root, name)).includes(file))
  return relative(process.cwd(), join(root, family ?? '', file))
}
