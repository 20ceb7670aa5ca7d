import { mkdir, readdir, rename, rm, truncate, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sql } from 'postgres'
import * as assert from 'uvu/assert'
import { type BaseBackup, takeBaseBackup } from '../../src/sandbox/base-backup.ts'
import { type Binaries, findBinaries } from '../../src/sandbox/binaries.ts'
import { attachCluster, type Cluster, createCluster } from '../../src/sandbox/cluster.ts'
import { copyTree } from '../../src/sandbox/copy-tree.ts'
import { exists } from '../../src/sandbox/files.ts'
import { giveToServer, makeSandboxRoot } from '../../src/sandbox/ownership.ts'
import { type RecoveryTarget, restoreToPointInTime, waitForArchive } from '../../src/sandbox/point-in-time.ts'
import { startWatchdog, type Watchdog } from '../../src/sandbox/watchdog.ts'
import { suite } from '../support/suite.ts'

const test = suite('sandbox/point-in-time')

/** All that a restore to this moment must have: the number of rows and a hash over them. */
interface Content {
  rows: string
  hash: string
}

let root: string
let watchdog: Watchdog
let binaries: Binaries
let production: Cluster
let backup: string
let taken: BaseBackup
let afterBackup: string
const marks: { target: RecoveryTarget; content: Content }[] = []

async function contentOf(sql: Sql): Promise<Content> {
  const [row] = await sql<Content[]>`
    select count(*)::text as rows, sum(hashtextextended(t::text, 0))::text as hash from traffic as t`
  return { ...(row as Content) }
}

/** Inserts, changes and deletes rows until told to stop. Each transaction holds a lock that mark() can take away. */
async function write(sql: Sql, writer: number, isOver: () => boolean): Promise<void> {
  for (let n = 0; !isOver(); n++) {
    await sql.begin(async (t) => {
      await t`select pg_advisory_xact_lock_shared(1)`
      await t`insert into traffic (writer, n, pad) select ${writer}, g, repeat('x', 300) from generate_series(1, 5) as g`
      await t`update traffic set n = n + 1000 where id = (select max(id) from traffic where writer = ${writer})`
      if (n % 3 === 0) await t`delete from traffic where id = (select min(id) from traffic where writer = ${writer})`
    })
  }
}

/** Holds the writers for a moment in order to know exactly what is there at it. */
async function mark(sql: Sql, makeTarget: (sql: Sql) => Promise<RecoveryTarget>): Promise<void> {
  await sql.begin(async (t) => {
    await t`select pg_advisory_xact_lock(1)`
    marks.push({ content: await contentOf(t as unknown as Sql), target: await makeTarget(t as unknown as Sql) })
  })
}

const restorePoint = async (sql: Sql) => {
  await sql`select pg_create_restore_point('before it went wrong')::text`
  return { name: 'before it went wrong' }
}
const moment = async (sql: Sql) => {
  const [row] = await sql<{ time: string }[]>`select clock_timestamp()::text as time`
  return { time: row?.time ?? '' }
}
const position = async (sql: Sql) => {
  const [row] = await sql<{ lsn: string }[]>`select pg_current_wal_lsn()::text as lsn`
  return { lsn: row?.lsn ?? '' }
}

