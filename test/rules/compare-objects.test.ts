// The comparison alone, on facts that are made here.

import * as assert from 'uvu/assert'
import type { Baseline } from '../../src/baselines/document.ts'
import type { SchemaObject } from '../../src/database/contract.ts'
import { compareObjects } from '../../src/rules/compare-objects.ts'
import { boundedValue, describeDifference } from '../../src/rules/describe-difference.ts'
import { suite } from '../support/suite.ts'

const test = suite('rules/compare-objects')

function object(
  object_kind: string,
  object_name: string,
  definition = 'x',
  more: Partial<SchemaObject> = {},
): SchemaObject {
  return { object_kind, object_name, definition, relation_name: null, is_of_partition: false, problem: null, ...more }
}

const part = (kind: string, table: string, name: string, definition = 'x') =>
  object(kind, `${table}.${name}`, definition, { relation_name: table })
const table = (name: string, more: Partial<SchemaObject> = {}) =>
  object('table', name, 'kind: table', { relation_name: name, ...more })

function compare(
  expected: SchemaObject[],
  actual: SchemaObject[],
  { role = 'reader', disarmed = [] as string[], buckets = [] as string[], equal = {} } = {},
) {
  const relations = [{ buckets: buckets.map((partition_name) => ({ partition_name })) }]
  const baseline = { captured_at: '2026-01-01', objects: expected, relations } as unknown as Baseline
  return compareObjects(baseline, { production: expected, copy: actual, equal }, role, new Set(disarmed))
}
const lines = (rows: ReturnType<typeof compare>) =>
  rows.filter((row) => row.status !== 'pass').map((row) => `${row.status} ${row.object_name}: ${row.detail}`)
const base = object('schema', 'public')

test('equal objects are counted by kind', () => {
  const rows = compare(
    [base, table('a.t'), table('a.u'), object('policy', 'a.t.p'), object('operator class', 'a.c')],
    [base, table('a.t'), table('a.u'), object('policy', 'a.t.p'), object('operator class', 'a.c')],
  )
  assert.equal(
    rows.map((row) => `${row.status} ${row.object_name}: ${row.detail}`),
    [
      'pass operator class: 1 operator class as in production',
      'pass policy: 1 policy as in production',
      'pass schema: 1 schema as in production',
      'pass table: 2 tables as in production',
    ],
  )
})

test('objects that the database compared are counted with the others', () => {
  const count = (rows: ReturnType<typeof compare>) =>
    rows.map((row) => `${row.status} ${row.object_name}: ${row.detail}`)
  assert.equal(count(compare([], [], { equal: { table: 2, policy: 1 } })), [
    'pass policy: 1 policy as in production',
    'pass table: 2 tables as in production',
  ])
  assert.equal(count(compare([table('a.t'), table('a.u')], [table('a.t')], { equal: { table: 2 } })), [
    'fail a.u: the table a.u is missing',
    'pass table: 3 tables as in production',
  ])
  const unread = object('cron job', 'cron.job', '', { problem: 'reader may not: grant select on cron.job to reader' })
  assert.equal(count(compare([], [unread], { equal: { 'cron job': 2 } })), [
    "error cron.job: production's 2 cron jobs could not be compared: reader may not",
  ])
})

test('a baseline without objects is an error, and so is one of problems only', () => {
  assert.is(compare([], [base])[0]?.status, 'error')
  assert.is(compare([object('cron job', 'cron.job', '', { problem: 'no: grant' })], [base])[0]?.status, 'error')
})

test('10,000 missing tables with all that is theirs, and 10,000 new ones, are told in a moment', () => {
  const many = (prefix: string) =>
    Array.from({ length: 10_000 }, (_, at) => {
      const name = `${prefix}.t${at}`
      return [
        table(name),
        part('column', name, 'a'),
        part('column', name, 'b'),
        object('grant', `table ${name} to anon`, 'SELECT', { relation_name: name }),
        object('function', `${prefix}.f${at}()`),
        object('grant', `function ${prefix}.f${at}() to public`, 'EXECUTE'),
      ]
    }).flat()
  const rows = compare([base, ...many('gone')], [base, ...many('new')])
  assert.is(rows.filter((row) => row.status === 'fail').length, 20_000)
  assert.is(rows.filter((row) => row.status === 'warn').length, 20_000)
  assert.match(rows[0]?.detail ?? '', 'the table gone.t0 is missing, and with it 3 objects that are part of it')
})

