import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
const before = { ...process.env }

test.before(() => {
  for (const file of [ca, cert, key]) writeFileSync(file, `content of ${file}`, { mode: 0o600 })
})
test.before.each(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('PG')) delete process.env[name]
  // What lies in the home of whoever runs the tests must not count.
  process.env['HOME'] = directory
})
test.after(() => {
  rmSync(directory, { recursive: true })
  process.env = before
})

/** Encryption that asks for nothing beyond its mode. */
const unverified = (mode: string) => ({
  mode,
  verifies: 'nothing',
  files: {},
  authority: 'the public authorities',
})

function read(url: string): ConnectionSettings {
  return parseConnectionUrl(url, 'X_DATABASE_URL')
}

function refusal(url: string): string {
  return refusalBy(/^X_DATABASE_URL/, url)
}

function refusalBy(beginning: RegExp, url: string): string {
  try {
    read(url)
  } catch (error) {
    assert.instance(error, CouldNotVerify)
    const { message, hint } = error as CouldNotVerify
    assert.match(message, beginning)
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
    encryption: unverified('prefer'),
  })
  const bare = read('postgres://')
  assert.equal(bare, {
    host: 'localhost',
    port: 5432,
    database: 'postgres',
    user: 'postgres',
    password: undefined,
    encryption: unverified('prefer'),
  })
  assert.is(read('postgresql://me@h').database, 'me')
  assert.is(read('postgresql://me@h/').database, 'me')
  assert.is(read('postgresql://h/?dbname=shop').database, 'shop')
  assert.is(read('postgresql://me@[::1]:5433/shop').host, '::1')
  assert.equal(
    { ...read('postgresql:///?host=h&port=6000&user=me&password=s3cret&dbname=shop') },
    { host: 'h', port: 6000, database: 'shop', user: 'me', password: 's3cret', encryption: unverified('prefer') },
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
      {
        host: '/var/run/postgresql',
        port: 5433,
        database: 'shop',
        user: 'me',
        password: undefined,
        encryption: unverified('disable'),
      },
      url,
    )
    // What people are shown leads to the same place.
    assert.equal(read(describeConnection(settings)), settings)
  }
  const socket = read('postgresql://me@%2Ftmp/shop?sslmode=verify-ca').encryption
  assert.equal(socket, unverified('disable'), 'no TLS through a socket')
})

test('sslmode means what it means to libpq', () => {
  const encryption = (query: string) => read(`postgresql://me@h/db?${query}`).encryption
  for (const mode of ['disable', 'allow', 'prefer', 'require']) {
    assert.equal(encryption(`sslmode=${mode}`), unverified(mode))
  }
  assert.equal(encryption('ssl=true'), unverified('require'))
  assert.equal(encryption('ssl=0'), unverified('disable'))
  assert.equal(encryption('sslmode=verify-full'), { ...unverified('verify-full'), verifies: 'name' })
  assert.equal(encryption('sslrootcert=system'), encryption('sslmode=verify-full'))
  const root = { ca: `content of ${ca}` }
  for (const [mode, verifies] of [
    ['verify-full', 'name'],
    ['verify-ca', 'authority'],
    // A file of authorities makes require check them, but not the name.
    ['require', 'authority'],
  ]) {
    const found = encryption(`sslmode=${mode}&sslrootcert=${ca}`)
    assert.equal(found, { mode, verifies, files: root, authority: ca } as typeof found)
  }
  assert.equal(encryption(`sslmode=prefer&sslrootcert=${ca}`), unverified('prefer'))
  const { files } = encryption(`sslmode=require&sslcert=${cert}&sslkey=${key}&sslpassword=s3cret`)
  assert.equal(files, { cert: `content of ${cert}`, key: `content of ${key}`, passphrase: 's3cret' })

  const why = (query: string) => refusal(`postgresql://me:s3cret@h/db?${query}`)
  assert.match(why('sslmode=verify-ca'), /needs the certificate file/)
  assert.match(why('sslmode=requre'), /unknown sslmode/)
  assert.match(why('sslmode='), /unknown sslmode/)
  assert.match(why('ssl=perhaps'), /unknown sslmode/)
  assert.match(why('sslmode=verify-full&sslrootcert=/nowhere'), /does not exist/)
  assert.match(why(`sslmode=verify-full&sslrootcert=${directory}`), /cannot be read/)
  assert.match(why('sslmode=require&sslrootcert=system'), /goes with sslmode=verify-full alone/)
  assert.match(why(`sslcert=${cert}`), /certificate without its key/)
  assert.match(why(`sslkey=${key}`), /key without its certificate/)
  assert.match(why('sslmode=require&ssl_min_protocol_version=SSLv3'), /ssl_min_protocol_version/)
  chmodSync(key, 0o644)
  assert.match(why(`sslcert=${cert}&sslkey=${key}`), /private key file may be read by others/)
  chmodSync(key, 0o600)
})