test.before(async () => {
  root = await makeSandboxRoot()
  watchdog = await startWatchdog(root)
  binaries = await findBinaries()
  production = await createCluster({ binaries, directory: join(root, 'production'), name: 'production' })
  await production.start()
  backup = join(root, 'backup/base')

  const sql = production.connect()
  const writers = production.connect('postgres', { connections: 3 })
  let over = false
  await sql`create table traffic (id bigint generated always as identity primary key, writer int, n int, pad text)`
  await sql`insert into traffic (writer, n, pad) select 0, g, repeat('x', 300) from generate_series(1, 5000) as g`
  const traffic = Promise.all([1, 2, 3].map((writer) => write(writers, writer, () => over)))
  try {
    taken = await takeBaseBackup(production, backup)
    afterBackup = (await waitForArchive(production)).walFile
    for (const makeTarget of [restorePoint, moment, position]) {
      await mark(sql, makeTarget)
      await sql`insert into traffic (writer, n, pad) select 9, g, repeat('y', 300) from generate_series(1, 3000) as g`
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
  } finally {
    over = true
    await traffic
    await writers.end()
  }
  await waitForArchive(production)
  await sql.end()
})

test.after(async () => {
  for (const name of (await exists(root)) ? await readdir(root) : []) {
    await (await attachCluster(join(root, name)).catch(() => undefined))?.dropEverything()
  }
  await rm(root, { recursive: true, force: true })
  await watchdog?.release()
})

const restore = (name: string, target: RecoveryTarget, archive = production.archive) =>
  restoreToPointInTime({ binaries, backup, archive, directory: join(root, name), name, target, timeoutSeconds: 30 })

/** Gives the message of a restore that must fail, after making sure that it left no server. */
async function failure(name: string, target: RecoveryTarget, archive?: string): Promise<string> {
  const message = await restore(name, target, archive).then(
    () => undefined,
    (error: Error) => error.message,
  )
  if (message === undefined) throw new Error('it did not reject')
  assert.not.match(message, /\n/, 'one line')
  const cluster = await attachCluster(join(root, name)).catch(() => undefined)
  assert.is((await cluster?.isRunning()) ?? false, false)
  return message
}

async function copyOfArchive(name: string): Promise<{ archive: string; walFiles: string[] }> {
  const archive = join(root, name)
  await copyTree(production.archive, archive)
  const walFiles = (await readdir(archive)).filter((file) => /^[0-9A-F]{24}$/.test(file) && file > afterBackup)
  return { archive, walFiles: walFiles.sort() }
}

test('the backup of a busy server is whole', async () => {
  assert.match(taken.startLsn, /^[0-9A-F]+\/[0-9A-F]+$/)
  assert.match(taken.stopLsn, /^[0-9A-F]+\/[0-9A-F]+$/)
  assert.ok(taken.bytes > 10_000_000 && taken.seconds > 0)
  const files = await readdir(backup)
  assert.ok(files.includes('backup_label'))
  assert.not.ok(files.includes('postmaster.pid') || files.includes('postmaster.opts'))
  assert.equal(await readdir(join(backup, 'pg_wal')), [])
})

test('the three moments differ, so that a restore to the wrong one shows', () => {
  assert.is(new Set(marks.map(({ content }) => content.hash)).size, 3)
})

for (const [index, kind] of ['name', 'time', 'position'].entries()) {
  test(`a restore to a ${kind} has exactly the rows of that moment`, async () => {
    const { target, content } = marks[index] as (typeof marks)[number]
    const restored = await restore(`by-${kind}`, target)
    const sql = restored.connect()
    assert.equal(await contentOf(sql), content)
    const [server] = await sql`
      select pg_is_in_recovery() as recovering, current_setting('archive_mode') as archive_mode,
        current_setting('restore_command') <> '' as restores, current_setting('drill.sandbox') as sandbox`
    assert.equal({ ...server }, { recovering: false, archive_mode: 'off', restores: true, sandbox: 'on' })
    await sql`insert into traffic (writer, n) values (10, 10)`
    await sql.end()

    await restored.stop('immediate')
    await restored.start()
    const again = restored.connect()
    assert.equal({ ...(await again`select current_setting('restore_command') as command`)[0] }, { command: '' })
    assert.is(Number((await contentOf(again)).rows), Number(content.rows) + 1)
    await again.end()
    await restored.dropEverything()
  })
}

test('several restores at once do not disturb each other', async () => {
  const restored = await Promise.all(marks.map(({ target }, index) => restore(`together-${index}`, target)))
  for (const [index, cluster] of restored.entries()) {
    const sql = cluster.connect()
    assert.equal(await contentOf(sql), marks[index]?.content)
    await sql.end()
  }
  await Promise.all(restored.map((cluster) => cluster.dropEverything()))
})

test('a missing WAL file is an error that says where the gap is', async () => {
  const { archive, walFiles } = await copyOfArchive('archive-with-gap')
  await unlink(join(archive, walFiles[1] ?? ''))
  const message = await failure('gap', marks[2]?.target as RecoveryTarget, archive)
  assert.match(
    message,
    /^restore of "gap" to WAL position .* failed: cluster "gap" did not start: FATAL: recovery ended/,
  )
  assert.match(message, new RegExp(`the last WAL file read was ${walFiles[0]}; of the \\d+ later ones`))
})

test('an archive that begins after the backup is an error', async () => {
  const { archive } = await copyOfArchive('archive-late')
  for (const file of await readdir(archive)) if (file <= afterBackup) await unlink(join(archive, file))
  const message = await failure('late', marks[0]?.target as RecoveryTarget, archive)
  assert.match(message, /FATAL: could not locate required checkpoint record.*, none could be used\)$/)
})

