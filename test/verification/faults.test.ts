// Every fault of the sandbox, on a clone of a really restored copy: the verdict is
// red, and a finding names the damaged object, what was expected, what was found
// and what to do. An untouched clone is green.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { sandboxTarget } from '../../src/sandbox/build.ts'
import { applyFault, listFaults } from '../../src/sandbox/faults.ts'
import { baselineOf, findings, makeDatabase, sandboxClusters, verify } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('faults')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-faults-'))
const baselineFile = join(directory, 'baseline.json')

/** The UTC month so many months from now, as partitions are called: 2026_08. */
function month(offset: number): string {
  const now = new Date()
  const date = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 1))
  return date.toISOString().slice(0, 7).replace('-', '_')
}

/** For each fault the check and the object that must be found: the test is complete when every fault is here. */
const expected: Record<string, [check: string, object: string, said?: RegExp][]> = {
  'trigger-dropped': [
    ['partition_triggers', 'public.sessions.sessions_set_created_month'],
    ['guard_rpc', 'public.verify_partition_triggers_exist()'],
  ],
  'trigger-disabled': [
    ['partition_triggers', 'public.events.events_set_session_month_from_session'],
    ['partition_triggers', `public.events_${month(-2)}.events_set_session_month_from_session`],
  ],
  'trigger-disabled-on-one-partition': [
    ['partition_triggers', `public.sessions_${month(-3)}.sessions_set_created_month`],
  ],
  'trigger-disabled-on-parent-only': [['partition_triggers', 'public.sessions.sessions_set_created_month']],
  'trigger-function-emptied': [['partition_triggers', 'public.trg_sessions_set_created_month()']],
  'trigger-moved': [['partition_triggers', 'public.sessions.sessions_set_created_month']],
  'trigger-condition-false': [['partition_triggers', 'public.events.events_set_session_month_from_session']],
  'trigger-event-narrowed': [['partition_triggers', 'public.sessions.sessions_set_created_month']],
  'rpc-always-true': [['attestation', 'public.verify_partition_triggers_exist()']],
  'replica-role-setting': [
    ['partition_triggers', 'this session'],
    ['partition_triggers', 'database '],
  ],
  'closed-partition-missing': [
    ['row_counts', `public.events_${month(-4)}`],
    ['partitions', 'public.events'],
  ],
  'next-partition-missing': [
    ['partitions', 'public.events'],
    ['row_counts', `public.events_${month(1)}`],
  ],
  'partition-detached': [
    ['partitions', `public.events_${month(-5)}`],
    ['row_counts', `public.events_${month(-5)}`],
  ],
  'partition-gap': [['partitions', 'public.events']],
  'rows-missing-from-closed-partition': [['row_counts', `public.events_${month(-3)}`]],
  'rows-duplicated-in-closed-partition': [['row_counts', `public.events_${month(-3)}`]],
  'critical-table-empty': [
    ['row_counts', 'public.calls'],
    ['newest_timestamps', 'public.calls'],
  ],
  'critical-table-missing': [
    ['critical_relations', 'public.calls'],
    ['row_counts', 'public.calls'],
  ],
  'secrets-empty': [['row_counts', 'private.site_secrets']],
  'newest-30-hours-missing': [['recovery_point', '']],
  'newest-30-hours-of-rows-missing': [
    ['newest_timestamps', 'public.sessions'],
    ['newest_timestamps', 'public.events'],
  ],
  'schema-without-data': [
    ['row_counts', 'public.sites'],
    ['row_counts', `public.events_${month(-3)}`],
  ],
  'rows-in-default-partition': [['partitions', 'public.events_default']],
  'rows-from-the-future': [['newest_timestamps', 'public.events']],
  'policy-dropped': [['objects', 'public.events.events_select_member']],
  'grant-to-anon': [
    ['objects', 'table public.calls to anon'],
    ['objects', 'public.calls'],
  ],
  'foreign-key-off': [
    ['indexes', 'public.site_members'],
    ['objects', 'public.site_members.site_members_site_id_fkey'],
  ],
  'function-changed': [['objects', 'public.is_site_member(']],
  'foreign-server-left': [['isolation', 'billing']],
  'webhook-left': [['isolation', 'public.calls.calls_send_call']],
  'sessions-lost-under-their-events': [['orphans', 'public.events.events_session_id_session_month_fkey']],
  'index-without-a-row': [['amcheck', 'public.site_members_user_id_idx']],
  'timestamps-shifted': [['row_counts', `public.events_${month(-3)}`]],
  'all-timestamps-shifted': [
    ['row_counts', `public.events_${month(-3)}`],
    ['row_counts', `public.sessions_${month(-1)}`],
  ],
  'one-character-changed': [['fingerprints', `public.events_${month(-3)}`]],
  'values-swapped': [['fingerprints', `public.events_${month(-3)}`]],
  'letters-as-question-marks': [['fingerprints', `public.sessions_${month(-3)}`]],
  'numeric-precision-lost': [['fingerprints', `public.events_${month(-3)}`]],
  'empty-strings-as-null': [['fingerprints', `public.sessions_${month(-3)}`]],
  'day-missing': [['row_counts', `public.events_${month(-1)}`, new RegExp(`${month(-1).replace('_', '-')}-10`)]],
  'tenant-missing': [['tenants', 'public.calls', /tenant [0-9a-f]{16} of public\.calls: no row, baseline has \d+/]],
  'rows-after-the-recovery-point': [['newest_timestamps', 'public.events']],
  'partitioned-table-truncated': [
    ['row_counts', `public.events_${month(-3)}`],
    ['row_counts', `public.events_${month(0)}`],
    ['newest_timestamps', 'public.events'],
  ],
}

