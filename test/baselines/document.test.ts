import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Baseline, parseBaseline } from '../../src/baselines/document.ts'
import { baselineFileName, readBaselineFile, writeBaselineFile } from '../../src/baselines/file.ts'
import { CouldNotVerify } from '../../src/could-not-verify.ts'
import { suite } from '../support/suite.ts'

const test = suite('baselines/document')

const document: Baseline = {
  format: 'pgdrill-baseline',
  format_version: 1,
  baseline_id: '0f8fad5b-d9cb-469f-a165-70867728950e',
  captured_at: '2026-11-23T04:30:00.123456+00:00',
  captured_lsn: '1/16B3748',
  label: null,
  is_exact: false,
  depth: 'full',
  schema_version: '0004',
  source: {
    installation_id: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
    system_identifier: '-7438291033445566778',
    timeline_id: 2,
    started_at: '2026-11-01T00:00:00+00:00',
    database_name: 'opsmantik',
    server_version: '17.4',
  },
  policies: { clock_skew: 300, settle_after: 86400.5 },
  guards: [
    {
      relation_name: 'public.sessions',
      trigger_name: 'sessions_set_created_month',
      function_name: 'public.trg_sessions_set_created_month',
      trigger_definition: 'CREATE TRIGGER ...',
      function_definition: null,
      is_trigger_ours: false,
    },
  ],
  partitioned_relations: [],
  isolation_policy: { cron_job: 'fail' },
  waivers: [{ check_name: 'objects', object_name: 'public.x', reason: 'r', owner: 'o', until: '2026-12-31' }],
  objects: [
    {
      object_kind: 'schema',
      object_name: 'public',
      definition: 'owner: x',
      relation_name: null,
      is_of_partition: false,
      problem: null,
    },
  ],
  relations: [
    {
      relation_name: 'public."odd ""name"""',
      timestamp_column: null,
      is_append_only: false,
      tolerance: '0.02',
      tenant_column: 'site_id',
      is_tenant_shown: false,
      is_secret: false,
      depth: 'full',
      recipe: null,
      buckets: [
        {
          partition_name: 'public."odd ""name"""',
          bucket_name: 'public."odd ""name""" 2026-11',
          grain: 'month',
          starts_at: '-infinity',
          ends_at: 'infinity',
          partition_starts_at: null,
          partition_ends_at: null,
          is_default: false,
          row_count: '9223372036854775807',
          oldest_at: null,
          newest_at: '2026-11-23T04:29:59.999999+00:00',
          fingerprint: '-170141183460469231731687303715884105728',
          is_carried: true,
        },
      ],
      tenants: [{ tenant_key: '3f2a', row_count: '12', newest_at: null }],
    },
  ],
}

test('a document is read as it was written, microseconds and wide numbers included', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgdrill-document-'))
  const file = join(directory, 'deep', 'er', baselineFileName('production', document))
  writeBaselineFile(file, JSON.stringify(document))
  assert.equal(readBaselineFile(file), document)
  assert.equal(readdirSync(join(directory, 'deep', 'er')), ['production-20261123T043000Z-0f8fad5b.json'])
  rmSync(directory, { recursive: true })
})

test('a document from before isolation and waivers is read', () => {
  const { isolation_policy: _policy, waivers: _waivers, ...older } = document
  assert.equal(parseBaseline(JSON.stringify(older), 'x'), { ...older, isolation_policy: {}, waivers: [] })
})

test('what nobody knows is left out, and so cannot do harm', () => {
  const read = parseBaseline(JSON.stringify({ ...document, unknown: 1, __proto__: { x: 1 } }), 'x')
  assert.equal(read, document)
  const hostile = parseBaseline(JSON.stringify(document).replace('{', '{"__proto__": {"polluted": true}, '), 'x')
  assert.is((hostile as unknown as { polluted?: boolean }).polluted, undefined)
  assert.is(({} as { polluted?: boolean }).polluted, undefined)
})

test('an error names the file and the place, in one line, and never the content', () => {
  const broken = structuredClone(document) as unknown as { relations: { buckets: { row_count: unknown }[] }[] }
  ;(broken.relations[0]?.buckets[0] as { row_count: unknown }).row_count = '-5 secret'
  try {
    parseBaseline(JSON.stringify(broken), 'verify/baselines/x.json')
    assert.unreachable()
  } catch (error) {
    assert.instance(error, CouldNotVerify)
    const { message } = error as CouldNotVerify
    assert.match(
      message,
      /^the baseline verify\/baselines\/x\.json is damaged: relations\.0\.buckets\.0\.row_count must be a count/,
    )
    assert.not.match(message, /secret|\n/)
  }
})

test.run()
