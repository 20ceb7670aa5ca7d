import { connect, type Socket } from 'node:net'
import { isAbsolute, join } from 'node:path'

/** Opens the socket of a connection: the form that the driver takes as its option `socket`. */
export type OpenSocket = () => Promise<Socket>

/**
 * Opens a socket once and refuses to do it again. Left to itself the driver connects anew without a pause and without
 * an end while a server, or a proxy without one, accepts and hangs up; and after a loss it would go on in another
 * session, where no lock, setting or snapshot of ours holds.
 * @param host name, address, or directory of a Unix socket
 * @param timeout milliseconds until the connection must stand
 */
export function openOnce(host: string, port: number, timeout: number): OpenSocket {
  let isOpened = false
  return async () => {
    if (isOpened) throw Object.assign(new Error('the server closed the connection'), { code: 'CONNECTION_CLOSED' })
    isOpened = true
    const socket = isAbsolute(host) ? connect(join(host, `.s.PGSQL.${port}`)) : connect(port, host)
    await new Promise<void>((done, fail) => {
      const timer = setTimeout(() => {
        socket.destroy()
        fail(Object.assign(new Error(`no connection after ${timeout} ms`), { code: 'CONNECT_TIMEOUT' }))
      }, timeout)
      socket.once('connect', done)
      socket.once('error', fail)
      socket.once('close', () => clearTimeout(timer))
      socket.once('connect', () => clearTimeout(timer))
    })
    socket.removeAllListeners()
    // The driver asks a server for its certificate by this name.
    return Object.assign(socket, { host, port })
  }
}
