// An app for one test: a real server on the loopback that answers as the test says.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What arrived at the server. */
export interface Arrival {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

export interface TestServer {
  url: URL
  arrivals: Arrival[]
  close(): Promise<void>
}

export type Answer = (arrival: Arrival, response: ServerResponse) => void

/** Starts a server; with a certificate it speaks TLS. */
export async function serve(answer: Answer, certificate?: { key: string; cert: string }): Promise<TestServer> {
  const arrivals: Arrival[] = []
  const listen: RequestListener = (request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text) => {
      body += text
    })
    request.on('end', () => {
      const arrival = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
      arrivals.push(arrival)
      answer(arrival, response)
    })
  }
  const server: Server = certificate === undefined ? createServer(listen) : createTlsServer(certificate, listen)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: new URL(`http${certificate === undefined ? '' : 's'}://127.0.0.1:${port}`),
    arrivals,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Answers with a status, a content type and a body. */
export function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type }).end(body)
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(value))
}

/** Makes a certificate that nobody vouches for; undefined where there is no openssl. */
export function selfSigned(): { key: string; cert: string } | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'pgdrill-tls-'))
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  try {
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, '-keyout', key, '-out', cert],
      { stdio: 'ignore' },
    )
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } catch {
    return undefined
  } finally {
    rmSync(directory, { recursive: true })
  }
}
