// guards.txt is what psql shows for the statements in it, to the byte.

import { execFileSync } from 'node:child_process'
import * as assert from 'uvu/assert'
import { guardStatements, guardsText } from '../../src/proof/guards-text.ts'
import { guardOutputOf } from '../../src/verification/guard-output.ts'
import { urlOf, Workplace } from '../cli/program.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { findSystemPostgres } from '../support/system-postgres.ts'
import { row, verificationOf } from './fixture.ts'

const test = suite('proof/guards-text')
const place = new Workplace()
let copy: Scratch

test.before(async () => {
  const { restore } = await sandboxClusters()
  copy = await makeDatabase(restore)
})
test.after(async () => {
  place.remove()
  await copy?.drop()
})

const postgres = findSystemPostgres()

test.needs(postgres, 'psql is not installed')(
  'as psql shows it, of a good copy and of a damaged and waived one',
  async () => {
    const url = urlOf(copy)
    const psql = (statement: string) =>
      execFileSync(`${postgres?.bin}/psql`, ['-X', '-q', '-c', statement, url], {
        encoding: 'utf8',
        env: { ...process.env, PGOPTIONS: '-c drill.is_copy=on', PGCLIENTENCODING: 'UTF8' },
      })
    const compare = async (out: string) => {
      await place.run(['verify', '-t', 'copy', '-d', 'quick', '--out', out], { COPY_DATABASE_URL: url })
      const expected = Object.values(guardStatements)
        .map((statement) => `=> ${statement}\n${psql(statement).trimEnd()}\n`)
        .join('\n')
      const trimmed = (text: string) => text.replace(/ +$/gm, '')
      assert.is(trimmed(place.read(out, 'guards.txt')), trimmed(expected))
    }
    await compare('good')
    assert.match(place.read('good', 'guards.txt'), /^ t\n\(1 row\)$/m)
    await copy.run(
      'alter table public.sessions disable trigger sessions_set_created_month',
      `insert into drill.waivers (check_name, object_name, reason, owner, until)
     values ('partition_triggers', 'public.sessions.sessions_set_created_month', 'x', 'y', current_date + 9)`,
    )
    await compare('bad')
    const shown = place.read('bad', 'guards.txt')
    assert.match(shown, /^ f\n\(1 row\)$/m)
    assert.match(
      shown,
      /^ fail {3}\| public\.sessions\.sessions_set_created_month/m,
      'a waiver does not change what the database says',
    )
  },
)

test('a refusal is shown as one, and what was not called as such', () => {
  const refused = {
    ...row({ status: 'error', check_name: 'partition_triggers', detail: 'no\nright' }),
    expected: 'an answer',
    actual: 'none',
  }
  const output = guardOutputOf([refused])
  const text = guardsText(verificationOf([], { guard_output: output }))
  assert.match(text, /^ERROR: {2}not called: it is missing, or not the function that pgdrill ships$/m)
  assert.match(text, /^ERROR: {2}no\\u000aright$/m)
  // An error row of the function itself is its answer.
  const own = guardOutputOf([row({ status: 'error', check_name: 'partition_triggers' })])
  assert.is(own?.rows.value?.length, 1)
  assert.is(guardOutputOf([]), null)
  assert.match(guardsText(verificationOf([], { guard_output: null })), /were not asked/)
})

test.run()
