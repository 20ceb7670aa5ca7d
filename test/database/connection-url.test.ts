import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { CouldNotVerify } from '../../src/could-not-verify.ts'
import { type ConnectionSettings, describeConnection, parseConnectionUrl } from '../../src/database/connection-url.ts'
import { suite } from '../support/suite.ts'

const test = suite('database/connection-url')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-url-'))
const ca = join(directory, 'ca.pem')
const cert = join(directory, 'client.pem')
const key = join(directory, 'client.key')
const before = { PGUSER: process.env['PGUSER'], PGPASSWORD: process.env['PGPASSWORD'] }

test.before(() => {
  for (const file of [ca, cert, key]) writeFileSync(file, `content of ${file}`)
})
test.before.each(() => {
  delete process.env['PGUSER']
  delete process.env['PGPASSWORD']
})
test.after(() => {
  rmSync(directory, { recursive: true })
  for (const [name, value] of Object.entries(before)) if (value !== undefined) process.env[name] = value
})

function read(url: string): ConnectionSettings {
  return parseConnectionUrl(url, 'X_DATABASE_URL')
}

function refusal(url: string): string {
  try {
    read(url)
  } catch (error) {
    assert.instance(error, CouldNotVerify)
    const { message, hint } = error as CouldNotVerify
    assert.match(message, /^X_DATABASE_URL/)
    assert.not.match(`${message}${hint}`, /s3cret/)
    return message
  }
  throw new Error(`was accepted: ${url}`)
}

test('the parts of a URL, and what they are when left out', () => {
  const full = read('postgresql://me:s3cret@db.example.org:5433/shop')
  assert.equal(full, {
    host: 'db.example.org',
    port: 5433,
    database: 'shop',
    user: 'me',
    password: 's3cret',
    ssl: 'prefer',
  })
  const bare = read('postgres://')
  assert.equal(bare, {
    host: 'localhost',
    port: 5432,
    database: 'postgres',
    user: 'postgres',
    password: undefined,
    ssl: 'prefer',
  })
  assert.is(read('postgresql://me@h').database, 'me')
  assert.is(read('postgresql://me@h/').database, 'me')
  assert.is(read('postgresql://h/?dbname=shop').database, 'shop')
  assert.is(read('postgresql://me@[::1]:5433/shop').host, '::1')
  assert.equal(
    { ...read('postgresql:///?host=h&port=6000&user=me&password=s3cret&dbname=shop') },
    { host: 'h', port: 6000, database: 'shop', user: 'me', password: 's3cret', ssl: 'prefer' },
  )
})

test('PGUSER and PGPASSWORD stand in for what the URL leaves out', () => {
  process.env['PGUSER'] = 'env'
  process.env['PGPASSWORD'] = 's3cret'
  const bare = read('postgresql://h/')
  assert.equal([bare.user, bare.password, bare.database], ['env', 's3cret', 'env'])
  const full = read('postgresql://me:own@h/db')
  assert.equal([full.user, full.password], ['me', 'own'])
})

test('percent-encoding', () => {
  const { user, password, database } = read('postgresql://a%40b:s%2Fl%3Aa%23s%3Fh%25%40%20%C3%BC@h/d%2Fb%3F%23%25%20x')
  assert.is(user, 'a@b')
  assert.is(password, 's/l:a#s?h%@ ü')
  assert.is(database, 'd/b?#% x')
  // An @ in a password is harmless: the last one counts.
  assert.equal([read('postgresql://u:p@ss@h/db').password, read('postgresql://u:p@ss@h/db').host], ['p@ss', 'h'])
  for (const url of [
    'postgresql://u:s3cret%@h/db',
    'postgresql://u:s3cret%zz@h/db',
    'postgresql://u:%ff@h/db',
    'postgresql://u:1/s3cret@h/db',
    'postgresql://u:1#s3cret@h/db',
    'postgresql://u:1?s3cret@h/db',
    'postgresql://u:1?a=s3cret@h/db',
    'postgresql://u:p@1/s3cret@h/db',
  ]) {
    assert.match(refusal(url), /cannot be read as a URL/)
  }
  assert.is(read('postgresql://h/db?user=me@server').user, 'me@server')
})

