// A duration of the plan has an end: an objective without one would be met by every restore.

import * as assert from 'uvu/assert'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('policy/durations')
let db: Scratch

test.before(async () => {
  db = await makeDatabase((await sandboxClusters()).production)
})
test.after(() => db.drop())

const code = (statement: string) =>
  db.run(statement).then(
    () => 'none',
    (error) => (error as { code?: string }).code,
  )

const durations: [table: string, column: string][] = [
  ['drill.policy', 'policy_value'],
  ['drill.drill_policy', 'drill_every'],
  ['drill.drill_policy', 'drill_notice'],
  ['drill.drill_policy', 'baseline_max_age'],
  ['drill.drill_policy', 'follow_up_due'],
  ['drill.retention_policy', 'gap_tolerance'],
]

test('these are all durations that somebody may set', async () => {
  const rows = await db.query<{ name: string }>(`
    select a.attrelid::regclass || ' ' || a.attname as name
    from pg_attribute as a
    inner join pg_class as c on c.oid = a.attrelid and c.relkind = 'r'
    where c.relnamespace = 'drill'::regnamespace and a.atttypid = 'interval'::regtype and c.relname ~ 'policy$'
    order by 1`)
  assert.equal(
    rows.map(({ name }) => name),
    durations.map((one) => one.join(' ')).sort(),
  )
})

for (const [table, column] of durations) {
  test(`${table}.${column}: infinity is refused, and so is less than nothing`, async () => {
    // Servers before 17 know no infinite interval.
    const infinite = db.cluster.binaries.major >= 17 ? '23514' : '22007'
    assert.is(await code(`update ${table} set ${column} = 'infinity'`), infinite)
    assert.is(await code(`update ${table} set ${column} = '-infinity'`), infinite)
    assert.is(await code(`update ${table} set ${column} = interval '-1 second'`), '23514')
    assert.is(await code(`update ${table} set ${column} = interval '100 years'`), 'none')
  })
}

test.run()
