// What a copy says of itself is a claim: settings, policies, baselines, heartbeats and
// rows of its own must not turn a damaged or lagging copy green.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { sandboxTarget } from '../../src/sandbox/build.ts'
import { applyFault, listFaults } from '../../src/sandbox/faults.ts'
import { baselineOf, findings, makeDatabase, type Scratch, sandboxClusters, verify } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('claims of a copy')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-claims-'))
const baselineFile = join(directory, 'baseline.json')
const agedFile = join(directory, 'aged.json')
let copy: Scratch

test.before(async () => {
  const { production } = await sandboxClusters()
  writeFileSync(baselineFile, await baselineOf(sandboxTarget('production', production)))
  // The same production two and a half days earlier, for a baseline that is not minutes old.
  const aged = await makeDatabase(production)
  await aged.run(
    `delete from public.events where created_at > now() - interval '60 hours'`,
    `delete from public.calls where created_at > now() - interval '60 hours'`,
    `delete from public.sessions where created_at > now() - interval '60 hours'`,
    `do $$ begin perform set_config('drill.now', (now() - interval '60 hours')::text, false); perform drill.capture_baseline(); end $$`,
    `delete from drill.baselines where captured_at > now() - interval '59 hours'`,
  )
  writeFileSync(agedFile, await baselineOf(aged.target))
  await aged.drop()
})
test.before.each(async () => {
  copy = await makeDatabase((await sandboxClusters()).restore)
})
test.after.each(() => copy.drop())
test.after(() => rmSync(directory, { recursive: true }))

async function apply(name: string): Promise<void> {
  const fault = listFaults().find((one) => one.name === name)
  if (fault === undefined) throw new Error(`no fault ${name}`)
  const sql = copy.cluster.connect(copy.target.connection.database)
  await applyFault(sql, fault)
  await sql.end()
}

async function mustFail(expected: RegExp, question: Parameters<typeof verify>[1] = { baselineFile }): Promise<void> {
  const verification = await verify(copy.target, question)
  assert.is.not(verification.verdict.exit_code, 0)
  const found = findings(verification).join('\n')
  assert.ok(expected.test(found), `not found: ${expected} in\n${found}`)
}

test('a good copy passes with the aged baseline', async () => {
  const verification = await verify(copy.target, { baselineFile: agedFile })
  assert.equal(findings(verification), [])
  assert.is(verification.verdict.exit_code, 0)
})

test('a baseline that the damaged copy captured of itself is not used', async () => {
  await apply('rows-missing-from-closed-partition')
  await copy.run('select drill.capture_baseline()')
  await mustFail(/fail row_counts public\.events_.* missing/, {})
})

test('nor is it by psql', async () => {
  await apply('rows-missing-from-closed-partition')
  await copy.run('select drill.capture_baseline()')
  const error = await copy.run(`set drill.is_copy = on; select drill.assert_verified()`).catch((thrown) => thrown)
  assert.is(error.code, 'RD001')
})

test('a loosened policy is seen', async () => {
  await apply('newest-30-hours-missing')
  await copy.run(`update drill.policy set policy_value = '100 years' where policy_name = 'rpo'`)
  await mustFail(/fail registrations rpo: the policy rpo is registered in the copy with another seconds/)
})

for (const setting of ['drill.now', 'drill.failure_point', 'drill.restore_point', 'drill.is_copy']) {
  test(`${setting} set on the database does not decide`, async () => {
    await apply('newest-30-hours-missing')
    const value = setting === 'drill.is_copy' ? 'off' : new Date(Date.now() - 30 * 3_600_000).toISOString()
    await copy.run(`alter database ${copy.target.connection.database} set ${setting} = '${value}'`)
    await mustFail(new RegExp(`reaches only to .*[^]*sets ${setting}=`))
  })
}

test('thirty hours of rows gone are seen with a baseline that is older than that', async () => {
  await apply('newest-30-hours-of-rows-missing')
  await mustFail(/fail newest_timestamps public\.events: .* at most \d+\.\d h are plausible/, {
    baselineFile: agedFile,
  })
})

