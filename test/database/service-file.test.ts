import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { CouldNotVerify } from '../../src/could-not-verify.ts'
import { parseConnectionUrl } from '../../src/database/connection-url.ts'
import { suite } from '../support/suite.ts'

const test = suite('database/service-file')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-service-'))
const file = join(directory, 'services.conf')
const before = { ...process.env }

test.before.each(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('PG')) delete process.env[name]
  process.env['HOME'] = directory
  process.env['PGSERVICEFILE'] = file
  writeFileSync(
    file,
    [
      '# ours',
      '[other]',
      'nonsense that nobody asked for',
      '[restored]',
      '  host=db.example.org',
      'port=5433',
      'dbname=shop  ',
      'user=me',
      'password=s3cret=1',
      'sslmode=require',
      '[broken]',
      'host=h',
      's3cret',
      '[unknown]',
      'host = s3cret',
      '[nested]',
      'service=restored',
      '[directory]',
      'ldap://ldap.example.org/dc=s3cret',
      '[moved]',
      'hostaddr=127.0.0.9',
    ].join('\n'),
  )
})
test.after(() => {
  process.env = before
  rmSync(directory, { recursive: true })
})

const read = (url: string) => parseConnectionUrl(url, 'X_DATABASE_URL')

function refusal(url: string): string {
  try {
    read(url)
  } catch (error) {
    assert.instance(error, CouldNotVerify)
    const { message, hint } = error as CouldNotVerify
    assert.not.match(`${message}${hint}`, /s3cret/)
    return message
  }
  throw new Error(`was accepted: ${url}`)
}

test('a service gives what the URL leaves out, and wins over the environment', () => {
  process.env['PGUSER'] = 'env'
  process.env['PGCONNECT_TIMEOUT'] = '4'
  const { encryption, ...found } = read('postgresql:///?service=restored')
  assert.equal(found, {
    host: 'db.example.org',
    port: 5433,
    database: 'shop',
    user: 'me',
    password: 's3cret=1',
    connectTimeout: 4000,
    libpqSsl: { sslmode: 'require' },
  })
  assert.is(encryption.mode, 'require')
  const own = read('postgresql://you@h/?service=restored')
  assert.equal([own.host, own.port, own.user, own.database], ['h', 5433, 'you', 'shop'])
  process.env['PGSERVICE'] = 'restored'
  assert.is(read('postgresql://').host, 'db.example.org')
})

test('an address of a service is not given to the host of a URL', () => {
  assert.is(read('postgresql:///?service=moved').host, '127.0.0.9')
  assert.is(read('postgresql://h/?service=moved').address, undefined)
})

test('the usual places', () => {
  delete process.env['PGSERVICEFILE']
  assert.match(refusal('postgresql:///?service=restored'), /there is no service "restored" in .*\.pg_service\.conf$/)
  mkdirSync(join(directory, 'system'))
  writeFileSync(join(directory, 'system', 'pg_service.conf'), '[restored]\nhost=system\n')
  process.env['PGSYSCONFDIR'] = join(directory, 'system')
  assert.is(read('postgresql:///?service=restored').host, 'system')
  writeFileSync(join(directory, '.pg_service.conf'), '[restored]\nhost=home\n')
  assert.is(read('postgresql:///?service=restored').host, 'home')
})

test('what cannot be read is refused, and no line is repeated', () => {
  assert.match(
    refusal('postgresql:///?service=nowhere'),
    /^X_DATABASE_URL: there is no service "nowhere" in .*services/,
  )
  assert.match(refusal('postgresql:///?service=broken'), /services\.conf, line 13: this is no parameter$/)
  assert.match(refusal('postgresql:///?service=unknown'), /services\.conf, line 15: this is no parameter that/)
  assert.match(refusal('postgresql:///?service=nested'), /services\.conf, line 17: this is no parameter that/)
  assert.match(refusal('postgresql:///?service=directory'), /services\.conf, line 19: this is no parameter$/)
  process.env['PGSERVICEFILE'] = directory
  assert.match(refusal('postgresql:///?service=restored'), /service file .* cannot be read/)
  process.env['PGSERVICEFILE'] = join(directory, 'nowhere')
  assert.match(refusal('postgresql:///?service=restored'), /PGSERVICEFILE: the file .* does not exist/)
})

test.run()
