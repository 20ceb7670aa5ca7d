// A network between the program and a server that can be made to fail.

import { connect, createServer, type Socket } from 'node:net'
import type { Scratch } from './databases.ts'

export interface Proxy {
  /** The way to the database through it. @param password that nobody asks for */
  url(password: string): string
  /** Nothing passes any more, and both ends stay open: nobody is told. */
  goSilent(): void
  /** The program's connections are reset. */
  reset(): void
  close(): Promise<void>
}

/** Starts one in front of a database. */
export async function startProxy({ cluster, target }: Scratch): Promise<Proxy> {
  const clients = new Set<Socket>()
  const servers = new Set<Socket>()
  const proxy = createServer((client) => {
    const server = connect(`${cluster.socketDirectory}/.s.PGSQL.${cluster.port}`)
    clients.add(client)
    servers.add(server)
    client.on('error', () => server.destroy())
    server.on('error', () => {})
    client.pipe(server).pipe(client)
  })
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done))
  const { port } = proxy.address() as { port: number }
  const all = () => [...clients, ...servers]
  return {
    url: (password) => `postgresql://postgres:${password}@127.0.0.1:${port}/${target.connection.database}`,
    goSilent: () => all().forEach((socket) => void socket.unpipe().pause()),
    reset: () => clients.forEach((client) => void client.resetAndDestroy()),
    close: async () => {
      for (const socket of all()) socket.destroy()
      await new Promise((done) => proxy.close(done))
    },
  }
}
