// A server that listens on the network, with TLS: the sandbox's own listen on sockets alone.

import { chmod, open, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { findBinaries } from '../../src/sandbox/binaries.ts'
import { createCluster } from '../../src/sandbox/cluster.ts'
import { giveToServer, makeSandboxRoot } from '../../src/sandbox/ownership.ts'
import { launch, sendSignal } from '../../src/sandbox/process.ts'
import { startWatchdog } from '../../src/sandbox/watchdog.ts'
import { until } from '../sandbox/servers.ts'
import type { Issued } from './certificates.ts'

export interface NetworkServer {
  port: number
  /** What it does now: who may log in, and with which certificate. Null: no TLS. */
  become(change: { hba: string[]; certificate: Issued | null; authority?: Issued }): Promise<void>
  /** Its log since the last call. */
  news(): Promise<string>
  /** Makes a database or a role, as superuser, through its socket. */
  run(...statements: string[]): Promise<void>
  drop(): Promise<void>
}

/** An address of this machine that is not the loopback's; undefined when there is none. */
export function otherAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find((one) => one.family === 'IPv4' && !one.internal)?.address
}

/** Starts one; a watchdog removes it if the test file dies. */
export async function startNetworkServer(name: string): Promise<NetworkServer> {
  const root = await makeSandboxRoot()
  const watchdog = await startWatchdog(root)
  const binaries = await findBinaries()
  const port = await freePort()
  const cluster = await createCluster({ binaries, directory: join(root, name), name, port })
  const addresses = ['127.0.0.1', otherAddress()].filter((one) => one !== undefined)
  const settings = {
    listen_addresses: addresses.join(','),
    port: String(port),
    unix_socket_directories: cluster.socketDirectory,
    fsync: 'off',
    log_connections: 'on',
    lc_messages: 'C',
    max_connections: '20',
    shared_buffers: '16MB',
    'drill.sandbox': 'on',
  }
  const log = await open(cluster.logFile, 'a', 0o600)
  const args = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  await launch(binaries, 'postgres', ['-D', cluster.data, ...args], { cwd: cluster.directory, log: log.fd })
  await log.close()
  const logged = async () => await readFile(cluster.logFile, 'utf8')
  await until('the server is ready', async () => /ready to accept connections/.test(await logged()), 60)
  let seen = (await logged()).length

  const file = async (one: string, text: string) => {
    const path = join(cluster.data, one)
    await writeFile(path, text)
    await chmod(path, 0o600)
    await giveToServer(path)
  }
  const news = async () => {
    const text = (await logged()).slice(seen)
    seen += text.length
    return text
  }
  const run = async (...statements: string[]) => {
    const sql = cluster.connect()
    try {
      for (const statement of statements) await sql.unsafe(statement)
    } finally {
      await sql.end()
    }
  }
  return {
    port,
    news,
    async become({ hba, certificate, authority }) {
      await file('pg_hba.conf', ['local all postgres trust', ...hba, ''].join('\n'))
      const on = ["ssl_cert_file = 'server.crt'", "ssl_key_file = 'server.key'", 'ssl = on']
      if (authority !== undefined) on.push("ssl_ca_file = 'ca.crt'")
      await file('postgresql.auto.conf', (certificate === null ? ['ssl = off'] : on).join('\n'))
      if (certificate !== null) {
        await file('server.crt', certificate.certificate)
        await file('server.key', certificate.key)
      }
      if (authority !== undefined) await file('ca.crt', authority.certificate)
      await news()
      sendSignal((await cluster.pid()) as number, 'SIGHUP')
      // It says so before it has read all: a connection that it accepts afterwards comes after all of it.
      await until('it has read them', async () => /received SIGHUP/.test((await logged()).slice(seen)), 20)
      await run('select 1')
      const text = await news()
      if (/could not|invalid|not reloaded/.test(text)) throw new Error(text)
    },
    run,
    async drop() {
      await cluster.dropEverything()
      await rm(root, { recursive: true, force: true })
      await watchdog.release()
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}
