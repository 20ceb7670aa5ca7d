// What a client program is told, and where it is found.

import * as assert from 'uvu/assert'
import { parseConnectionUrl } from '../../src/database/connection-url.ts'
import { clientEnvironment, majorOf } from '../../src/dump/client-programs.ts'
import { suite } from '../support/suite.ts'

const test = suite('client programs')
const program = (version: string) => ({ name: 'pg_dump', path: '/bin/pg_dump', version })
const told = (url: string, version = 'pg_dump (PostgreSQL) 15.18') =>
  clientEnvironment(parseConnectionUrl(url, 'X_DATABASE_URL'), program(version))

test('everything of the URL reaches libpq through the environment', () => {
  const url = 'postgresql://me:p%40ss@db.example.org:5433/my%20shop?sslmode=require&options=-c%20role%3Dreader'
  const { PATH: _path, HOME: _home, ...env } = told(`${url}&hostaddr=192.0.2.1&connect_timeout=7`)
  for (const [name, value] of Object.entries({
    PGHOST: 'db.example.org',
    PGHOSTADDR: '192.0.2.1',
    PGPORT: '5433',
    PGUSER: 'me',
    PGPASSWORD: 'p@ss',
    PGDATABASE: 'my shop',
    PGOPTIONS: '-c role=reader',
    PGSSLMODE: 'require',
    PGCONNECT_TIMEOUT: '7',
    LC_ALL: 'C',
  })) {
    assert.is(env[name], value, name)
  }
})

test('what would configure it otherwise is not handed on', () => {
  process.env['PGDATESTYLE'] = 'German'
  process.env['PGTZ'] = 'Europe/Berlin'
  try {
    const env = told('postgresql://me@localhost/shop')
    assert.is(env['PGDATESTYLE'], undefined)
    assert.is(env['PGTZ'], undefined)
    assert.is(env['PGPASSWORD'], undefined)
  } finally {
    delete process.env['PGDATESTYLE']
    delete process.env['PGTZ']
  }
})

test('public authorities are named to the versions of libpq that know the word', () => {
  const url = 'postgresql://me@db.example.org/shop?sslmode=verify-full'
  assert.is(told(url)['PGSSLROOTCERT'], undefined)
  assert.is(told(url, 'pg_dump (PostgreSQL) 17.2')['PGSSLROOTCERT'], 'system')
})

test('majors', () => {
  for (const [text, major] of [
    ['pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', 15],
    ['pg_restore (PostgreSQL) 18beta1', 18],
    ['pg_dump (PostgreSQL) 19devel', 19],
    ['17.10', 17],
    ['15.18 (Debian 15.18-0+deb12u1)', 15],
  ] as const) {
    assert.is(majorOf(text), major, text)
  }
  assert.ok(Number.isNaN(majorOf('something else')))
})

test.run()
