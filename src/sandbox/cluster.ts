import type { ChildProcess } from 'node:child_process'
import { chmod, mkdir, mkdtemp, open, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres, { type Sql } from 'postgres'
import * as z from 'zod'
import type { Binaries } from './binaries.ts'
import { exists } from './files.ts'
import { closedToServer, giveToServer, reachableTemporaryDirectory } from './ownership.ts'
import { commandLineHas, launch, runToEnd, sendSignal } from './process.ts'

/** Settings of a server by name, as on its command line: `{ max_connections: '20' }`. */
export type Settings = Readonly<Record<string, string>>

export interface ClusterOptions {
  binaries: Binaries
  /** The cluster's own directory, which is made; below a sandbox root, so that the watchdog finds it. */
  directory: string
  /** How error messages and the process list call it, for instance `production`. */
  name: string
  /** Part of the socket's name only: nothing listens on TCP. 5432 unless told. */
  port?: number
  /** On top of the sandbox's own settings. */
  settings?: Settings
}

// A path to a socket may have 107 bytes on Linux and 103 on macOS, the file's own name included.
const LONGEST_SOCKET_DIRECTORY = 103 - '/.s.PGSQL.65535'.length
const SOCKET_PREFIX = 'pgdrill-socket-'

// Runs in the data directory, so no path has to be put into it and nothing has to be quoted. A file that is there already
// is never replaced, and a half-copied one never carries a final name.
const ARCHIVE_COMMAND =
  'if test -f ../archive/%f; then cmp -s %p ../archive/%f; ' +
  'else cp %p ../archive/%f.part && mv ../archive/%f.part ../archive/%f; fi'

const DEFAULTS: Settings = {
  wal_level: 'replica',
  archive_mode: 'on',
  archive_command: ARCHIVE_COMMAND,
  fsync: 'off',
  full_page_writes: 'on',
  shared_buffers: '32MB',
  max_connections: '60',
  max_prepared_transactions: '10',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_min_messages: 'warning',
  log_timezone: 'UTC',
  lc_messages: 'C',
  timezone: 'UTC',
}

const Description = z.strictObject({
  name: z.string(),
  port: z.number().int(),
  settings: z.record(z.string(), z.string()),
  binaries: z.strictObject({
    directory: z.string(),
    major: z.number().int(),
    version: z.string(),
    libraryPath: z.string().exactOptional(),
  }),
})
type Description = z.infer<typeof Description>

/** One throw-away PostgreSQL cluster, running or not. Made by createCluster, attachCluster or restoreToPointInTime. */
export class Cluster {
  readonly name: string
  readonly port: number
  readonly binaries: Binaries
  /** Everything of the cluster is in here. */
  readonly directory: string
  /** PostgreSQL's data directory. */
  readonly data: string
  /** Where finished WAL files are copied to. */
  readonly archive: string
  readonly socketDirectory: string
  /** The server's messages, of all its starts. */
  readonly logFile: string

  readonly #settings: Settings
  #startedAtByte = 0

  /** For this module's and point-in-time.ts's use; others call createCluster or attachCluster. */
  constructor(directory: string, socketDirectory: string, { name, port, settings, binaries }: Description) {
    this.name = name
    this.port = port
    this.binaries = binaries
    this.directory = directory
    this.data = join(directory, 'data')
    this.archive = join(directory, 'archive')
    this.socketDirectory = socketDirectory
    this.logFile = join(directory, 'server.log')
    this.#settings = settings
  }

  /**
   * Starts the server and waits until it accepts connections and is not, or no longer, in recovery. `settings` count for
   * this start only. The server lives on when this process ends. Rejects, with no server left, when it is running
   * already, when it stops again (the Error ends in its last FATAL or PANIC message), or after `timeoutSeconds` (60).
   */
  async start({
    settings = {},
    timeoutSeconds = 60,
  }: {
    settings?: Settings
    timeoutSeconds?: number
  } = {}): Promise<void> {
    if (await this.isRunning()) throw new Error(`cluster "${this.name}" is running already`)
    const server = await this.#launch(settings)
    const deadline = Date.now() + timeoutSeconds * 1000
    try {
      for (let pause = 10; !(await this.#isReady()); pause = Math.min(pause * 1.5, 100)) {
        if (server.exitCode !== null || server.signalCode !== null) throw new Error(lastFatal(await this.messages()))
        if (Date.now() > deadline) {
          const last = (await this.messages()).trim().split('\n').at(-1)
          throw new Error(`not ready after ${timeoutSeconds} s, its last message was ${last}`)
        }
        await sleep(pause)
      }
    } catch (error) {
      await this.stop('immediate').finally(() => server.kill('SIGKILL'))
      throw new Error(`cluster "${this.name}" did not start: ${(error as Error).message}`, { cause: error })
    }
  }

  /**
   * Stops the server and waits until it is gone: `fast` ends sessions and writes a checkpoint, `immediate` is a crash.
   * Does nothing when it is not running. Rejects when it is still there after 30 s.
   */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const pid = await this.pid()
    if (pid === undefined) return
    sendSignal(pid, mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
    for (const deadline = Date.now() + 30_000; await commandLineHas(pid, this.data); await sleep(10)) {
      if (Date.now() > deadline) throw new Error(`cluster "${this.name}" (process ${pid}) does not stop`)
    }
  }

  /** Gives the process id of the running server, undefined when there is none. Another process's id is never given. */
  async pid(): Promise<number | undefined> {
    const pid = Number.parseInt(await readFile(join(this.data, 'postmaster.pid'), 'utf8').catch(() => ''), 10)
    return Number.isInteger(pid) && (await commandLineHas(pid, this.data)) ? pid : undefined
  }

  /** Tells whether the server runs, by its process; it may be starting or stopping. */
  async isRunning(): Promise<boolean> {
    return (await this.pid()) !== undefined
  }

  /**
   * Gives the URL of a database, `postgres` unless told, for libpq (psql, pg_dump) and for the two drivers. The
   * socket's directory is the host, percent-encoded: a client that does not understand it fails instead of reaching
   * whatever listens on localhost.
   */
  url(database = 'postgres'): string {
    const host = encodeURIComponent(this.socketDirectory)
    return `postgresql://postgres@${host}:${this.port}/${encodeURIComponent(database)}`
  }

  /**
   * Gives a client for a database, `postgres` unless told, of at most `connections` (1) connections, as the superuser. It
   * connects with its first query. The caller ends it.
   */
  connect(database = 'postgres', { connections = 1 }: { connections?: number } = {}): Sql {
    return postgres({
      host: this.socketDirectory,
      port: this.port,
      user: 'postgres',
      database,
      max: connections,
      connect_timeout: 10,
      connection: { application_name: 'pgdrill sandbox' },
      onnotice: () => undefined,
    })
  }

  /** Gives what the server has written to its log since this handle started it, or all of it; empty before any start. */
  async messages(): Promise<string> {
    const log = await readFile(this.logFile).catch(() => Buffer.alloc(0))
    return log.subarray(this.#startedAtByte).toString('utf8')
  }

  /** Stops the server at once and removes everything that the cluster has on disk. */
  async dropEverything(): Promise<void> {
    await this.stop('immediate')
    if (basename(this.socketDirectory).startsWith(SOCKET_PREFIX)) {
      await rm(this.socketDirectory, { recursive: true, force: true })
    }
    await rm(this.directory, { recursive: true, force: true })
  }

  async #launch(settings: Settings): Promise<ChildProcess> {
    const log = await open(this.logFile, 'a', 0o600)
    try {
      this.#startedAtByte = (await log.stat()).size
      const args = ['-D', this.data, ...this.#serverOptions(settings)]
      return await launch(this.binaries, 'postgres', args, { cwd: this.directory, log: log.fd })
    } finally {
      await log.close()
    }
  }

  #serverOptions(forThisStart: Settings): string[] {
    const settings = {
      ...DEFAULTS,
      cluster_name: this.name,
      ...this.#settings,
      ...forThisStart,
      'drill.sandbox': 'on',
      listen_addresses: '',
      unix_socket_directories: `"${this.socketDirectory.replaceAll('"', '""')}"`,
      port: String(this.port),
    }
    return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  }

  async #isReady(): Promise<boolean> {
    if (!(await exists(join(this.socketDirectory, `.s.PGSQL.${this.port}`)))) return false
    const sql = this.connect()
    try {
      const [row] = await sql<{ ready: boolean }[]>`select not pg_catalog.pg_is_in_recovery() as ready`
      return row?.ready === true
    } catch (error) {
      if (isTooEarly(error)) return false
      throw error
    } finally {
      await sql.end({ timeout: 0 })
    }
  }
}

/**
 * Makes a new cluster (initdb: UTF8, locale C, superuser `postgres`, no passwords, 1 MB WAL files, data checksums) set up
 * as production is: WAL archiving into its own directory. It is not started. Rejects when the directory exists or is
 * not reachable for the servers' user, or with initdb's message; then the directory is removed again.
 */
export async function createCluster(options: ClusterOptions): Promise<Cluster> {
  const cluster = await prepareCluster(options)
  const { binaries, directory, data } = cluster
  const args = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--wal-segsize=1']
  try {
    await runToEnd(binaries, 'initdb', [...args, '--data-checksums', '--no-sync', '--no-instructions'], {
      cwd: directory,
    })
  } catch (error) {
    await cluster.dropEverything()
    throw error
  }
  return cluster
}

/**
 * Lays out a cluster's directory with an empty data directory in it, for createCluster and restoreToPointInTime to fill.
 * Rejects when it exists or when the servers' user cannot reach it; then nothing of it stays.
 */
export async function prepareCluster(options: ClusterOptions): Promise<Cluster> {
  const { binaries, name, port = 5432, settings = {} } = options
  await mkdir(dirname(options.directory), { recursive: true })
  await mkdir(options.directory)
  await chmod(options.directory, 0o755)
  const directory = await realpath(options.directory)
  try {
    const closed = await closedToServer(directory)
    if (closed !== undefined) {
      throw new Error(
        `${closed} is closed to the unprivileged user that runs PostgreSQL for root; use a directory in /tmp`,
      )
    }
    for (const part of ['data', 'archive']) {
      await mkdir(join(directory, part), { mode: 0o700 })
      await giveToServer(join(directory, part))
    }
    const description: Description = { name, port, settings: { ...settings }, binaries }
    await writeFile(join(directory, 'cluster.json'), JSON.stringify(Description.parse(description), null, 2))
    return new Cluster(directory, await makeSocketDirectory(directory), description)
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

/**
 * Gives a handle to the cluster in a directory that an earlier process made, running or not. Rejects when there is none, or when
 * its cluster.json is damaged.
 */
export async function attachCluster(directory: string): Promise<Cluster> {
  const found = await realpath(directory).catch(() => undefined)
  const text = found && (await readFile(join(found, 'cluster.json'), 'utf8').catch(() => undefined))
  if (!found || !text) throw new Error(`there is no sandbox cluster in ${directory}`)
  const place = join(found, 'socket')
  const socketDirectory = await realpath(place).catch(() => place)
  try {
    return new Cluster(found, socketDirectory, Description.parse(JSON.parse(text)))
  } catch (error) {
    throw new Error(`${join(found, 'cluster.json')} is damaged`, { cause: error })
  }
}

/**
 * Takes a server's log and gives its last FATAL or PANIC message, or its last line. Messages to clients that came too
 * early do not count: they say nothing about why the server is gone.
 */
export function lastFatal(log: string): string {
  const messages = [...log.matchAll(/\b((?:FATAL|PANIC): .*)/g)].map(([, message = '']) => message)
  const own = messages.filter((message) => !message.includes('the database system is'))
  return own.at(-1)?.replace(/\s+/g, ' ') ?? (log.trim().split('\n').at(-1) || 'it wrote no message')
}

// Nobody else may pass through it, for whoever reaches the socket is superuser and may run commands as the server's user.
// It is in the cluster's own directory, or, where that path will not do, elsewhere with a link to it, by which the watchdog
// and attachCluster find it.
async function makeSocketDirectory(directory: string): Promise<string> {
  const place = join(directory, 'socket')
  if (canHoldSocket(place)) {
    await mkdir(place, { mode: 0o700 })
    await giveToServer(place)
    return place
  }
  const usual = await reachableTemporaryDirectory()
  const parent = canHoldSocket(join(usual, `${SOCKET_PREFIX}XXXXXX`)) ? usual : await realpath('/tmp')
  const elsewhere = await mkdtemp(join(parent, SOCKET_PREFIX))
  await symlink(elsewhere, place)
  await giveToServer(elsewhere)
  return elsewhere
}

// For libpq a comma separates two hosts, however it is written.
function canHoldSocket(directory: string): boolean {
  return Buffer.byteLength(directory) <= LONGEST_SOCKET_DIRECTORY && !directory.includes(',')
}

function isTooEarly(error: unknown): boolean {
  const { code } = error as { code?: string }
  const early = [
    '57P03',
    '53300',
    'ENOENT',
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'CONNECTION_CLOSED',
    'CONNECT_TIMEOUT',
  ]
  return code !== undefined && early.includes(code)
}