test('what hangs on something missing or new is told with it, however it is called', () => {
  for (const name of ['f(a integer)', '"to "(a integer)', '" to x to "(b text)', '"a\n to b"()']) {
    const objects = [
      base,
      object('function', `s.${name}`),
      object('grant', `function s.${name} to "x to y"`, 'EXECUTE'),
      object('procedure', `s.p${name}`),
      object('grant', `function s.p${name} to public`, 'EXECUTE'),
    ]
    assert.equal(
      compare(objects, [base])
        .filter((row) => row.status === 'fail')
        .map((row) => row.object_name),
      [`s.${name}`, `s.p${name}`],
    )
    assert.equal(
      compare([base], objects)
        .filter((row) => row.status !== 'pass')
        .map((row) => row.object_name),
      [`s.${name}`, `s.p${name}`],
    )
  }
  assert.is(
    lines(compare([base, object('grant', 'function s.f() to x'), object('function', 's.g()')], [base])).length,
    2,
  )
})

test('partitions of critical tables are judged as buckets, other missing ones are missing', () => {
  const partition = (name: string) => table(name, { is_of_partition: true })
  assert.equal(lines(compare([base, partition('a.p1'), partition('a.p2')], [base], { buckets: ['a.p1'] })), [
    'fail a.p2: the table a.p2 is missing',
  ])
  assert.equal(
    lines(compare([base], [base, partition('a.p3'), { ...part('column', 'a.p3', 'x'), is_of_partition: true }])),
    [],
  )
})

const partitionOf = (parent: string, name: string) =>
  table(name, { is_of_partition: true, definition: `kind: table\npartition of: ${parent}\nbound: DEFAULT` })
const columnOf = (relation: string, definition: string, name = 'x') =>
  ({ ...part('column', relation, name, definition), is_of_partition: relation !== 'a.t' }) as SchemaObject

test('a column of a partition that is not listed is as its parent’s', () => {
  const both = [base, table('a.t'), partitionOf('a.t', 'a."p\n1"'), partitionOf('a."p\n1"', 'a.q')]
  const plain = [...both, columnOf('a.t', 'type: text')]
  for (const partition of ['a."p\n1"', 'a.q']) {
    const own = (definition: string) => [...plain, columnOf(partition, definition)]
    assert.equal(lines(compare(plain, own('type: text\nnot null'))), [
      `fail ${partition}.x: the column ${partition}.x differs from production: + not null`,
    ])
    assert.equal(lines(compare(own('type: text\nnot null'), plain)), [
      `fail ${partition}.x: the column ${partition}.x differs from production: - not null`,
    ])
    // Listed on one side, and the same: a baseline that lists all columns, or a parent that changed.
    assert.equal(lines(compare(own('type: text'), plain)), [])
    assert.equal(lines(compare(plain, own('type: text'))), [])
    assert.equal(lines(compare(own('type: text'), own('type: text'))), [])
  }
  const changed = [...both, columnOf('a.t', 'type: text\nnot null')]
  assert.equal(lines(compare(changed, [...plain, columnOf('a."p\n1"', 'type: text\nnot null')])), [
    'fail a.t.x: the column a.t.x differs from production: - not null',
  ])
})

test('a column that is in no table above the partition is missing or unexpected', () => {
  const both = [base, table('a.t'), partitionOf('a.t', 'a.p')]
  const more = [...both, columnOf('a.p', 'type: text')]
  assert.equal(lines(compare(more, both)), ['fail a.p.x: the column a.p.x is missing'])
  assert.match(lines(compare(both, more)).join(), /^warn a\.p\.x: the column a\.p\.x is in the copy, but not in [^,]+$/)
})

test('of a partition that was detached the table is told, and what of its columns is not as it was', () => {
  const parent = [base, table('a.t'), columnOf('a.t', 'type: text'), columnOf('a.t', 'type: integer', 'y')]
  const production = [...parent, partitionOf('a.t', 'a.p')]
  const copy = [...parent, table('a.p'), columnOf('a.p', 'type: text'), columnOf('a.p', 'type: bigint', 'y')]
  assert.equal(
    lines(compare(production, copy)).map((line) => line.split(' differs')[0]),
    ['fail a.p: the table a.p', 'fail a.p.y: the column a.p.y'],
  )
  assert.equal(
    lines(compare(copy, production)).map((line) => line.split(' differs')[0]),
    ['fail a.p: the table a.p', 'fail a.p.y: the column a.p.y'],
  )
})

test('partitions that go round in circles, as only a damaged file has them, end', () => {
  const circle = [base, partitionOf('a.q', 'a.p'), partitionOf('a.p', 'a.q')]
  assert.is(lines(compare(circle, [...circle, columnOf('a.p', 'type: text')])).length, 1)
})

test('a kind that the copy’s reader could not read is one error, not so many missing objects', () => {
  const jobs = [object('cron job', 'a'), object('cron job', 'b')]
  const unread = object('cron job', 'cron.job', '', {
    problem: '"x" may not read cron.job: grant select on cron.job to "x"',
  })
  const rows = compare([base, ...jobs], [base, unread])
  assert.equal(lines(rows), [
    `error cron.job: production's 2 cron jobs could not be compared: "x" may not read cron.job`,
  ])
  assert.is(rows[0]?.hint, 'Run as a superuser of the copy, then verify again: grant select on cron.job to "x".')
  assert.equal(lines(compare([base], [base, unread])), [
    'error cron.job: nobody could look whether the copy has cron jobs that production does not have: "x" may not read cron.job',
  ])
})

