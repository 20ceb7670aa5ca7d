// The one way to a server, for both drivers: what sslmode asks for is done here, before either of them says a word.

import { connect, isIP, type Socket } from 'node:net'
import { isAbsolute, join } from 'node:path'
import { checkServerIdentity, connect as connectTls, type PeerCertificate } from 'node:tls'
import type { ConnectionSettings } from './connection-url.ts'

/** Whether a connection is encrypted, and what is known of the server. */
export interface Transport {
  /** Through a Unix socket or to this machine itself: nobody can listen on the way. */
  isLocal: boolean
  /** Such as TLSv1.3; null: plain text. */
  protocol: string | null
  /** What of the server's certificate was checked. */
  verified: 'nothing' | 'authority' | 'name'
}

export interface OpenedSocket {
  socket: Socket
  transport: Transport
}

/** One way to try: in plain text or with TLS. */
export type Attempt = 'plain' | 'tls'

/** The ways to try for an sslmode, in their order. */
export function attemptsOf({ encryption }: ConnectionSettings): [Attempt, ...Attempt[]] {
  switch (encryption.mode) {
    case 'disable':
      return ['plain']
    case 'allow':
      return ['plain', 'tls']
    case 'prefer':
      return ['tls', 'plain']
    default:
      return ['tls']
  }
}

/**
 * Whether the next way is to be tried after this failure: no TLS there, a handshake that failed, or a server that does not
 * let this user in this way. A refused password is no reason to say it again in plain text, as libpq does.
 */
export function mayTryNext(error: unknown): boolean {
  const { code } = error as { code?: string }
  return code === '28000' || (code ?? '').startsWith(tlsFailed)
}

const tlsFailed = 'PGDRILL_TLS'
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])

/**
 * Opens a socket to the server, encrypted if that is the attempt.
 * @param timeout milliseconds until it must stand
 * @throws an Error with a code: that of node:net, CONNECT_TIMEOUT, or PGDRILL_TLS... with a message for people
 */
export async function openSocket(
  settings: ConnectionSettings,
  attempt: Attempt,
  timeout: number,
): Promise<OpenedSocket> {
  const { host, address = host, port, encryption } = settings
  const raw = isAbsolute(host) ? connect(join(host, `.s.PGSQL.${port}`)) : connect(port, address)
  // An error that comes before the driver listens shows as a closed socket; without a listener it would end the process.
  raw.on('error', () => {})
  const deadline = within(timeout, raw)
  try {
    await Promise.race([event(raw, 'connect'), deadline.passed])
    const isLocal = isAbsolute(host) || isLoopback(raw.remoteAddress ?? address)
    if (attempt === 'plain') {
      return { socket: raw, transport: { isLocal, protocol: null, verified: 'nothing' } }
    }
    const answer = await Promise.race([askForTls(raw), deadline.passed])
    if (answer !== 'S') throw notOffered(encryption.mode, answer)
    const secure = connectTls({
      socket: raw,
      ...encryption.files,
      rejectUnauthorized: encryption.verifies !== 'nothing',
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      checkServerIdentity: (_, certificate) =>
        encryption.verifies === 'name' ? wrongName(host, certificate) : undefined,
    })
    secure.on('error', () => {})
    await Promise.race([event(secure, 'secureConnect'), deadline.passed]).catch((error) => {
      throw handshakeFailure(error, settings)
    })
    const protocol = secure.getProtocol() ?? 'TLS'
    return { socket: secure, transport: { isLocal, protocol, verified: encryption.verifies } }
  } catch (error) {
    raw.destroy()
    throw error
  } finally {
    deadline.clear()
  }
}

function within(timeout: number, socket: Socket): { passed: Promise<never>; clear: () => void } {
  let timer: NodeJS.Timeout | undefined
  const passed = new Promise<never>((_, fail) => {
    timer = setTimeout(() => {
      fail(Object.assign(new Error(`no connection after ${timeout} ms`), { code: 'CONNECT_TIMEOUT' }))
      socket.destroy()
    }, timeout)
  })
  passed.catch(() => {})
  return { passed, clear: () => clearTimeout(timer) }
}

/** Waits for an event of a socket and gives what came with it; an error of it, or its end, comes as an error. */
function event<T>(socket: Socket, name: 'connect' | 'secureConnect' | 'data'): Promise<T> {
  return new Promise<T>((done, fail) => {
    const hung = () => fail(closed())
    socket.once(name, done).once('error', fail).once('close', hung)
    const forget = () => socket.off(name, done).off('error', fail).off('close', hung)
    socket.once(name, forget).once('close', forget)
  })
}

function closed(): Error {
  return Object.assign(new Error('the server closed the connection'), { code: 'CONNECTION_CLOSED' })
}

/** @returns the one byte of the answer: S for yes, N for no */
async function askForTls(socket: Socket): Promise<string> {
  socket.write(sslRequest)
  const answer = await event<Buffer>(socket, 'data')
  socket.pause()
  // What comes behind it in plain text was put there by somebody else: it would count as said under TLS.
  return answer.length === 1 ? answer.toString('latin1') : ''
}

function notOffered(mode: string, answer: string): Error {
  return answer === 'N'
    ? failure('MISSING', `the server offers no TLS, and sslmode=${mode} asks for it`)
    : failure('ANSWER', 'what answers there does not speak as PostgreSQL does')
}

function failure(kind: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code: `${tlsFailed}_${kind}` })
}

function wrongName(host: string, certificate: PeerCertificate): Error | undefined {
  return checkServerIdentity(host, certificate)
}

/** The handshake's error in words. A loss of the connection, or its time, stays what it is. */
function handshakeFailure(error: unknown, { host, encryption }: ConnectionSettings): unknown {
  const { code = '', message } = error as { code?: string; message: string }
  if (code === 'CONNECT_TIMEOUT') return error
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return failure('CERTIFICATE', "the server's certificate has expired", error)
    case 'CERT_NOT_YET_VALID':
      return failure('CERTIFICATE', "the server's certificate is not valid yet", error)
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return failure('CERTIFICATE', `the server's certificate is for another host than ${host}`, error)
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'CERT_SIGNATURE_FAILURE':
      return failure('CERTIFICATE', `the server's certificate is not signed by ${encryption.authority}`, error)
    default:
      return failure('HANDSHAKE', `TLS could not be begun: ${message.split('\n')[0]}`, error)
  }
}

/** Whether an address is this machine itself. */
export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.|^::1$|^localhost$/i.test(address)
}