test('files of ~/.postgresql count where libpq looks at them', () => {
  const home = join(directory, '.postgresql')
  mkdirSync(home)
  try {
    for (const name of ['root.crt', 'postgresql.crt', 'postgresql.key']) {
      writeFileSync(join(home, name), name, { mode: 0o600 })
    }
    const client = { cert: 'postgresql.crt', key: 'postgresql.key' }
    const encryption = (mode: string) => read(`postgresql://me@h/db?sslmode=${mode}`).encryption
    assert.equal(encryption('prefer').files, client)
    assert.equal(encryption('require').files, { ...client, ca: 'root.crt' })
    assert.is(encryption('require').verifies, 'authority')
    assert.is(encryption('verify-full').verifies, 'name')
    assert.equal(encryption('disable'), unverified('disable'))
  } finally {
    rmSync(home, { recursive: true })
  }
})

test('the environment stands in for what the URL leaves out, and for nothing else', () => {
  const environment = {
    PGHOST: 'env.example.org',
    PGPORT: '5444',
    PGDATABASE: 'shop',
    PGUSER: 'env',
    PGPASSWORD: 's3cret',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: ca,
    PGOPTIONS: '-c role=drill_reader',
    PGCONNECT_TIMEOUT: '7',
  }
  Object.assign(process.env, environment)
  const bare = read('postgresql://')
  assert.equal(
    { ...bare, encryption: bare.encryption.mode },
    {
      host: 'env.example.org',
      port: 5444,
      database: 'shop',
      user: 'env',
      password: 's3cret',
      options: '-c role=drill_reader',
      connectTimeout: 7000,
      encryption: 'verify-full',
      libpqSsl: { sslmode: 'verify-full', sslrootcert: ca },
    },
  )
  assert.is(bare.encryption.authority, ca)
  assert.is(read('postgresql://h/?ssl=false').encryption.mode, 'disable')
  const full = read('postgresql://me:own@h:1/db?ssl=true&sslmode=disable&options=-c%20geqo=off&connect_timeout=3')
  assert.equal(full, {
    host: 'h',
    port: 1,
    database: 'db',
    user: 'me',
    password: 'own',
    options: '-c geqo=off',
    connectTimeout: 3000,
    encryption: unverified('disable'),
    libpqSsl: { sslmode: 'disable', sslrootcert: ca },
  })
  // Each target leads to its own host, whatever this says.
  process.env['PGHOSTADDR'] = '127.0.0.9'
  assert.is(read('postgresql://h/').address, undefined)
  assert.is(read('postgresql:///').address, '127.0.0.9')
  assert.is(read('postgresql://h/?hostaddr=127.0.0.8').address, '127.0.0.8')
  assert.is(read('postgresql://?hostaddr=127.0.0.8').host, 'env.example.org')
  process.env['PGSSLMODE'] = 'requre'
  assert.match(refusalBy(/^PGSSLMODE/, 'postgresql://h/'), /unknown sslmode/)
})

test('what cannot be kept is refused and not left out', () => {
  for (const [query, message] of [
    ['sslmod=require', /part 1 behind its \? is no parameter/],
    ['application_name=x&s3cret=x', /part 2 behind its \? is no parameter/],
    ['require_auth=scram-sha-256', /require_auth, which pgdrill cannot do/],
    ['sslcrl=/x', /sslcrl, which/],
    ['oauth_issuer=x', /oauth_issuer, which/],
    ['gssencmode=require', /gssencmode that/],
    ['target_session_attrs=primary', /target_session_attrs that/],
    ['sslnegotiation=direct', /sslnegotiation that/],
    ['channel_binding=require', /channel_binding=require, which/],
    ['channel_binding=require&sslmode=require', /channel_binding=require, which/],
    ['connect_timeout=soon', /unusable connect_timeout/],
  ] as [string, RegExp][]) {
    assert.match(refusal(`postgresql://u:s3cret@h/db?${query}`), message)
  }
  assert.is(read('postgresql://h/db?application_name=x&gssencmode=disable&target_session_attrs=any').database, 'db')
  assert.is(read('postgresql://h/db?channel_binding=require&sslmode=verify-full').database, 'db')
  process.env['PGREQUIREAUTH'] = 'scram-sha-256'
  assert.match(refusalBy(/^PGREQUIREAUTH/, 'postgresql://h/'), /which pgdrill cannot do/)
})

test('what is refused', () => {
  assert.match(refusal(''), /must begin with postgresql:/)
  assert.match(refusal('mysql://u:s3cret@h/db'), /must begin with postgresql:/)
  assert.match(refusal('postgresql://u:s3cret@h:0/db'), /no usable port/)
  assert.match(refusal('postgresql://u:s3cret@h/db?port=65536'), /no usable port/)
  assert.match(refusal('postgresql://u:s3cret@h:6543/db'), /transaction pooler/)
  assert.match(refusal('postgresql://u:s3cret@a,b/db'), /several hosts/)
  assert.match(refusal('postgresql://u:s3cret@h/db?host=a,b'), /several hosts/)
  assert.match(refusal('postgresql://u:s3cret@a:5432,b:5433/db'), /several hosts/)
  assert.match(refusal('postgresql://u:s3cret@h/db?port=1,2'), /several hosts/)
  process.env['PGHOST'] = 'a,b'
  assert.match(refusalBy(/^PGHOST/, 'postgresql:///db'), /several hosts/)
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