test('a kind that the capture could not read is an error, and nothing of it is unexpected', () => {
  const unread = object('cron job', 'cron.job', '', { problem: 'reader may not: grant select on cron.job to reader' })
  const rows = compare([base, unread], [base, object('cron job', 'a')])
  assert.equal(lines(rows), [
    'error cron.job: the baseline does not say which cron jobs production has, as its capture could not look: reader may not',
  ])
  assert.match(rows[0]?.hint ?? '', 'capture a new baseline there: grant select on cron.job to reader.')
  assert.is(lines(compare([base, unread], [base, unread])).length, 2)
})

test('what would reach the outside may be disabled, and nothing else', () => {
  const hook = part('trigger', 'a.t', 'hook', 'enabled\nCREATE TRIGGER hook')
  const disarmed = ['trigger a.t.hook']
  const off = { ...hook, definition: 'disabled\nCREATE TRIGGER hook' }
  const both = [base, table('a.t')]
  const rows = compare([...both, hook], [...both, off], { disarmed })
  assert.equal(lines(rows), [])
  assert.ok(
    rows.some(
      (row) =>
        row.status === 'pass' &&
        row.detail === 'the trigger a.t.hook is disabled in the copy, as it should be: it would reach the outside',
    ),
  )
  assert.match(lines(compare([...both, hook], [...both, off]))[0] ?? '', '- enabled; + disabled')
  for (const definition of [
    'disabled\nCREATE TRIGGER hook before',
    'enabled for replica\nCREATE TRIGGER hook',
    'disabled',
  ])
    assert.is(lines(compare([...both, hook], [...both, { ...hook, definition }], { disarmed })).length, 1, definition)
  assert.is(lines(compare([...both, off], [...both, hook], { disarmed })).length, 1)
  assert.is(lines(compare([...both, hook], both, { disarmed })).length, 1)
})

test('the hint of a disabled trigger is the statement', () => {
  const hook = part('trigger', 'a."t t"', '"h h"', 'enabled\nCREATE TRIGGER')
  const rows = compare(
    [base, table('a."t t"'), hook],
    [base, table('a."t t"'), { ...hook, definition: 'disabled\nCREATE TRIGGER' }],
  )
  assert.is(rows[0]?.hint, 'Run: alter table a."t t" enable trigger "h h".')
})

test('no name with a line break passes for a statement of ours', () => {
  const index = part('index', 'a.t', 'i', 'CREATE INDEX "x\nnot valid\ny" ON a.t')
  assert.match(lines(compare([base, table('a.t'), index], [base, table('a.t')]))[0] ?? '', /^fail /)
  const invalid = part('index', 'a.t', 'i', 'not valid\nCREATE INDEX i ON a.t')
  assert.match(lines(compare([base, table('a.t'), invalid], [base, table('a.t')]))[0] ?? '', /^warn /)
  const extension = (version: string, schema: string) =>
    object('extension', 'e', `version: ${version}\nschema: ${schema}`)
  assert.match(lines(compare([base, extension('1.9', 'a')], [base, extension('1.10', 'a')]))[0] ?? '', /^warn /)
  assert.match(
    lines(compare([base, extension('1.9', 'a')], [base, extension('1.9', '"b\nversion: 2"')]))[0] ?? '',
    /^fail /,
  )
  assert.match(lines(compare([base, extension('1.9', 'a')], [base, extension('1.8', 'a')]))[0] ?? '', /^fail /)
})

test('the reader’s own role, grants and memberships are its means of looking', () => {
  const actual = [
    base,
    object('role', '"Reader 1"', 'superuser'),
    object('grant', 'table a.t to "Reader 1"'),
    object('membership', 'pg_read_all_data to "Reader 1"'),
  ]
  assert.equal(lines(compare([base], actual, { role: 'Reader 1' })), [])
  assert.is(lines(compare([base], actual, { role: 'another' })).length, 3)
})

test('pgdrill’s own roles belong to the server: a copy may lack them, or have what the checks need', () => {
  const ours = [
    base,
    object('role', 'drill_reader'),
    object('role', 'drill_owner'),
    object('grant', 'table a.t to drill_reader', 'SELECT'),
    object('grant', 'function public.f() to drill_owner', 'EXECUTE'),
    object('membership', 'drill_reader to somebody'),
  ]
  assert.equal(lines(compare(ours, [base])), [], 'missing')
  assert.equal(lines(compare([base], [...ours, object('grant', 'table a.u to drill_reader', 'INSERT, SELECT')])), [])
  const canLogIn = object('role', 'drill_reader', 'login\nbypasses row level security')
  assert.equal(lines(compare(ours, [base, canLogIn, ...ours.slice(2)])), [], 'let log in')
})