test.before(async () => {
  const { production } = await sandboxClusters()
  writeFileSync(baselineFile, await baselineOf(sandboxTarget('production', production)))
})
test.after(() => rmSync(directory, { recursive: true }))

test('every fault is expected here, says what it imitates, and there are at least 15', () => {
  const faults = listFaults()
  assert.equal(Object.keys(expected).sort(), faults.map((fault) => fault.name).sort())
  assert.ok(faults.length >= 15)
  for (const fault of faults) assert.ok(fault.imitates !== '' && fault.damages !== '', fault.name)
})

test('an untouched clone passes, with the baseline inside it and with the file', async () => {
  const { restore } = await sandboxClusters()
  const copy = await makeDatabase(restore)
  for (const file of [undefined, baselineFile]) {
    for (const depth of ['standard', 'full'] as const) {
      const verification = await verify(copy.target, { baselineFile: file, depth })
      assert.equal(findings(verification), [], depth)
      assert.equal(verification.verdict.exit_code, 0)
    }
  }
  await copy.drop()
})

for (const fault of listFaults()) {
  test(`${fault.name} is found`, async () => {
    const { restore } = await sandboxClusters()
    const copy = await makeDatabase(restore)
    const sql = restore.connect(copy.target.connection.database)
    await applyFault(sql, fault).finally(() => sql.end())
    const verification = await verify(copy.target, { baselineFile, depth: fault.depth })
    assert.equal(verification.verdict.exit_code, 1, findings(verification).join('\n'))
    for (const [check, object, said = /./] of expected[fault.name] ?? []) {
      const found = verification.results.find(
        (row) =>
          row.status === 'fail' &&
          row.check_name === check &&
          (row.object_name ?? '').startsWith(object) &&
          said.test(row.detail),
      )
      assert.ok(found, `no failure of ${check} on ${object}, but:\n${findings(verification).join('\n')}`)
      assert.ok(found.hint, `no hint: ${found.detail}`)
      assert.not.equal(found.expected, found.actual, found.detail)
    }
    await copy.drop()
  })
}

test.run()
