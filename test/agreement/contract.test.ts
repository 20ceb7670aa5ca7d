// The typed mirror of schema drill against the catalog: what the program calls exists, with these arguments and columns.

import * as assert from 'uvu/assert'
import {
  type BaselineSummary,
  type Bucket,
  type CheckResult,
  contract,
  type FingerprintRecipe,
  type Identity,
  type Measurable,
  type MissingGrant,
  type Tenant,
  type TenantPart,
} from '../../src/database/contract.ts'
import { migrateUp } from '../../src/database/migrations.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { recordProblems } from './problems.ts'
import { readFiles } from './project.ts'

const test = suite('agreement/contract')

let own: OwnCluster

test.before(async () => {
  own = await startOwnCluster('contract')
  await own.createDatabase('fresh')
  await migrateUp(own.target('fresh'))
})

test.after(() => own?.drop())

/** Every function that the program may call: its signature, and the names of the columns of its rows, in order. */
async function installedContract(damage = ''): Promise<Record<string, string[] | null>> {
  return await own.use('fresh', async (sql) => {
    await sql.unsafe(`begin; ${damage}`)
    const rows = await sql<{ signature: string; columns: string[] | null }[]>`
      select
        pg_catalog.format('%s.%s(%s)', n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes)) as signature,
        case
          when p.proargmodes && array['t', 'o', 'b']::"char"[] then (
            select pg_catalog.array_agg(a.name order by a.place)
            from rows from (pg_catalog.unnest(p.proargnames), pg_catalog.unnest(p.proargmodes))
              with ordinality as a (name, mode, place)
            where a.mode in ('t', 'o', 'b')
          )
          when t.typtype = 'c' then (
            select pg_catalog.array_agg(a.attname::text order by a.attnum)
            from pg_catalog.pg_attribute as a
            where a.attrelid = t.typrelid
              and a.attnum > 0
              and not a.attisdropped
          )
        end as columns
      from pg_catalog.pg_proc as p
      inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
      inner join pg_catalog.pg_type as t on t.oid = p.prorettype
      where n.nspname in ('drill', 'public')`
    await sql.unsafe('rollback')
    return Object.fromEntries(rows.map((row) => [row.signature, row.columns]))
  })
}

/** Problems with what the program relies on; that a database has more functions is none. */
function contractProblems(installed: Record<string, unknown>): string[] {
  const relevant = Object.entries(installed).filter(([signature]) => signature in contract)
  return recordProblems(contract, Object.fromEntries(relevant))
}

test('the functions, their arguments and their columns are as the contract says', async () => {
  const installed = await installedContract()
  assert.ok(Object.values(installed).some((columns) => columns === null))
  assert.ok(Object.values(installed).some((columns) => columns?.includes('check_name')))
  assert.equal(contractProblems(installed), [])
})

test('every function that src/ calls is in the contract', () => {
  const names = new Set(Object.keys(contract).map((signature) => signature.replace(/\(.*/, '')))
  // Not the hints that show a call to a person, as in drill.register_guard(...).
  const called = [...readFiles('src', '.ts').values()].flatMap(
    (text) => text.match(/\bdrill\.\w+(?=\((?!\.\.\.))/g) ?? [],
  )
  assert.ok(called.length > 10)
  assert.equal(
    called.filter((name) => !names.has(name)),
    [],
  )
})

const baselines = 'drill.list_baselines()'
const damages: Record<string, [string, string]> = {
  'a missing function': [`drop function ${baselines}`, `${baselines}: is missing`],
  'another argument type': [
    `drop function drill.list_buckets(text, timestamptz); create function drill.list_buckets(p_measure boolean) returns text language sql as 'select 1'`,
    'drill.list_buckets(text, timestamp with time zone): is missing',
  ],
  'a renamed column': [
    'alter type drill.check_result rename attribute hint to advice',
    'drill.verify_partitions(): is ["check_name","object_name","status","detail","advice","expected","actual"]',
  ],
  'an added column': [
    'alter type drill.check_result add attribute seconds numeric',
    'drill.verify_partitions(): is ["check_name","object_name","status","detail","hint","expected","actual","seconds"]',
  ],
  'columns in another order': [
    `drop function drill.get_identity() cascade;
     create function drill.get_identity() returns table (installed_at timestamptz, installation_id uuid) language sql as 'select now(), null::uuid'`,
    'drill.get_identity(): is ["installed_at","installation_id"] instead of ["installation_id","installed_at",',
  ],
  'a value instead of rows': [
    `drop function ${baselines}; create function ${baselines} returns uuid language sql as 'select null::uuid'`,
    `${baselines}: is null instead of`,
  ],
}

for (const [name, [damage, problem]] of Object.entries(damages)) {
  test(`the comparison finds ${name}`, async () => {
    const found = contractProblems(await installedContract(damage))
    assert.ok(
      found.some((line) => line.startsWith(problem)),
      `not found, but: ${found.join('\n')}`,
    )
  })
}

/** The members of a row interface are the columns in the contract: compiles only then. */
type Same<A, B> = [A, B] extends [B, A] ? true : { missing: Exclude<A, B>; added: Exclude<B, A> }
type Columns<Signature extends keyof typeof contract> = NonNullable<(typeof contract)[Signature]>[number]

test('the row interfaces have the columns of the contract', () => {
  const same: [
    Same<keyof Identity, Columns<'drill.get_identity()'>>,
    Same<keyof Bucket, Columns<'drill.list_buckets(text, timestamp with time zone)'>>,
    Same<keyof Bucket, Columns<'drill.list_buckets_of(text, text[], text, timestamp with time zone)'>>,
    Same<keyof Measurable, Columns<'drill.list_measurable()'>>,
    Same<keyof FingerprintRecipe, Columns<'drill.list_fingerprint_recipes()'>>,
    Same<keyof MissingGrant, Columns<'drill.list_missing_grants(text)'>>,
    Same<keyof Tenant, Columns<'drill.list_tenants(uuid, text)'>>,
    Same<keyof TenantPart, Columns<'drill._measure_tenants(uuid, text, timestamp with time zone, text[])'>>,
    Same<keyof BaselineSummary, Columns<'drill.list_baselines()'>>,
    Same<keyof CheckResult, Columns<'drill.verify_partitions()'>>,
  ] = [true, true, true, true, true, true, true, true, true, true]
  assert.ok(same.every(Boolean))
})

test.run()