test('must fail: what pgdrill’s own roles never need, and names that merely look like theirs', () => {
  for (const object_ of [
    object('role', 'drill_reader', 'superuser'),
    object('grant', 'table a.t to drill_reader', 'SELECT, UPDATE'),
    object('grant', 'table a.t to drill_reader', 'SELECT*'),
    object('membership', 'app_owner to drill_owner'),
    object('grant', 'table a.t to drill_readers', 'SELECT'),
  ]) {
    assert.is(lines(compare([base], [base, object_])).length, 1, JSON.stringify(object_))
  }
  assert.is(lines(compare([base, object('grant', 'table a.t to drill_readers', 'SELECT')], [base])).length, 1)
})

test('hints are statements where there is one', () => {
  const hint = (kind: string, name: string, definition: string, relation: string | null = null) => {
    const held = relation === null ? [] : [table(relation)]
    return compare([base, ...held, object(kind, name, definition, { relation_name: relation })], [base, ...held])[0]
      ?.hint
  }
  assert.is(
    hint('grant', 'table a.t to anon', 'INSERT, SELECT', 'a.t'),
    'Create it again: grant INSERT, SELECT on table a.t to anon.',
  )
  assert.is(
    hint('grant', 'function a.p() to anon', 'EXECUTE*'),
    'Create it again: grant EXECUTE on routine a.p() to anon with grant option.',
  )
  assert.is(hint('membership', 'a to b', 'admin option'), 'Create it again: grant a to b with admin option.')
  assert.is(
    hint('constraint', 'a.t.c', 'CHECK ((x > 0))', 'a.t'),
    'Create it again: alter table a.t add constraint c CHECK ((x > 0)).',
  )
  assert.is(hint('extension', 'e', 'version: 1\nschema: "S"'), 'Create it again: create extension e with schema "S".')
  assert.is(hint('index', 'a.i', 'clustered\nCREATE INDEX i ON a.t', 'a.t'), 'Create it again: CREATE INDEX i ON a.t.')
  assert.match(hint('policy', 'a.t.p', 'command: all\nusing: true', 'a.t') ?? '', 'by your migrations')
  assert.match(hint('function', 'a.f()', `CREATE FUNCTION ${'x'.repeat(1e6)}`) ?? '', 'by your migrations')
  const unexpected = (kind: string, name: string, relation: string | null = null) =>
    compare(
      [base, ...(relation ? [table(relation)] : [])],
      [base, ...(relation ? [table(relation)] : []), object(kind, name, 'x', { relation_name: relation })],
    )[0]?.hint
  assert.match(unexpected('grant', 'table a.t to anon', 'a.t') ?? '', 'else run: revoke all on table a.t from anon.')
  assert.match(unexpected('policy', 'a.t."p p"', 'a.t') ?? '', 'else run: drop policy "p p" on a.t.')
})

test('a long function shows its changed lines, and no row is a megabyte', () => {
  const body = Array.from({ length: 20_000 }, (_, at) => `line ${at} ${'x'.repeat(40)}`)
  const changed = body.with(12_345, 'changed')
  const [row] = compare(
    [base, object('function', 'f()', body.join('\n'))],
    [base, object('function', 'f()', changed.join('\n'))],
  )
  assert.match(row?.detail ?? '', `differs from production: - ${body[12_345]}; + changed`)
  assert.ok(JSON.stringify(row).length < 10_000)
  assert.is.not(row?.expected, row?.actual)
})

test('differences are bounded in every way', () => {
  const line = 'a'.repeat(1_000_000)
  const other = `${line.slice(0, 500_000)}b${line.slice(500_001)}`
  const one = describeDifference(line, other)
  assert.match(
    one,
    /^- \(499960 characters cut\) a{240} \(499800 characters cut\); \+ \(499960 characters cut\) a{40}ba{199} \(\d+ characters cut\)$/,
  )
  const all = describeDifference(
    Array.from({ length: 20_000 }, (_, at) => `a${at}`).join('\n'),
    Array.from({ length: 20_000 }, (_, at) => `b${at}`).join('\n'),
  )
  assert.ok(all.length < 2000)
  assert.match(all, '; and 39980 more changed lines (20000 in production, 20000 in the copy)')
  assert.match(all, '- a0; ')
  assert.match(all, '+ b0; ')
  assert.match(describeDifference('a\n', 'a'), 'only in empty lines')
  assert.is(boundedValue('short'), 'short')
  assert.ok(boundedValue(line).length < 5000)
  assert.is.not(boundedValue(line), boundedValue(other))
})

test.run()