test('a WAL file that was cut short is an error', async () => {
  const { archive, walFiles } = await copyOfArchive('archive-cut')
  await truncate(join(archive, walFiles[1] ?? ''), 300_000)
  assert.match(
    await failure('cut', marks[2]?.target as RecoveryTarget, archive),
    /FATAL: archive file .* has wrong size/,
  )
})

test('a restore point that does not exist is an error', async () => {
  const message = await failure('unknown', { name: 'never made' })
  assert.match(
    message,
    /restore point "never made" failed: .*recovery ended before configured recovery target was reached/,
  )
  assert.match(message, /the newest in the archive\)$/)
})

test('a time that the archive does not reach is an error', async () => {
  assert.match(await failure('future', { time: '2999-01-01 00:00:00+00' }), /recovery ended before configured/)
})

test('a target that makes no sense is an error', async () => {
  assert.match(await failure('nonsense', { time: 'soon' }), /FATAL: invalid value for parameter "recovery_target_time"/)
})

test('a target from before the backup was complete is an error', async () => {
  assert.match(await failure('early', { lsn: taken.startLsn }), /before consistent recovery point/)
})

test('a copy without backup_label is refused before anything is made', async () => {
  await rename(join(backup, 'backup_label'), join(root, 'label'))
  try {
    const message = await failure('unlabelled', marks[0]?.target as RecoveryTarget)
    assert.match(message, /is not a base backup: it has no backup_label/)
    assert.is(await exists(join(root, 'unlabelled')), false)
  } finally {
    await rename(join(root, 'label'), join(backup, 'backup_label'))
  }
})

test('what is no backup, or no archive, is refused', async () => {
  await mkdir(join(root, 'empty'))
  const options = { binaries, directory: join(root, 'none'), name: 'none', target: { name: 'x' } }
  const refusals = [
    restoreToPointInTime({ ...options, backup: join(root, 'empty'), archive: production.archive }),
    restoreToPointInTime({ ...options, backup, archive: join(root, 'no archive') }),
    restoreToPointInTime({ ...options, binaries: { ...binaries, major: 99 }, backup, archive: production.archive }),
  ].map((work) => work.then(String, (error: Error) => error.message))
  const [noBackup = '', noArchive = '', otherMajor = ''] = await Promise.all(refusals)
  assert.match(noBackup, /is not a base backup: it has no PG_VERSION$/)
  assert.match(noArchive, /^there is no WAL archive in /)
  assert.match(otherMajor, /is of PostgreSQL \d+, which .* cannot restore$/)
  assert.is(await exists(join(root, 'none')), false)
})

test('a cluster with tablespaces is refused, for its copy would write into the original', async () => {
  const place = join(root, 'elsewhere')
  await mkdir(place)
  await giveToServer(place)
  const sql = production.connect()
  await sql.unsafe(`create tablespace elsewhere location '${place}'`)
  const message = await takeBaseBackup(production, join(root, 'backup/spread')).then(
    String,
    (error: Error) => error.message,
  )
  assert.is(message, 'cluster "production" has tablespaces, which a sandbox backup cannot hold')
  assert.is(await exists(join(root, 'backup/spread')), false)
  await sql`drop tablespace elsewhere`
  await sql.end()
})

test('a backup never overwrites another, and leaves nothing when it fails', async () => {
  assert.match(await takeBaseBackup(production, backup).then(String, (error: Error) => error.message), / is not empty$/)
  assert.is(await exists(join(backup, 'backup_label')), true)
  await production.stop()
  assert.match(await waitForArchive(production).then(String, (error: Error) => error.message), /is not running$/)
  const place = join(root, 'backup/second')
  assert.match(
    await takeBaseBackup(production, place).then(String, (error: Error) => error.message),
    /^cluster "production" is not running$/,
  )
  assert.is(await exists(place), false)
})

test.run()
