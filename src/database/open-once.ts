import type { Socket } from 'node:net'
import type { ConnectionSettings } from './connection-url.ts'
import { type Attempt, openSocket, type Transport } from './open-socket.ts'

/** A socket that is opened once. */
export interface SocketOnce {
  /** The form that the driver takes as its option `socket`. */
  open: () => Promise<Socket>
  /** How it is protected. @throws when it is not open yet */
  transport: () => Transport
  /** Cuts it off, whatever the other side does. */
  destroy: () => void
}

/**
 * Opens a socket once and refuses to do it again. Left to itself the driver connects anew without a pause and without
 * an end while a server, or a proxy without one, accepts and hangs up; and after a loss it would go on in another
 * session, where no lock, setting or snapshot of ours holds.
 * @param timeout milliseconds until the connection must stand
 */
export function openOnce(settings: ConnectionSettings, attempt: Attempt, timeout: number): SocketOnce {
  let isOpened = false
  let transport: Transport | undefined
  let socket: Socket | undefined
  return {
    open: async () => {
      if (isOpened) throw Object.assign(new Error('the server closed the connection'), { code: 'CONNECTION_CLOSED' })
      isOpened = true
      const opened = await openSocket(settings, attempt, timeout)
      transport = opened.transport
      socket = opened.socket
      // The driver names them in its errors.
      return Object.assign(opened.socket, { host: settings.host, port: settings.port })
    },
    transport: () => {
      if (transport === undefined) throw new Error('the connection does not stand yet')
      return transport
    },
    destroy: () => void socket?.destroy(),
  }
}
