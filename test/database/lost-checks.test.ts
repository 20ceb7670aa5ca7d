// A copy whose checks are missing, replaced or without what they work on: never a pass.

import * as assert from 'uvu/assert'
import { shippedManifest } from '../../src/database/attestation.ts'
import type { CheckResult } from '../../src/database/contract.ts'
import { assertCode, type Outcome, urlOf, Workplace } from '../cli/program.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('database/lost-checks')
const place = new Workplace()
const rpc = 'public.verify_partition_triggers_exist()'
let copy: Scratch

test.before.each(async () => {
  copy = await makeDatabase((await sandboxClusters()).restore)
})
test.after.each(() => copy.drop())
test.after(() => place.remove())

const verify = (...more: string[]) =>
  place.run(['verify', '-t', 'copy', '--no-proof', '--format', 'json', ...more], { COPY_DATABASE_URL: urlOf(copy) })

function results(outcome: Outcome): CheckResult[] {
  return JSON.parse(outcome.stdout).results
}

/** The names of the checks that answered. */
function checks(outcome: Outcome): string[] {
  return [...new Set(results(outcome).map((row) => row.check_name))]
}

const signatures = Object.keys(shippedManifest()).filter((signature) => signature !== rpc)

test('each function in turn is missing: 2, and it is named', async () => {
  for (const signature of signatures) {
    const [row] = await copy.query<{ definition: string }>(
      `select pg_get_functiondef('${signature}'::regprocedure) as definition`,
    )
    await copy.run(`drop function ${signature}`)
    const outcome = await verify()
    assertCode(outcome, 2)
    const name = signature.replace(/\(.*/, '')
    assert.ok(
      (outcome.stdout + outcome.stderr).includes(name),
      `${signature} is not named:\n${outcome.stdout}${outcome.stderr}`,
    )
    assert.not.match(outcome.stdout, /"exit_code": 0/)
    await copy.run(row?.definition ?? '')
  }
  assertCode(await verify(), 0)
})

test('each function in turn has another setting: 1, it is named, and no other answer counts', async () => {
  for (const signature of signatures) {
    await copy.run(`alter function ${signature} set geqo_seed = 0.5`)
    const outcome = await verify()
    assertCode(outcome, 1)
    const failures = results(outcome).filter((row) => row.status === 'fail')
    assert.equal(
      failures.map((row) => row.object_name),
      [signature],
    )
    assert.not(
      checks(outcome).some((name) => /partition|counts|recovery_point|rpc/.test(name)),
      checks(outcome).join(),
    )
    await copy.run(`alter function ${signature} reset geqo_seed`)
  }
  assertCode(await verify(), 0)
})

test('a check that was replaced by one that always passes', async () => {
  await copy.run(
    `create or replace function drill.verify_partitions() returns setof drill.check_result language sql stable set search_path = '' as $$
       select 'partitions', null, 'pass', 'all is well', null, null::jsonb, null::jsonb $$`,
    'drop trigger sessions_set_created_month on public.sessions',
  )
  const outcome = await verify()
  assertCode(outcome, 1)
  assert.match(outcome.stdout, /the function drill\.verify_partitions\(\) is not the one that pgdrill ships/)
  assert.not.match(outcome.stdout, /all is well/)
})

test('the RPC missing or replaced: 1, and the other checks are still asked', async () => {
  await copy.run(`drop function ${rpc}`)
  const missing = await verify()
  assertCode(missing, 1)
  assert.match(missing.stdout, /the function public\.verify_partition_triggers_exist\(\) is missing/)
  assert.ok(checks(missing).includes('row_counts'))
  await copy.run(`create function ${rpc} returns boolean language sql as 'select true'`)
  assertCode(await verify(), 1)
})

test('registrations that are gone: never a pass, with or without the baseline', async () => {
  for (const table of [
    'guards',
    'critical_relations',
    'partitioned_relations',
    'installation',
    'heartbeats',
    'policy',
  ]) {
    const lost = await makeDatabase(copy.cluster)
    await lost.run(`truncate drill.${table} cascade`)
    for (const depth of ['quick', 'standard']) {
      const outcome = await place.run(['verify', '-t', 'copy', '--no-proof', '--depth', depth], {
        COPY_DATABASE_URL: urlOf(lost),
      })
      // Without heartbeats the newest rows tell the recovery point; everything else that is lost is a finding.
      if (table === 'heartbeats' && depth === 'standard') continue
      assert.ok(outcome.code === 1 || outcome.code === 2, `${table}, ${depth}: exit ${outcome.code}\n${outcome.stdout}`)
      assert.not.match(outcome.stderr, /internal error|^\s+at /m)
    }
    await lost.drop()
  }
})

test('drill tables that are gone: 2, and the table is named', async () => {
  for (const table of ['guards', 'critical_relations', 'partitioned_relations', 'heartbeats', 'policy', 'baselines']) {
    const lost = await makeDatabase(copy.cluster)
    await lost.run(`drop table drill.${table} cascade`)
    const outcome = await place.run(['verify', '-t', 'copy', '--no-proof'], { COPY_DATABASE_URL: urlOf(lost) })
    assert.ok(outcome.code === 1 || outcome.code === 2, `${table}: exit ${outcome.code}`)
    assert.match(outcome.stdout + outcome.stderr, new RegExp(`drill\\.${table}`))
    assert.not.match(outcome.stderr, /internal error|^\s+at /m)
    await lost.drop()
  }
})

test.run()