test('a row and heartbeats written on the copy do not move its recovery point', async () => {
  await apply('newest-30-hours-missing')
  await copy.run(
    `update public.sessions set created_at = now() where id = (select id from public.sessions order by created_at desc limit 1)`,
    ...Array.from({ length: 5 }, () => 'select pg_sleep(0.01), drill.record_heartbeat()'),
  )
  await mustFail(/fail recovery_point .* reaches only to/)
})

test('a date beyond the year 9999 is in the future', async () => {
  await copy.run(`update public.calls set created_at = '12026-01-01' where id = (select id from public.calls limit 1)`)
  await mustFail(/fail newest_timestamps public\.calls: public\.calls: newest row of 12026/)
})

test('a partition that takes no row does not cover its period', async () => {
  await apply('next-partition-missing')
  await copy.run(`
    do $$
    declare v_next date := date_trunc('month', now() at time zone 'UTC') + interval '1 month';
    begin
      execute format('create table public.events_%s partition of public.events for values from (%L) to (%L) partition by hash (id)',
        to_char(v_next, 'YYYY_MM'), v_next, (v_next + interval '1 month')::date);
    end $$`)
  await mustFail(/fail partitions public\.events: public\.events has no partition for the next month/)
})

test('a materialized view in place of a table is no table', async () => {
  await copy.run(
    'alter table public.calls rename to calls_old',
    'create materialized view public.calls as select * from public.calls_old',
  )
  await mustFail(/public\.calls is not a table/)
})

test('row level security of a partition alone hides no row from the count', async () => {
  const role = `t_${copy.target.connection.database}`
  const [partition] = await copy.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'public.sessions'::regclass order by 1 limit 1`,
  )
  await copy.run(
    `create role ${role} login`,
    'alter table public.sessions disable row level security',
    `alter table public.${partition?.name.replace('public.', '')} enable row level security`,
    `grant usage on schema public, private, drill to ${role}`,
    `grant select on all tables in schema public, private, drill to ${role}`,
    `grant execute on all functions in schema drill, public to ${role}`,
  )
  const target = { ...copy.target, connection: { ...copy.target.connection, user: role } }
  const verification = await verify(target, { baselineFile })
  assert.is.not(verification.verdict.exit_code, 0)
  assert.match(findings(verification).join('\n'), /error row_counts public\.sessions_.*row-level security/)
  await copy.run(`drop owned by ${role}`, `drop role ${role}`)
})

test('functions of the same name in the search path of the database are not called', async () => {
  await copy.run(
    'create schema evil',
    `create function evil.encode(bytea, text) returns text language sql as 'select ''x'''`,
    `create function evil.to_regnamespace(text) returns regnamespace language sql as 'select null::regnamespace'`,
    `alter database ${copy.target.connection.database} set search_path = evil, pg_catalog`,
  )
  const verification = await verify(copy.target, { baselineFile })
  assert.is(verification.verdict.exit_code, 0, findings(verification).join('\n'))
})

test('an overload in schema drill is seen', async () => {
  await copy.run(
    `create function drill.get_policy(name) returns interval language sql as 'select interval ''1000 years'''`,
  )
  await mustFail(/fail attestation drill\.get_policy\(name\): .* does not ship it/)
})

test('a function that writes cannot: the session reads only', async () => {
  await copy.run(
    'create table public.written (at timestamptz)',
    `create or replace function drill.schema_version() returns text language sql volatile set search_path = '' as 'insert into public.written values (now()); select ''0004''::text'`,
  )
  await verify(copy.target, { baselineFile }).catch(() => {})
  assert.equal(await copy.query('select * from public.written'), [])
})

test('a truncated copy at depth quick says that nothing was counted', async () => {
  const { explainVerdict } = await import('../../src/proof/explain.ts')
  const verification = await verify(copy.target, { depth: 'quick' })
  assert.match(explainVerdict(verification), /PASS .*\(quick: no row was counted\)/)
})

test.run()
