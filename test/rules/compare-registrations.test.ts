import * as assert from 'uvu/assert'
import type { Registrations } from '../../src/database/contract.ts'
import { compareRegistrations } from '../../src/rules/compare-registrations.ts'
import { suite } from '../support/suite.ts'

const test = suite('compare registrations')

const undivided = { tenant_column: null, is_tenant_shown: false, is_secret: false, depth: 'full' } as const
const production: Registrations = {
  policies: {},
  guards: [
    {
      relation_name: 'public.events',
      trigger_name: 'set month',
      function_name: 'public.set_month',
      trigger_definition: 'create trigger',
      function_definition: 'create function',
      is_trigger_ours: true,
    },
  ],
  partitioned_relations: [{ relation_name: 'public.events', period: 'month', time_zone: 'UTC', name_pattern: null }],
  critical_relations: [
    {
      relation_name: 'public.events',
      timestamp_column: 'created_at',
      is_append_only: true,
      tolerance: '0',
      ...undivided,
    },
  ],
  isolation_policy: { cron_job: 'fail' },
  waivers: [{ check_name: 'objects', object_name: 'public.x', reason: 'r', owner: 'o', until: '2026-12-31' }],
}

const lines = (copy: Registrations, isLater = false) =>
  compareRegistrations(production, copy, isLater).map((row) => `${row.status} ${row.object_name}: ${row.detail}`)

test('the same registrations pass, and more than those', () => {
  assert.equal(
    lines(production).map((line) => line.slice(0, 5)),
    ['pass ', 'pass ', 'pass ', 'pass '],
  )
  const more = { ...production, guards: [...production.guards, { ...production.guards[0], trigger_name: 'other' }] }
  assert.equal(
    lines(more as Registrations).map((line) => line.slice(0, 5)),
    ['pass ', 'pass ', 'pass ', 'pass '],
  )
})

test('must fail: each one removed', () => {
  assert.equal(
    lines({
      policies: {},
      guards: [],
      partitioned_relations: [],
      critical_relations: [],
      isolation_policy: {},
      waivers: [],
    }),
    [
      'fail public.events."set month": the guard public.events."set month" of production is not registered in the copy',
      'fail public.events: the partitioned table public.events of production is not registered in the copy',
      'fail public.events: the critical relation public.events of production is not registered in the copy',
      'fail cron_job: the isolation policy cron_job of production is not registered in the copy',
    ],
  )
})

test('a waiver that production has not is told, and so is a changed one', () => {
  const waiver = { check_name: 'row_counts', object_name: null, reason: 'r', owner: 'me', until: '2026-12-31' }
  const told = (waivers: Registrations['waivers']) =>
    lines({ ...production, waivers }).filter((line) => !line.startsWith('pass'))
  assert.equal(told([...production.waivers, waiver]), [
    "warn row_counts: the waiver of row_counts by me until 2026-12-31 is in the copy, but not in production's baseline",
  ])
  assert.equal(told(production.waivers.map((known) => ({ ...known, until: '2036-12-31' }))), [
    "warn objects on public.x: the waiver of objects on public.x by o until 2036-12-31 is in the copy, but not in production's baseline",
  ])
  // Without it more fails, never less.
  assert.equal(told([]), [])
})

const changes: [string, Partial<Registrations>, RegExp][] = [
  [
    'a looser isolation policy',
    { isolation_policy: { cron_job: 'skip' } },
    /cron_job is registered in the copy with another status/,
  ],
  [
    'an emptied function that the copy took for right',
    { guards: [{ ...production.guards[0], function_definition: 'empty' }] as Registrations['guards'] },
    /another function definition than in production/,
  ],
  [
    'a changed trigger',
    { guards: [{ ...production.guards[0], trigger_definition: 'when (false)' }] as Registrations['guards'] },
    /another trigger definition than/,
  ],
  [
    'another function',
    { guards: [{ ...production.guards[0], function_name: 'public.nothing' }] as Registrations['guards'] },
    /another function name than/,
  ],
  [
    'a longer period',
    {
      partitioned_relations: [{ relation_name: 'public.events', period: 'year', time_zone: 'UTC', name_pattern: null }],
    },
    /another period than/,
  ],
  [
    'another timestamp column',
    {
      critical_relations: [
        { relation_name: 'public.events', timestamp_column: null, is_append_only: true, tolerance: '0', ...undivided },
      ],
    },
    /another timestamp column than/,
  ],
  [
    'more tolerance',
    {
      critical_relations: [
        {
          relation_name: 'public.events',
          timestamp_column: 'created_at',
          is_append_only: false,
          tolerance: '1',
          ...undivided,
        },
      ],
    },
    /another is append only, tolerance than/,
  ],
  [
    'content that is not looked at any more',
    {
      critical_relations: [
        {
          relation_name: 'public.events',
          timestamp_column: 'created_at',
          is_append_only: true,
          tolerance: '0',
          tenant_column: null,
          is_tenant_shown: false,
          is_secret: true,
          depth: 'standard',
        },
      ],
    },
    /another is secret, depth than/,
  ],
]
for (const [name, change, detail] of changes) {
  test(`must fail: ${name}`, () => {
    const failed = lines({ ...production, ...change }).filter((line) => line.startsWith('fail'))
    assert.is(failed.length, 1)
    assert.match(failed[0] ?? '', detail)
  })
}

test('must fail: a guard that pgdrill created in the copy was missing in the backup', () => {
  assert.match(lines(production, true)[0] ?? '', /^fail .* was missing in what was restored/)
  const kept = {
    ...production,
    guards: [{ ...production.guards[0], is_trigger_ours: false }] as Registrations['guards'],
  }
  assert.match(lines(kept, true)[0] ?? '', /^pass /)
})

test.run()
