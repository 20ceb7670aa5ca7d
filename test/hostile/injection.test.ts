// What a restored copy, a baseline, a file of probes or an inventory says is data: nothing of it is ever run. The copy is
// not to be trusted, so the constraints that would refuse such rows are taken away first.

import { writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { opsmantikProbes } from '../../src/probes/probe-file.ts'
import { assertCode, type Outcome, urlOf, Workplace } from '../cli/program.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { start } from '../verification/sandbox-app.ts'

const test = suite('hostile/injection')
const place = new Workplace()
let copy: Scratch

test.before(async () => {
  copy = await makeDatabase((await sandboxClusters()).restore)
  await copy.run(
    'create table public.victim (id integer)',
    // Whoever is run leaves a trace, whatever is rolled back afterwards.
    'create sequence public.trace',
  )
})
test.after(async () => {
  place.remove()
  await copy?.drop()
})

/** What would be run, behind everything that may have to be closed first. */
const attacks = [
  'public.events; drop table public.victim --',
  "public.events'; select nextval('public.trace'); --",
  "public.events\"; select nextval('public.trace'); --",
  "public.events where nextval('public.trace') > 0",
  "(select nextval('public.trace'))",
  "nextval('public.trace')",
  "created_at) from public.events; select nextval('public.trace') --",
  "created_at, nextval('public.trace')",
  "$$; select nextval('public.trace'); $$",
  'pg_sleep(60)',
  "x' || pg_sleep(60)::text || '",
  '%s%I%L%1$s',
  '\\',
  'public.events\u0001',
  '',
  '"',
  "'",
]

const literal = (text: string) => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

async function assertNothingRan(): Promise<void> {
  const [row] = await copy.query<{ victim: string | null; is_called: boolean }>(
    "select to_regclass('public.victim')::text as victim, (select is_called from public.trace) as is_called",
  )
  assert.equal({ ...row }, { victim: 'victim', is_called: false })
}

async function run(...args: string[]): Promise<Outcome> {
  const began = performance.now()
  const outcome = await place.run(args, { COPY_DATABASE_URL: urlOf(copy) })
  assert.ok(performance.now() - began < 55_000, 'it slept')
  assert.not.match(outcome.stdout + outcome.stderr, /internal error/)
  await assertNothingRan()
  return outcome
}

interface Row {
  check_name: string
  object_name: string | null
  status: string
  detail: string
}

async function verify(...more: string[]): Promise<Row[]> {
  const outcome = await run('verify', '-t', 'copy', '--no-proof', '--format', 'json', ...more)
  assert.ok(outcome.code === 1 || outcome.code === 2, outcome.stderr)
  return JSON.parse(outcome.stdout).results
}

/** Takes what would refuse such rows away from a table of ours, and gives back how to put all of it right again. */
async function openUp(table: string): Promise<() => Promise<void>> {
  const constraints = await copy.query<{ name: string; definition: string }>(
    `select conname as name, pg_get_constraintdef(oid) as definition
     from pg_constraint where conrelid = 'drill.${table}'::regclass and contype = 'c'`,
  )
  await copy.run(
    `create table private.kept_${table} as select * from drill.${table}`,
    ...constraints.map(({ name }) => `alter table drill.${table} drop constraint ${name}`),
  )
  return () =>
    copy.run(
      `delete from drill.${table}`,
      `insert into drill.${table} select * from private.kept_${table}`,
      `drop table private.kept_${table}`,
      ...constraints.map(({ name, definition }) => `alter table drill.${table} add constraint ${name} ${definition}`),
    )
}

test('the constraints refuse names that are none', async () => {
  for (const one of attacks) {
    for (const insert of [
      `into drill.critical_relations (relation_name, is_append_only) values (${literal(one)}, true)`,
      `into drill.guards (relation_name, trigger_name, function_name) values (${literal(one)}, 't', 'public.f')`,
      `into drill.guards (relation_name, trigger_name, function_name) values ('public.t', 't', ${literal(one)})`,
      `into drill.partitioned_relations (relation_name, period) values (${literal(one)}, 'month')`,
    ]) {
      const code = await copy.run(`insert ${insert}`).then(
        () => 'taken',
        (error) => error.code,
      )
      // Refused by the constraint, or by what it is made of.
      assert.ok(['23514', '22023', '42601'].includes(code), `${code}: ${insert}`)
    }
  }
})

test('rows of critical relations, guards and partitioned relations', async () => {
  const putRight = [await openUp('critical_relations'), await openUp('guards'), await openUp('partitioned_relations')]
  const statements = attacks.flatMap((one, index) => {
    const a = literal(one)
    return [
      `create table private.t${index} (id integer, created_at timestamptz)`,
      `insert into private.t${index} values (1, now())`,
      `insert into drill.critical_relations (relation_name, is_append_only) values (${a}, true)`,
      `insert into drill.critical_relations (relation_name, timestamp_column, is_append_only, tenant_column)
       values ('private.t${index}', ${a}, true, ${a})`,
      `insert into drill.guards (relation_name, trigger_name, function_name, trigger_definition)
       values (${a}, ${a}, ${a}, ${a}), ('public.events', ${a}, 'public.f${index}', ${a}), ('public.events', 't${index}', ${a}, ${a})`,
      `insert into drill.partitioned_relations (relation_name, period, time_zone, name_pattern)
       values (${a}, 'month', 'UTC', null)`,
    ]
  })
  await copy.run(...statements)
  const rows = await verify('--depth', 'full')
  for (const [index, one] of attacks.entries()) {
    const isWrong = (check: string, object: string) =>
      rows.some((row) => row.check_name === check && row.object_name === object && /fail|error/.test(row.status))
    assert.ok(isWrong('critical_relations', one), `the name ${one}`)
    assert.ok(isWrong('critical_relations', `private.t${index}`), `the column ${one}`)
  }
  for (const check of ['partition_triggers', 'partitions']) {
    assert.ok(
      rows.some((row) => row.check_name === check && /fail|error/.test(row.status)),
      check,
    )
  }
  const captured = await run('baseline', 'capture', '-t', 'copy', '--depth', 'full')
  assertCode(captured, 2)
  await copy.run(...attacks.map((_, index) => `drop table private.t${index}`))
  for (const put of putRight) await put()
})

test('tenant columns, time zones, periods and patterns of names, one by one', async () => {
  const sql = copy.cluster.connect(copy.target.connection.database)
  const putRight = [await openUp('critical_relations'), await openUp('partitioned_relations')]
  await copy.run(
    'create table private.one (id integer, created_at timestamptz)',
    'insert into private.one values (1, now())',
    'create table private.parts (id integer, created_at timestamptz) partition by range (created_at)',
    "create table private.parts_old partition of private.parts for values from ('2020-01-01') to ('2020-02-01')",
  )
  const statusesOf = async (call: string) =>
    await sql.unsafe(`select r.status from ${call} as r`).then(
      (rows) => rows.map((row) => row['status']),
      (error) => {
        assert.match(error.code, /^(22|2B|42)/, error.message)
        return ['error']
      },
    )
  for (const one of attacks) {
    const a = literal(one)
    for (const columns of [`'month', ${a}, null`, `${a}, 'UTC', null`, `'month', 'UTC', ${a}`]) {
      await copy.run(
        'delete from drill.partitioned_relations',
        `insert into drill.partitioned_relations (relation_name, period, time_zone, name_pattern) values ('private.parts', ${columns})`,
      )
      const statuses = await statusesOf('drill.verify_partitions()')
      assert.ok(statuses.includes('fail') || statuses.includes('error'), `${columns}: ${statuses}`)
    }
    await copy.run(
      'delete from drill.critical_relations',
      `insert into drill.critical_relations (relation_name, timestamp_column, is_append_only, tenant_column)
       values ('private.one', 'created_at', true, ${a})`,
    )
    const found = await sql`select problem from drill.list_tenants()`.then(
      (rows) => rows.map((row) => row['problem']),
      (error) => [error.code],
    )
    assert.ok(found.length > 0 && found.every((problem) => problem !== null), `${one}: ${found}`)
  }
  await sql.end()
  await copy.run('drop table private.one', 'drop table private.parts')
  for (const put of putRight) await put()
  await assertNothingRan()
})

test('waivers, policies and heartbeats', async () => {
  const putRight = [await openUp('waivers'), await openUp('policy'), await openUp('isolation_policy')]
  await copy.run(
    ...attacks.flatMap((one) => {
      const a = literal(one)
      return [
        `insert into drill.waivers (check_name, object_name, reason, owner, until) values (${a}, ${a}, ${a}, ${a}, '2999-01-01')`,
        `insert into drill.waivers (check_name, object_name, reason, owner, until) values ('objects', ${a}, ${a}, ${a}, '2999-01-01')`,
        `insert into drill.policy values (${a}, '1 hour', ${a}) on conflict do nothing`,
        `insert into drill.isolation_policy values (${a}, ${a}, ${a}) on conflict do nothing`,
      ]
    }),
  )
  const outcome = await run('verify', '-t', 'copy', '--no-proof', '--format', 'json', '--depth', 'quick')
  assert.is(outcome.code, 0, outcome.stderr)
  const warned = (JSON.parse(outcome.stdout).results as Row[]).filter((row) => row.status === 'warn')
  for (const one of attacks) {
    assert.ok(
      warned.some((row) => row.check_name === 'waivers' && row.detail.includes(one)),
      one,
    )
  }
  for (const put of putRight) await put()
})

test('documents of drills', async () => {
  const sql = copy.cluster.connect(copy.target.connection.database)
  for (const one of attacks) {
    if (one.includes('\u0000')) continue
    const code = await sql`select drill.record_drill(${sql.json({ drill_id: one, state: 'finished' })})`.then(
      () => 'recorded',
      (error) => error.code,
    )
    assert.is(code, 'RD011', one)
  }
  await sql.end()
  await assertNothingRan()
})

test('an inventory that is recorded', async () => {
  const listing = attacks.flatMap((one) =>
    one.trim() === '' ? [] : [{ name: one, time: '2026-11-20T00:00:00Z', size: 5 }],
  )
  const name = "x'; select nextval('public.trace') --.json"
  writeFileSync(place.path(name), JSON.stringify(listing))
  const outcome = await run('retention', '-t', 'copy', '--inventory', `json:${name}`, '--record')
  assert.is(outcome.code, 1, outcome.stderr)
  const recorded = await copy.query<{ backup_id: string }>('select backup_id from drill.backups')
  assert.equal(recorded.map((row) => row.backup_id).sort(), listing.map((entry) => entry.name).sort())
})

test('ids that probes ask for', async () => {
  const { app, question } = await start(copy)
  writeFileSync(
    place.path('probes.json'),
    JSON.stringify({
      ...opsmantikProbes(),
      ids: Object.fromEntries(
        attacks.flatMap((one, index) =>
          one === ''
            ? []
            : [
                [`r${index}`, { relation: one, column: 'id' }],
                [`c${index}`, { relation: 'public.sites', column: one }],
              ],
        ),
      ),
      probes: attacks.flatMap((one, index) =>
        one === ''
          ? []
          : ['r', 'c'].map((kind) => ({
              name: `p${kind}${index}`,
              check: 'app_page',
              method: 'GET',
              path: `/x/{${kind}${index}}`,
              expect: { status: [200] },
            })),
      ),
      browser: undefined,
    }),
  )
  const rows = await verify('--depth', 'quick', '--probes', 'probes.json', '--app-url', question.url.href).finally(() =>
    app.close(),
  )
  const pages = rows.filter((row) => row.check_name === 'app_page')
  assert.is(pages.length, 2 * (attacks.length - 1))
  assert.equal([...new Set(pages.map((row) => row.status))], ['error'])
})

test('a baseline whose registrations are put into a copy', async () => {
  assertCode(await run('baseline', 'export', '-t', 'copy', '--out', 'b.json'), 0)
  const document = JSON.parse(place.read('b.json'))
  for (const one of attacks.filter((attack) => attack !== '' && !attack.includes('\u0000'))) {
    const changes: ((baseline: typeof document) => void)[] = [
      (baseline) => (baseline.relations[0].relation_name = one),
      (baseline) => (baseline.guards[0].relation_name = one),
      (baseline) => (baseline.partitioned_relations[0].relation_name = one),
    ]
    for (const change of changes.slice(0, one.includes(';') ? 3 : 1)) {
      const baseline = structuredClone(document)
      change(baseline)
      writeFileSync(place.path('hostile.json'), JSON.stringify(baseline))
      const outcome = await run('migrate', 'up', '-t', 'copy', '--baseline', 'hostile.json')
      assert.ok(outcome.code === 2 || outcome.code === 0, outcome.stderr)
    }
  }
})

test.run()
