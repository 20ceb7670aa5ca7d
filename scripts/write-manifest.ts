// make manifest: records the fingerprints of the functions that pgdrill ships in
// sql/manifest.json, who may do what with our objects in sql/privileges.json, and the checksums of the migrations in migrations.sha256. A
// released migration is never edited: a changed checksum of a recorded one is an
// error here, unless --unreleased says that it has not been released yet.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { installedManifest } from '../src/database/attestation.ts'
import { withDatabase } from '../src/database/connect.ts'
import { migrateUp } from '../src/database/migrations.ts'
import { findBinaries } from '../src/sandbox/binaries.ts'
import { sandboxTarget } from '../src/sandbox/build.ts'
import { createCluster } from '../src/sandbox/cluster.ts'
import { makeSandboxRoot } from '../src/sandbox/ownership.ts'
import { startWatchdog } from '../src/sandbox/watchdog.ts'
import { listPrivileges } from './privileges.ts'

const root = join(import.meta.dirname, '..')
const checksumFile = join(root, 'migrations.sha256')

const checksums = new Map(
  readdirSync(join(root, 'migrations'))
    .sort()
    .map((name) => [
      `migrations/${name}`,
      createHash('sha256')
        .update(readFileSync(join(root, 'migrations', name)))
        .digest('hex'),
    ]),
)
const recorded = existsSync(checksumFile) ? readFileSync(checksumFile, 'utf8').trim().split('\n') : []
for (const line of recorded) {
  const [sum, path] = line.split('  ')
  if (path !== undefined && checksums.get(path) !== sum && !process.argv.includes('--unreleased')) {
    console.error(`write-manifest: ${path} was changed or removed after it was recorded`)
    console.error('Write a new migration instead (make migration). Not released yet? make manifest ARGS=--unreleased')
    process.exit(1)
  }
}

const directory = await makeSandboxRoot()
const watchdog = await startWatchdog(directory)
const cluster = await createCluster({
  binaries: await findBinaries(),
  directory: join(directory, 'manifest'),
  name: 'manifest',
})
await cluster.start()
const admin = cluster.connect()
// With the roles of the API, so that what they are granted is seen.
await admin.unsafe('create role anon; create role authenticated; create role service_role')
await admin.unsafe('create database opsmantik')
await admin.end()
const target = sandboxTarget('production', cluster)
await migrateUp(target)
const manifest = await withDatabase(target, {}, installedManifest)
const sql = cluster.connect('opsmantik')
const privileges = await listPrivileges(sql)
await sql.end()
await cluster.stop('immediate')
await rm(directory, { recursive: true, force: true })
await watchdog.release()

writeFileSync(join(root, 'sql', 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
writeFileSync(join(root, 'sql', 'privileges.json'), `${JSON.stringify(privileges, null, 2)}\n`)
writeFileSync(checksumFile, [...checksums].map(([path, sum]) => `${sum}  ${path}\n`).join(''))
console.error(
  `wrote sql/manifest.json (${Object.keys(manifest).length} functions) and migrations.sha256 (${checksums.size} migrations)`,
)
