import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { projectFile } from '../../src/project-files.ts'
import { makeBareDatabase, makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { availableMajors, withServer } from '../support/other-servers.ts'
import type { OwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { findSystemPostgres } from '../support/system-postgres.ts'

const test = suite('fingerprint')
const { production } = await sandboxClusters()
const { major } = production.binaries
const otherMajors = [14, 15, 16, 17, 18].filter((other) => other !== major)
const available = await availableMajors(...otherMajors)
const system = findSystemPostgres()
let db: Scratch

const files = [
  '_fingerprint_columns',
  '_fingerprint_expression',
  '_fingerprint_recipe',
  '_fold_fingerprint',
  '_slice_query',
  '_measure_slices',
].map((name) => readFileSync(projectFile('sql', 'data', `${name}.sql`), 'utf8'))

interface Slice {
  row_count: string
  fingerprint: string | null
}

const call = (table: string) =>
  `select row_count::text, fingerprint::text from drill._measure_slices(array['${table}'], array[false], null, true, now())`
const measure = async (scratch: Scratch, table: string, settings: string[] = []) => {
  const last = (await scratch.query<Slice | Slice[]>([...settings, call(table)].join(';'))).flat().at(-1)
  return `${last?.row_count} ${last?.fingerprint}`
}
const fingerprint = (table = 's.t', settings: string[] = []) => measure(db, table, settings)
const recipe = async (table = 's.t', scratch = db) =>
  (await scratch.query<{ recipe: string }>(`select drill._fingerprint_recipe('${table}'::regclass::oid) as recipe`))[0]
    ?.recipe

/** The fingerprint after each of some changes of a table that begins as it is made here. */
async function after(table: string, ...changes: string[]): Promise<string[]> {
  const statements = changes.flatMap((change) => ['drop table if exists s.t', table, change, call('s.t')])
  const rows = (await db.query<Slice | Slice[]>(statements.join(';'))).flat()
  return rows.flatMap((row) => ('fingerprint' in row ? [`${row.row_count} ${row.fingerprint}`] : []))
}

async function differ(table: string, ...changes: string[]): Promise<void> {
  const found = await after(table, ...changes)
  assert.is(found.length, changes.length)
  assert.is(new Set(found).size, changes.length, `${table}: ${changes.join(' | ')}: ${found.join(' | ')}`)
}

async function same(table: string, ...changes: string[]): Promise<void> {
  const found = await after(table, ...changes)
  assert.is(found.length, changes.length)
  assert.is(new Set(found).size, 1, `${table}: ${changes.join(' | ')}: ${found.join(' | ')}`)
}

const extensions = 'create extension citext; create extension hstore; create extension ltree; create extension cube'
const types = `
  create type s.color as enum ('red', 'green', 'blue');
  create domain s.color_domain as s.color;
  create type s.pair as (a integer, b text);
  create type s.colored as (c s.color, r regclass);
  create type s.colors as range (subtype = s.color);
  create domain s.short as varchar(20) check (value <> 'x');
  create domain s.shorter as s.short;
  create collation s.blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`

/** Values of each type that must be told apart, null among them. */
const values: [type: string, ...values: string[]][] = [
  ['boolean', 'true', 'false'],
  ['smallint', '1', '-1'],
  ['integer', '1', '-1', '65536'],
  ['bigint', '-1', '4294967295', '1', '4294967296', '0', '-9223372036854775808'],
  ['oid', '1', '2'],
  ['real', '1.1', '1.1000001', "'nan'", "'infinity'", "'-infinity'"],
  ['double precision', '0.1', '0.10000000000000002', "'nan'", "'infinity'", "'-infinity'", '1e-300'],
  ['numeric', '5', '-5', '50000', '1.10', '1.1', '1.123456', '1.12', '0', '0.0', "'nan'", "'infinity'", "'-infinity'"],
  ['numeric(12,4)', '1.2345', '1.2300'],
  ['text', "''", "' '", "'a'", "'a '", "'A'", "'é'", "e'e\\u0301'", "'?'", "'null'"],
  ['varchar(20)', "''", "'a'", "'a '", "'é'", "'?'"],
  ['char(5)', "''", "'a'", "'A'", "' a'"],
  ['name', "'a'", "'b'"],
  ['"char"', "'a'", "'b'", "''"],
  ['s.short', "''", "'a'", "'a '"],
  ['s.shorter', "''", "'a'", "'a '"],
  ['text collate s.blind', "'a'", "'A'", "''"],
  ['citext', "'a'", "'A'", "''"],
  ['bytea', "''", "'\\x00'", "'\\x0000'", "'\\x41'"],
  ['uuid', "'00000000-0000-0000-0000-000000000000'", "'00000000-0000-0000-0000-000000000001'"],
  ['date', "'2026-01-01'", "'2026-01-02'", "'infinity'", "'-infinity'", "'2026-01-01 BC'", "'5874897-12-31'"],
  ['time', "'10:00'", "'10:00:00.000001'"],
  ['timetz', "'10:00+00'", "'11:00+01'", "'10:00+01'"],
  ['timestamp', "'2026-01-01'", "'2026-01-01 03:00'", "'infinity'", "'-infinity'", "'2026-01-01 00:00:00.000001'"],
  [
    'timestamptz',
    "'2026-01-01Z'",
    "'2026-01-01 03:00Z'",
    "'infinity'",
    "'-infinity'",
    "'2026-01-01 00:00:00.000001Z'",
    "'4713-01-01 BC'",
    "'294276-12-31Z'",
  ],
  ['interval', "'1 day'", "'24 hours'", "'1 month'", "'30 days'", "'1 second'"],
  ['inet', "'10.0.0.1'", "'10.0.0.1/24'", "'::1'"],
  ['cidr', "'10.0.0.0/8'", "'10.0.0.0/16'"],
  ['macaddr', "'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'"],
  ['macaddr8', "'08:00:2b:01:02:03:04:05'", "'08:00:2b:01:02:03:04:06'"],
  ['json', `'{"a": 1, "b": 2}'`, `'{"b": 2, "a": 1}'`, `'{"a":1,"b":2}'`, "'null'"],
  ['jsonb', "'5'", "'-5'", "'1.0'", "'1.00'", "'null'", `'"5"'`, "'[5]'", `'{"a": [0]}'`, `'{"a": [1]}'`],
  ['jsonb', `(select jsonb_agg(0) from generate_series(1, 64))`, `(select jsonb_agg(1) from generate_series(1, 64))`],
  ['integer[]', "'{1,2}'", "'{2,1}'", "'{{1,2}}'", "'[0:1]={1,2}'", "'{1,null}'", "'{}'", "'{0}'", "'{null}'"],
  ['text[]', `'{a,b}'`, `'{"a,b"}'`, `'{""}'`, `'{}'`, `'{"null"}'`, `'{null}'`],
  ['numeric[]', "'{1}'", "'{-1}'", "'{1.0}'"],
  ['s.color', "'red'", "'green'"],
  ['s.color_domain', "'red'", "'green'"],
  ['s.color[]', "'{red}'", "'{green}'", "'{red,red}'"],
  ['s.pair', "row(1, 'a')", 'row(1, null)', "row(null, 'a')", 'row(null, null)', "row(1, '')"],
  ['s.pair[]', "array[row(1, 'a')::s.pair]", 'array[row(1, null)::s.pair]', 'array[null::s.pair]'],
  ['s.colored', "row('red', 'pg_class')", "row('red', 'pg_type')", "row('green', 'pg_class')"],
  ['s.colors', "'[red,green]'", "'[red,green)'", "'empty'", "'(,green]'"],
  ['regclass', "'pg_class'", "'pg_type'"],
  ['int4range', "'[1,2)'", "'[1,3)'", "'empty'", "'[1,)'"],
  ['tstzrange', "'[2026-01-01Z,2026-01-02Z)'", "'[2026-01-01Z,2026-01-02Z]'"],
  ['int4multirange', "'{[1,2)}'", "'{[1,2),[5,6)}'", "'{}'"],
  ['bit(3)', "b'101'", "b'100'"],
  ['varbit', "b'1'", "b'10'", "b''"],
  ['money', '1', '2', '-1'],
  ['xid', "'1'", "'2'"],
  ['pg_lsn', "'0/1'", "'1/0'"],
  ['point', "'(1,2)'", "'(2,1)'", "'(1,2.0000000000000004)'"],
  ['path', "'((1,2),(3,4))'", "'[(1,2),(3,4)]'"],
  ['tsvector', "'a b'", "'a:1 b'"],
  ['hstore', "'a=>1'", "'a=>null'", "''"],
  ['ltree', "'a.b'", "'a.c'"],
  ['cube', "'(1,2)'", "'(1,2.0000000000000004)'"],
]
/** Every value of every type, in one table. */
const everything = [
  `create table s.everything (n integer, ${values.map(([type], i) => `c${i} ${type}`).join(', ')})`,
  ...values.flatMap(([, ...list], i) =>
    list.map((value, n) => `insert into s.everything (n, c${i}) values (${n}, ${value})`),
  ),
]

async function prepare(scratch: Scratch): Promise<void> {
  await scratch.run(...files)
}

test.before(async () => {
  db = await makeBareDatabase(production)
  await prepare(db)
  await db.run(...extensions.split('; '))
})
test.before.each(() => db.run('drop schema if exists s cascade', 'create schema s', types))
test.after(() => db.drop())

for (const [type, ...list] of values) {
  test(`must change: ${type}: ${list.map((value) => value.slice(0, 30)).join(', ')}, null`, () =>
    differ(`create table s.t (c ${type})`, ...[...list, 'null'].map((value) => `insert into s.t values (${value})`)))
}

test('equal by the type: negative zero, blanks at the end of char, keys of jsonb', async () => {
  await same('create table s.t (c float8)', `insert into s.t values ('-0')`, `insert into s.t values ('0')`)
  await same('create table s.t (c char(5))', `insert into s.t values ('a')`, `insert into s.t values ('a  ')`)
  await same(
    'create table s.t (c jsonb)',
    `insert into s.t values ('{"a":1,"b":2}')`,
    `insert into s.t values ('{"b":2, "a":1}')`,
  )
})

test('must change: rows that swap values, columns that swap values, a missing or doubled row', async () => {
  const good = `create table s.t (a integer, b integer, x text, y text, j numeric, k numeric, u uuid, l integer[], p s.pair)`
  const row = (more: Record<string, string>) => {
    const all: Record<string, string> = {
      a: '1',
      b: '2',
      x: `'v'`,
      y: `'w'`,
      j: '5',
      k: '50000',
      u: `'00000000-0000-0000-0000-000000000001'`,
      l: `'{2,3}'`,
      p: `'(4,x)'`,
      ...more,
    }
    return `insert into s.t (${Object.keys(all).join(', ')}) values (${Object.values(all).join(', ')})`
  }
  const two = (first: Record<string, string>, second: Record<string, string>) => `${row(first)};${row(second)}`
  await differ(
    good,
    'select',
    row({}),
    `${row({})};${row({})}`,
    `${row({})};${row({})};${row({})}`,
    row({ a: '2', b: '1' }),
    row({ x: `'w'`, y: `'v'` }),
    // Digits alike, weights not.
    row({ j: '50000', k: '5' }),
    row({ a: '2', l: `'{1,3}'` }),
    row({ a: '4', p: `'(1,x)'` }),
    row({ x: 'null' }),
    row({ y: 'null' }),
    row({ x: `''` }),
    row({ x: `'vw'`, y: `''` }),
  )
  for (const [column, v, w] of [
    ['a', '7', '8'],
    ['x', `'7'`, `'8'`],
    ['j', '7', '8'],
    ['l', `'{7}'`, `'{8}'`],
    ['u', `'00000000-0000-0000-0000-000000000007'`, `'00000000-0000-0000-0000-000000000008'`],
  ] as const) {
    // The rows differ in one other column, whichever it is.
    for (const [other, one, another] of [
      ['b', '1', '2'],
      ['y', `'1'`, `'2'`],
      ['k', '1', '2'],
      ['p', `'(1,)'`, `'(2,)'`],
    ] as const) {
      await differ(
        good,
        two({ [column]: v, [other]: one }, { [column]: w, [other]: another }),
        two({ [column]: w, [other]: one }, { [column]: v, [other]: another }),
      )
    }
  }
})

test('rows of small numbers and few words do not collide', async () => {
  await db.run(
    'create table s.t (a integer, b bigint, c numeric, x text, y text)',
    `insert into s.t select i, j, i - j, (i % 7)::text, (j % 5)::text from generate_series(-200, 200) as i, generate_series(-200, 200) as j`,
  )
  const [row] = await db.query<{ statement: string }>(
    `select 'select count(distinct ' || drill._fingerprint_expression('s.t'::regclass, 't') || ')::integer as n from s.t as t' as statement`,
  )
  assert.equal(await db.query(row?.statement ?? ''), [{ n: 401 * 401 }])
})

test('must be equal: another physical layout', async () => {
  const rows = `insert into s.t (a, b, c) select i, 'v' || i, i * 1.5 from generate_series(1, 500) as i`
  await db.run('create table s.t (a integer, b text, c numeric)', rows)
  const good = await fingerprint()
  const goodRecipe = await recipe()
  await db.run('vacuum full s.t')
  assert.is(await fingerprint(), good)
  await db.run(
    'update s.t set a = a',
    'alter table s.t drop column c',
    'alter table s.t add column c numeric',
    'update s.t set c = a * 1.5',
  )
  assert.is(await fingerprint(), good)
  await db.run(
    'drop table s.t',
    'create table s.t (gone date, c numeric not null, b text, gone2 s.pair, a bigint generated by default as identity)',
    'alter table s.t drop column gone, drop column gone2',
  )
  await db.run('alter table s.t alter column a drop identity, alter column a type integer', `${rows} order by random()`)
  assert.is(await fingerprint(), good)
  assert.is(await recipe(), goodRecipe)
  // Counts, but is not data.
  await db.run('alter table s.t add column d integer generated always as (a * 2) stored')
  assert.is(await fingerprint(), good)
  assert.is(await recipe(), goodRecipe)
  await db.run('alter table s.t rename column b to b2')
  assert.is.not(await recipe(), goodRecipe)
})

test('identity columns count', () =>
  differ(
    'create table s.t (id integer generated always as identity, a text)',
    `insert into s.t (a) values ('x')`,
    `insert into s.t overriding system value values (2, 'x')`,
  ))

test('must be equal: a partition with its columns in another order; days add up to the whole', async () => {
  await db.run(
    'create table s.p (at timestamptz, a integer, b text) partition by range (at)',
    'create table s.t (b text, gone date, a integer, at timestamptz)',
    'alter table s.t drop column gone',
    `alter table s.p attach partition s.t for values from ('2026-01-01Z') to ('2027-01-01Z')`,
    `insert into s.p select '2026-01-01Z'::timestamptz + i * interval '5 hours', i, 'v' || i from generate_series(1, 1500) as i`,
    'create table s.plain as select * from s.p',
  )
  const [of] = await db.query<{ sum: string }>(`
    select drill._fold_fingerprint(sum(m.fingerprint))::text as sum
    from drill._measure_slices(array['s.t'], array[true], 'at', true, '2026-10-05Z') as m`)
  for (const table of ['s.p', 's.t', 's.plain']) assert.is(await fingerprint(table), `1500 ${of?.sum}`)
  assert.is(await recipe('s.t'), await recipe('s.p'))
})

test('must be equal: other settings of the session', async () => {
  await db.run(...everything)
  const good = await fingerprint('s.everything')
  const settings = [
    `set timezone = 'Asia/Kolkata'`,
    `set datestyle = 'SQL, DMY'`,
    `set intervalstyle = 'iso_8601'`,
    'set extra_float_digits = -10',
    `set bytea_output = 'escape'`,
    `set xmloption = 'document'`,
    'set quote_all_identifiers = on',
    `set lc_monetary = 'C.UTF-8'`,
    `set search_path = 's, public, pg_catalog'`,
    'set enable_hashagg = off',
    'set max_parallel_workers_per_gather = 0',
  ]
  assert.is(await fingerprint('s.everything', settings), good)
})

test('an enum counts by its labels, whatever their numbers and their order', async () => {
  await db.run(
    'create schema other',
    `create type other.color as enum ('blue', 'green', 'red')`,
    'create table s.a (c s.color, l s.color[])',
    'create table s.b (c other.color, l other.color[])',
    `insert into s.a values ('red', '{green,blue}')`,
    `insert into s.b values ('red', '{green,blue}')`,
  )
  assert.is(await fingerprint('s.a'), await fingerprint('s.b'))
  assert.is(await recipe('s.a'), await recipe('s.b'))
  await db.run('drop schema other cascade')
})

test('hostile names, a column that is called like a keyword, no columns at all', async () => {
  const quoted = `"${`50%s $1 {"x"}\n'é:hash,`.replaceAll('"', '""')}"`
  await db.run(
    `create table s.${quoted} (${quoted} text, "select" integer, "A" jsonb)`,
    'create table s.none ()',
    'insert into s.none default values',
  )
  const [table] = await db.query<{ name: string }>(
    `select format('%I.%I', 's', relname) as name from pg_class where relname like '50%'`,
  )
  await db.run(`insert into ${table?.name} values ('x', 1, '{}')`)
  const [row] = await db.query<{ n: string }>(
    `select fingerprint::text as n from drill._measure_slices(array(select format('%I.%I', 's', relname) from pg_class where relname like '50%'), array[false], null, true, now())`,
  )
  assert.match(row?.n ?? '', /^-?\d+$/)
  assert.match(await fingerprint('s.none'), /^1 -?\d+$/)
})

test('a table of 1,600 columns', async () => {
  const list = (type: string) => Array.from({ length: 1600 }, (_, i) => `c${i} ${type}`).join(', ')
  for (const [type, value, other] of [
    ['integer', '1', '2'],
    ['boolean', 'true', 'false'],
    ['"char"', `'a'`, `'b'`],
  ] as const) {
    await differ(
      `create table s.t (${list(type)})`,
      `insert into s.t (c0, c1599) values (${value}, ${other})`,
      `insert into s.t (c0, c1599) values (${other}, ${value})`,
      `insert into s.t (c700, c1599) values (${value}, ${other})`,
    )
  }
})

const slices = async (table: string, withFingerprint: boolean) =>
  (
    await db.query<Record<string, string | null>>(`
      select slice_name, starts_at::text, ends_at::text, row_count::text, oldest_at::text, newest_at::text, fingerprint::text
      from drill._measure_slices(array['${table}'], array[true], 'at', ${withFingerprint}, '2026-10-20 12:00Z')`)
  ).map((row) =>
    Object.values(row)
      .slice(0, withFingerprint ? 7 : 6)
      .join('|'),
  )

for (const type of ['timestamptz', 'timestamp', 'date']) {
  test(`slices: days, months, no time, infinite times and ages before the first year: ${type}`, async () => {
    await db.run(
      `create table s.t (at ${type}, n integer)`,
      `alter database ${db.target.connection.database} set timezone = 'Asia/Kolkata'`,
      `set timezone = 'UTC'; insert into s.t select v::${type}, 1 from unnest(array[
        null, null, '-infinity', 'infinity', '0044-03-15 12:00 BC', '0001-12-31 23:59:59.999999 BC', '0001-01-01', '1999-12-31 23:59:59',
        '2026-07-31 23:59:59.999999', '2026-08-01', '2026-08-01 23:59:59.999999', '2026-10-20', '2026-11-30', '2026-12-01', '9999-12-31 23:59:59.999999', '10000-01-01'
      ]) as v`,
    )
    const found = await slices('s.t', false)
    assert.equal(
      found
        .map((line) =>
          line
            .split('|')
            .filter((_, i) => i === 0 || i === 3)
            .join(' '),
        )
        .sort(),
      [
        '-infinity 1',
        '0001-01 1',
        '1999-12 1',
        '2026-07 1',
        '2026-08-01 2',
        '2026-10-20 1',
        '2026-11-30 1',
        '2026-12 1',
        '9999-12 1',
        'before 0001 2',
        'from 10000 1',
        'infinity 1',
        'null 2',
      ].sort(),
    )
    const days = await db.query<{ ok: boolean }>(`
      select bool_and(oldest_at >= starts_at and newest_at < ends_at) as ok
      from drill._measure_slices(array['s.t'], array[true], 'at', true, '2026-10-20 12:00Z') where starts_at is not null`)
    assert.equal(days, [{ ok: true }])
    // Counted between the bounds of an index, it is the same.
    await db.run('create index on s.t (at)')
    assert.equal(await slices('s.t', false), found)
    assert.equal(
      (await slices('s.t', true)).map((line) => line.split('|').slice(0, 6).join('|')),
      found,
    )
    await db.run(`alter database ${db.target.connection.database} reset timezone`)
  })
}

test('a change is found in its slice alone', async () => {
  await db.run(
    'create table s.t (at timestamptz, v text)',
    `insert into s.t select '2026-09-01Z'::timestamptz + i * interval '1 hour', 'é' || i from generate_series(0, 999) as i`,
  )
  const before = await slices('s.t', true)
  await db.run(`update s.t set v = replace(v, 'é', '?') where v = 'é100'`)
  const now = await slices('s.t', true)
  assert.equal(
    now.filter((line, i) => line !== before[i]).map((line) => line.split('|')[0]),
    ['2026-09-05'],
  )
})

test('an empty table, and no time column', async () => {
  await db.run('create table s.t (at timestamptz, v text)')
  assert.is(await fingerprint(), '0 0')
  assert.equal(await slices('s.t', true), [])
  const whole = await db.query(
    `select slice_name, row_count::text, fingerprint::text from drill._measure_slices(array['s.t'], array[false], 'at', true, now())`,
  )
  assert.equal(whole, [{ slice_name: 'all', row_count: '0', fingerprint: '0' }])
})

test('folding: wraps at 64 bits, and the sum of folded sums is the folded sum', async () => {
  const [row] = await db.query<Record<string, string>>(`
    select
      drill._fold_fingerprint(9223372036854775807)::text as highest, drill._fold_fingerprint(9223372036854775808)::text as wrapped,
      drill._fold_fingerprint(-9223372036854775809)::text as below, drill._fold_fingerprint(null)::text as none,
      drill._fold_fingerprint(1e40::numeric + 7)::text as huge,
      (drill._fold_fingerprint(3e19::numeric + 5e19) = drill._fold_fingerprint(drill._fold_fingerprint(3e19)::numeric + drill._fold_fingerprint(5e19)))::text as adds`)
  assert.equal(row, {
    highest: '9223372036854775807',
    wrapped: '-9223372036854775808',
    below: '9223372036854775807',
    none: '0',
    huge: String(BigInt.asIntN(64, 10n ** 40n + 7n)),
    adds: 'true',
  })
})

test('planned in parallel, hashed, without a sort of the rows and without temporary files', async () => {
  await db.run(
    'create table s.t (at timestamptz, v text)',
    `insert into s.t select '2026-08-01Z'::timestamptz + i * interval '10 seconds', repeat('v', 90) || i from generate_series(0, 199999) as i`,
    'vacuum analyze s.t',
  )
  const files = () =>
    db.query(`select temp_files::integer as n from pg_stat_database where datname = current_database()`)
  const filesBefore = await files()
  for (const withFingerprint of [true, false]) {
    const [row] = await db.query<{ query: string }>(
      `select drill._slice_query(array['s.t'], array[true], 'at', ${withFingerprint}, '2026-06-01Z') as query`,
    )
    const plan = (await db.query<Record<string, string>>(`explain (costs off) ${row?.query}`))
      .map((line) => line['QUERY PLAN'])
      .join('\n')
    assert.match(plan, /Partial HashAggregate/)
    assert.match(plan, /Parallel Seq Scan on t/)
    assert.match(plan, /Workers Planned: 2/)
    assert.is((await slices('s.t', withFingerprint)).length, 24)
  }
  await db.query('select pg_stat_clear_snapshot()')
  assert.equal(await files(), filesBefore)
})

type Found = Record<string, string | undefined>

/** Another server with the same rows. */
async function elsewhere(own: OwnCluster, statements: string[]): Promise<Scratch> {
  await own.createDatabase('other')
  await own.use('other', async (sql) => {
    for (const statement of ['create schema drill', 'create schema s', ...dependencies, ...files, ...statements]) {
      await sql.unsafe(statement)
    }
  })
  return {
    query: (statement: string) => own.use('other', (sql) => sql.unsafe(statement)),
  } as unknown as Scratch
}

const dependencies = ['core/_relation_oid', 'data/_has_index_on', 'data/_refuse_rewritten'].map((name) =>
  readFileSync(projectFile('sql', `${name}.sql`), 'utf8'),
)

async function ofEverything(scratch: Scratch): Promise<Found> {
  return { fingerprint: await measure(scratch, 's.everything'), recipe: await recipe('s.everything', scratch) }
}

/** Which column it is, when they differ. */
async function byColumn(scratch: Scratch): Promise<Found> {
  const found: Found = {}
  for (const [i, [type]] of values.entries()) {
    await scratch.query('drop table if exists s.t')
    await scratch.query(`create table s.t as select c${i} from s.everything`)
    found[`${i} ${type}`] = await measure(scratch, 's.t')
  }
  return found
}

async function assertEqualData(one: Scratch, another: Scratch): Promise<void> {
  const [expected, found] = [await ofEverything(one), await ofEverything(another)]
  assert.match(expected['fingerprint'] ?? '', /^[1-9]\d* -?\d+$/)
  if (expected['fingerprint'] !== found['fingerprint']) assert.equal(await byColumn(another), await byColumn(one))
  assert.equal(found, expected)
}

for (const other of otherMajors) {
  test.needs(available.has(other), `PostgreSQL ${other} is not fetched: make postgres PG=${other}`)(
    `must be equal: PostgreSQL ${other}`,
    () =>
      withServer({ major: other }, async (own) => {
        assert.is(own.cluster.binaries.major, other)
        await db.run(...everything)
        await assertEqualData(db, await elsewhere(own, [...extensions.split('; '), types, ...everything]))
      }),
  )
}

test.needs(system !== undefined, 'no pg_dump with a server of the same version')(
  'must be equal: dumped by pg_dump from another server and restored here',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pgdrill-fingerprint-'))
    const dump = join(directory, 'dump')
    const copy = await makeDatabase(production, null)
    try {
      await withServer({ bin: system?.bin ?? '' }, async (own) => {
        // Other numbers for everything, so that what depends on them shows.
        const padding = Array.from({ length: 20 }, (_, i) => `create table public.padding_${i} (a integer)`)
        const there = await elsewhere(own, [...extensions.split('; '), ...padding, types, ...everything])
        execFileSync(join(system?.bin ?? '', 'pg_dump'), ['-Fp', '--no-owner', '-f', dump, own.cluster.url('other')])
        // A server that is older than the dump does not know all of its settings.
        execFileSync(
          join(system?.bin ?? '', 'psql'),
          ['-qX', '-f', dump, copy.cluster.url(copy.target.connection.database)],
          { stdio: ['ignore', 'ignore', 'ignore'] },
        )
        await assertEqualData(there, copy)
      })
    } finally {
      await copy.drop()
      rmSync(directory, { recursive: true, force: true })
    }
  },
)

test.run()