test('sockets', () => {
  for (const url of [
    'postgresql://me@%2Fvar%2Frun%2Fpostgresql:5433/shop',
    'postgresql://me@/shop?host=/var/run/postgresql&port=5433',
    'postgresql:///shop?host=%2Fvar%2Frun%2Fpostgresql&port=5433&user=me',
  ]) {
    const settings = read(url)
    assert.equal(
      settings,
      { host: '/var/run/postgresql', port: 5433, database: 'shop', user: 'me', password: undefined, ssl: false },
      url,
    )
    // What people are shown leads to the same place.
    assert.equal(read(describeConnection(settings)), settings)
  }
  assert.is(read('postgresql://me@%2Ftmp/shop?sslmode=require').ssl, false, 'no TLS through a socket')
})

test('sslmode means what it means to libpq', () => {
  const ssl = (query: string) => read(`postgresql://me@h/db?${query}`).ssl
  assert.is(ssl('sslmode=disable'), false)
  assert.is(ssl('sslmode=allow'), 'prefer')
  assert.is(ssl('sslmode=prefer'), 'prefer')
  assert.equal(ssl('sslmode=require'), { rejectUnauthorized: false })
  assert.equal(ssl('ssl=true'), { rejectUnauthorized: false })
  assert.equal(ssl('sslmode=verify-full'), { rejectUnauthorized: true })
  assert.equal(ssl(`sslmode=verify-full&sslrootcert=${ca}`), { rejectUnauthorized: true, ca: `content of ${ca}` })
  for (const mode of ['verify-ca', 'require']) {
    const settings = ssl(`sslmode=${mode}&sslrootcert=${ca}`) as Exclude<ConnectionSettings['ssl'], false | 'prefer'>
    assert.is(settings.rejectUnauthorized, true, 'a file of authorities makes require check them')
    assert.is(settings.ca, `content of ${ca}`)
    assert.is(settings.checkServerIdentity?.('any', {} as never), undefined, 'but not the name')
  }
  const client = ssl(`sslmode=require&sslcert=${cert}&sslkey=${key}`) as Exclude<
    ConnectionSettings['ssl'],
    false | 'prefer'
  >
  assert.equal([client.cert, client.key], [`content of ${cert}`, `content of ${key}`])

  assert.match(refusal('postgresql://me:s3cret@h/db?sslmode=verify-ca'), /needs the certificate file/)
  assert.match(refusal('postgresql://me:s3cret@h/db?sslmode=requre'), /unknown sslmode/)
  assert.match(refusal('postgresql://me:s3cret@h/db?sslmode='), /unknown sslmode/)
  assert.match(refusal('postgresql://me:s3cret@h/db?sslmode=verify-full&sslrootcert=/nowhere'), /does not exist/)
})

test('what is refused', () => {
  assert.match(refusal(''), /must begin with postgresql:/)
  assert.match(refusal('mysql://u:s3cret@h/db'), /must begin with postgresql:/)
  assert.match(refusal('postgresql://u:s3cret@h:0/db'), /no usable port/)
  assert.match(refusal('postgresql://u:s3cret@h/db?port=65536'), /no usable port/)
  assert.match(refusal('postgresql://u:s3cret@h:6543/db'), /transaction pooler/)
  assert.match(refusal('postgresql://u:s3cret@a,b/db'), /several hosts/)
  assert.match(refusal('postgresql://u:s3cret@h/db?host=a,b'), /several hosts/)
})

test('a description never holds the password', () => {
  for (const url of [
    'postgresql://me:s3cret@h:5433/db',
    'postgresql://me:s3cret@%2Ftmp/db',
    'postgresql://h/db?user=me&password=s3cret',
  ]) {
    assert.not.match(describeConnection(read(url)), /s3cret/)
  }
  assert.is(describeConnection(read('postgresql://a%40b:s3cret@h/d%20b')), 'postgresql://a%40b@h:5432/d%20b')
})

test.run()
