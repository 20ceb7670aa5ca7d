// A table that is truncated or written anew looks empty to a snapshot from before: no check may take that for "all is well".

import * as assert from 'uvu/assert'
import { makeBareDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('rewritten while it is verified')
let db: Scratch

test.before(async () => {
  db = await makeBareDatabase((await sandboxClusters()).production)
  await db.run(
    `create schema s`,
    `create table s.parent (id integer primary key)`,
    `create table s.child (id serial, parent_id integer references s.parent, note varchar(10))`,
    `insert into s.parent values (1)`,
    `insert into s.child (parent_id, note) values (1, 'x')`,
    `create function s.guard() returns trigger language plpgsql as $$begin
       new.month := date_trunc('month', new.at at time zone 'UTC')::date; return new; end$$`,
    `create table s.t (at timestamptz, month date, note varchar(10)) partition by range (month)`,
    `create table s.t_11 partition of s.t for values from ('2026-11-01') to ('2026-12-01')`,
    `create table s.t_12 partition of s.t for values from ('2026-12-01') to ('2027-01-01')`,
    `create trigger guard before insert on s.t for each row execute function s.guard()`,
    `insert into s.t values ('2026-11-03Z', '2026-11-01', 'x'), ('2026-12-03Z', '2026-12-01', 'x')`,
    `select drill.register_guard('s.t', 'guard'), drill.register_partitioned_relation('s.t', 'month', 'UTC'),
       drill.register_critical_relation('s.t', 'at', true), drill.register_critical_relation('s.child', null, false)`,
  )
})
test.after(() => db.drop())

const checks = ['orphans', 'sequences', 'partition_keys']

/** What the checks say to a snapshot that is older than these statements of another session. */
async function meanwhile(...statements: string[]): Promise<string[]> {
  const sql = db.cluster.connect(db.target.connection.database)
  try {
    return await sql.begin('isolation level repeatable read', async (transaction) => {
      await transaction`select count(*) from pg_catalog.pg_class`
      await db.run(...statements)
      const lines: string[] = []
      for (const check of checks) {
        const rows = await transaction.unsafe(
          `select r.status, r.object_name, r.detail from drill.verify_${check}() as r`,
        )
        lines.push(...rows.map((row) => `${row['status']} ${row['object_name']}: ${row['detail']}`))
      }
      return lines
    })
  } finally {
    await sql.end()
  }
}

test('look-alike: nothing happens, or rows come in, or the tables are analyzed', async () => {
  for (const statements of [[], [`insert into s.child (parent_id) values (1)`], ['analyze s.t', 'analyze s.child']]) {
    const lines = await meanwhile(...statements)
    assert.is(lines.length, 3)
    assert.equal(
      lines.filter((line) => !line.startsWith('pass ')),
      [],
    )
  }
})

test('could not look: a table, and one partition, written anew', async () => {
  const lines = await meanwhile(
    'alter table s.child alter column note type text using note || note',
    `alter table s.t alter column note type text using note || note`,
  )
  const why = 'was truncated, written anew or replaced meanwhile: repeat this'
  assert.equal(lines, [
    `error s.child.child_parent_id_fkey: could not look for orphans of the foreign key s.child.child_parent_id_fkey: s.child ${why} (SQLSTATE 40001)`,
    `error s.child_id_seq: could not compare s.child_id_seq with the columns that it feeds: s.child ${why} (SQLSTATE 40001)`,
    `error s.t: the keys of s.t were not looked at: s.t ${why}`,
  ])
})

test('could not look: one partition truncated; the other tables are judged', async () => {
  const lines = await meanwhile('truncate s.t_11')
  assert.equal(
    lines.map((line) => line.split(':')[0]),
    ['pass s.child.child_parent_id_fkey', 'pass s.child_id_seq', 'error s.t'],
  )
})

test.run()
