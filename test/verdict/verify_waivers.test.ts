// A waiver accepts one finding until a day: shown as waived, then failing again.

import * as assert from 'uvu/assert'
import { checkLines, findings, makeDatabase, type Scratch, sandboxClusters, verify } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.verify_waivers')
const disabled = 'public.sessions.sessions_set_created_month'
let db: Scratch

test.before.each(async () => {
  db = await makeDatabase((await sandboxClusters()).restore)
})
test.after.each(() => db.drop())

const results = (...rows: [check: string, object: string | null, status: string][]) =>
  JSON.stringify(
    rows.map(([check_name, object_name, status]) => ({
      check_name,
      object_name,
      status,
      detail: 'what was found',
      actual: [1],
    })),
  )
const apply = (rows: string, ...settings: string[]) =>
  checkLines(db, `drill.verify_waivers('${rows.replaceAll("'", "''")}')`, settings)
const waive = (check: string, object: string | null, until = '2999-12-31') =>
  db.run(
    `insert into drill.waivers (check_name, object_name, reason, owner, until)
     values ('${check}', ${object === null ? 'null' : `'${object}'`}, 'ticket 7', 'Ada', '${until}')`,
  )

test('without waivers the results come back as they were, in their order', async () => {
  assert.equal(await apply(results(['objects', 'b', 'fail'], ['access', 'a', 'warn'], ['objects', null, 'pass'])), [
    'fail b: what was found',
    'warn a: what was found',
    'pass -: what was found',
  ])
  assert.equal(await apply('[]'), [])
})

test('a failure is waived: of this check, of this object, and of no other', async () => {
  await waive('objects', 'b')
  assert.equal(
    await apply(
      results(['objects', 'b', 'fail'], ['objects', 'c', 'fail'], ['access', 'b', 'fail'], ['objects', null, 'fail']),
    ),
    [
      'waived b: what was found (waived by Ada until 2999-12-31: ticket 7)',
      'fail c: what was found',
      'fail b: what was found',
      'fail -: what was found',
      'pass -: each of 1 waivers is in date and for something that was found',
    ],
  )
})

test('a row that names no object is waived by a waiver that names none', async () => {
  await waive('physical', null)
  assert.equal((await apply(results(['physical', null, 'fail'], ['physical', 'x', 'fail']))).slice(0, 2), [
    'waived -: what was found (waived by Ada until 2999-12-31: ticket 7)',
    'fail x: what was found',
  ])
})

test('what could not be looked at, and a warning, stay what they are', async () => {
  await waive('objects', 'a')
  await waive('objects', 'b')
  assert.equal((await apply(results(['objects', 'a', 'error'], ['objects', 'b', 'warn']))).slice(0, 2), [
    'error a: what was found',
    'warn b: what was found',
  ])
})

test('it holds on its last day in UTC, and is a failure from the next on', async () => {
  await waive('objects', 'b', '2026-11-23')
  const rows = results(['objects', 'b', 'fail'])
  assert.match(
    (await apply(rows, `set drill.now = '2026-11-23T23:59:59Z'`, `set timezone = 'Asia/Tokyo'`))[0] ?? '',
    /^waived b/,
  )
  assert.equal(await apply(rows, `set drill.now = '2026-11-24T00:00:00Z'`, `set timezone = 'America/Lima'`), [
    'fail b: what was found',
    'fail objects on b: the waiver of objects on b by Ada expired on 2026-11-23: ticket 7',
  ])
})

test('one that matches nothing is a warning, and nothing is said when its check did not run', async () => {
  await waive('objects', 'gone')
  assert.equal(await apply(results(['objects', 'gone', 'pass'], ['objects', 'b', 'fail'])), [
    'pass gone: what was found',
    'fail b: what was found',
    'warn objects on gone: the waiver of objects on gone by Ada until 2999-12-31 matches no finding: ticket 7',
  ])
  assert.equal(await apply(results(['access', 'gone', 'fail'])), ['fail gone: what was found'])
})

test('the hint removes the waiver, whatever the name', async () => {
  await db.run(
    `insert into drill.waivers values ('objects', E'pub''lic."x\\n"', 'r', 'o', '2000-01-01'), ('objects', null, 'r', 'o', '2000-01-01')`,
  )
  const rows = await db.query<{ hint: string }>(`select r.hint from drill.verify_waivers('[]') as r`)
  assert.is(rows.length, 2)
  for (const { hint } of rows) await db.run(/run: (delete[\s\S]*); do the same/.exec(hint)?.[1] ?? '')
  assert.equal(await db.query('select from drill.waivers'), [])
})

test('what the verdict rests on cannot be waived, nor without a reason, an owner and a day; nor twice', async () => {
  for (const check of ['not_production', 'identity', 'attestation', 'all_other_checks', 'proof', 'waivers', 'typo']) {
    assert.is((await waive(check, null).catch((error) => error)).code, '23514', check)
  }
  for (const values of [`' ', 'o', '2999-01-01'`, `'r', '', '2999-01-01'`, `'r', 'o', 'infinity'`]) {
    assert.is(
      (await db.run(`insert into drill.waivers values ('objects', 'x', ${values})`).catch((error) => error)).code,
      '23514',
    )
  }
  await waive('objects', null)
  assert.is((await waive('objects', null).catch((error) => error)).code, '23505')
})

test('no array is RD007', async () => {
  for (const argument of ['null', `'{}'`]) {
    const error = await db.run(`select drill.verify_waivers(${argument})`).catch((thrown) => thrown)
    assert.is(error.code, 'RD007')
  }
})

test('verify: damage that is waived does not change the verdict, is shown, and no other damage passes with it', async () => {
  await db.run('alter table only public.sessions disable trigger sessions_set_created_month')
  const before = await verify(db.target, { depth: 'quick' })
  assert.is(before.verdict.exit_code, 1)
  for (const row of before.results.filter(({ status }) => status === 'fail')) {
    await waive(row.check_name, row.object_name)
  }
  const waived = await verify(db.target, { depth: 'quick' })
  assert.is(waived.verdict.exit_code, 0, findings(waived).join('\n'))
  assert.ok(waived.verdict.counts.waived >= 2)
  assert.match(
    findings(waived).join('\n'),
    new RegExp(`waived partition_triggers ${disabled}: .* \\(waived by Ada until 2999`),
  )
  assert.match(findings(waived).join('\n'), /warn registrations .* is in the copy, but not in production's baseline/)
  await db.run("select drill.assert_verified('quick')")
  await db.run('alter table public.events disable trigger events_set_session_month_from_session')
  assert.is((await verify(db.target, { depth: 'quick' })).verdict.exit_code, 1)
})

test.run()
