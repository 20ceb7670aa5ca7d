// What pg_restore says, as it says it.

import * as assert from 'uvu/assert'
import { readRestoreLog } from '../../src/rules/restore-errors.ts'
import { suite } from '../support/suite.ts'

const test = suite('errors of pg_restore')

const read = (text: string) => readRestoreLog(text.split('\n'))
const judged = (text: string) =>
  read(text).errors.map(({ entry, message, harmless }) => `${harmless === null ? 'FAIL' : 'ok'} ${entry}: ${message}`)

/** An error in the form of pg_restore. */
const error = (entry: string, message: string, command: string) =>
  `pg_restore: from TOC entry 6; 2615 2200 ${entry}\npg_restore: error: could not execute query: ERROR:  ${message}\nCommand was: ${command}\n\n`

test('what does no harm is known by what was tried, in any language', () => {
  const cases: [string, string, string][] = [
    ['SCHEMA public postgres', 'schema "public" already exists', 'CREATE SCHEMA public;'],
    ['SCHEMA public postgres', 'Schema »public« existiert bereits', 'CREATE SCHEMA public;'],
    ['COMMENT EXTENSION pgcrypto ', 'must be owner of extension pgcrypto', "COMMENT ON EXTENSION pgcrypto IS 'x';"],
  ]
  for (const [entry, message, command] of cases) {
    assert.equal(judged(`pg_restore: while PROCESSING TOC:\n${error(entry, message, command)}`), [
      `ok ${entry.trim()}: ${message}`,
    ])
  }
  const newer = `pg_restore: while INITIALIZING:
pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"
Command was: SET transaction_timeout = 0;`
  assert.equal(judged(newer), ['ok null: unrecognized configuration parameter "transaction_timeout"'])
})

test('look-alikes of it are failures', () => {
  const cases: [string, string, string][] = [
    ['SCHEMA public_data postgres', 'schema "public_data" already exists', 'CREATE SCHEMA public_data;'],
    ['SCHEMA public postgres', 'permission denied for schema public', 'ALTER SCHEMA public OWNER TO x;'],
    ['SCHEMA private postgres', 'schema "private" already exists', 'CREATE SCHEMA private;'],
    ['EXTENSION pgcrypto ', 'extension "pgcrypto" is not available', 'CREATE EXTENSION IF NOT EXISTS pgcrypto;'],
    ['COMMENT TABLE t postgres', 'must be owner of table t', "COMMENT ON TABLE public.t IS 'x';"],
    ['ACL TABLE calls postgres', 'role "app" does not exist', 'GRANT ALL ON TABLE public.calls TO app;'],
    ['TABLE t postgres', 'unrecognized configuration parameter "transaction_timeout"', 'SET transaction_timeout = 0;'],
  ]
  for (const [entry, message, command] of cases) {
    assert.equal(judged(error(entry, message, command)), [`FAIL ${entry.trim()}: ${message}`])
  }
})

test('values of rows, and statements that may hold passwords, are not kept', () => {
  const text = `pg_restore: from TOC entry 3400; 0 16400 TABLE DATA t postgres
pg_restore: error: COPY failed for table "t": ERROR:  duplicate key value violates unique constraint "t_pkey"
DETAIL:  Key (id)=(secret-1) already exists.
CONTEXT:  COPY t, line 1: "secret-1"
pg_restore: error: COPY failed for table "t": ERROR:  invalid input syntax for type integer: "secret-2"
CONTEXT:  COPY t, line 1, column id: "secret-2"
pg_restore: from TOC entry 12; 1 2 USER MAPPING USER MAPPING a SERVER s postgres
pg_restore: error: could not execute query: ERROR:  server "s" does not exist
Command was: CREATE USER MAPPING FOR a SERVER s OPTIONS (password 'secret-3');`
  const log = read(text)
  assert.not.match(JSON.stringify(log), /secret-/)
  assert.is(log.errors.length, 3)
  assert.is(
    log.errors[1]?.message,
    'COPY failed for table "t": ERROR:  invalid input syntax for type integer: (a value)',
  )
  assert.is(log.errors[1]?.entry, 'TABLE DATA t postgres', 'told once for all errors of one entry')
})

test('what it passed over is counted, and warnings are kept', () => {
  const log = read(`pg_restore: connecting to database for restore
pg_restore: creating TABLE "public.t"
WARNING:  no privileges were granted for "t"
pg_restore: warning: could not set something
${error('TABLE u postgres', 'syntax error at or near "x"', 'CREATE TABLE u (')}
pg_restore: warning: errors ignored on restore: 2`)
  assert.is(log.ignored, 2)
  assert.is(log.errors.length, 1)
  assert.equal(log.warnings, ['no privileges were granted for "t"', 'could not set something'])
  assert.is(read('pg_restore: connecting to database for restore').ignored, null)
})

test('an entry of the step before does not excuse an error of the next', () => {
  const text = `${error('SCHEMA public postgres', 'schema "public" already exists', 'CREATE SCHEMA public;')}
pg_restore: creating TABLE "public.t"
pg_restore: error: could not execute query: ERROR:  out of shared memory
Command was: CREATE TABLE public.t ();`
  assert.equal(judged(text), [
    'ok SCHEMA public postgres: schema "public" already exists',
    'FAIL null: out of shared memory',
  ])
})

test.run()
