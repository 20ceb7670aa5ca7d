import { createServer, type Socket } from 'node:net'

/**
 * A server that speaks just enough of PostgreSQL's protocol to let anybody in, says which version it is, and answers every
 * query with that version or with nothing.
 * @returns its port, and how to end it
 */
export async function startOldServer(version: string): Promise<{ port: number; end: () => void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    let isStarted = false
    let received = Buffer.alloc(0)
    socket.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data])
      while (received.length >= (isStarted ? 5 : 4)) {
        const length = isStarted ? received.readInt32BE(1) + 1 : received.readInt32BE(0)
        if (received.length < length) return
        const message = received.subarray(0, length)
        received = received.subarray(length)
        if (isStarted) socket.write(Buffer.concat(answer(String.fromCharCode(message[0] ?? 0), version)))
        else if (message.readInt32BE(4) === sslRequest) socket.write('N')
        else {
          isStarted = true
          socket.write(Buffer.concat([authenticationOk, parameter('server_version', version), readyForQuery]))
        }
      }
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  return {
    port,
    end: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

const sslRequest = 80_877_103
const authenticationOk = message('R', Buffer.alloc(4))
const readyForQuery = message('Z', Buffer.from('I'))

function answer(type: string, version: string): Buffer[] {
  switch (type) {
    case 'P':
      return [message('1')]
    case 'B':
      return [message('2')]
    case 'D':
      return [message('t', Buffer.alloc(2)), message('n')]
    case 'E':
      return [message('C', text('SELECT 0'))]
    case 'S':
      return [readyForQuery]
    case 'Q':
      return [
        message(
          'T',
          Buffer.concat([short(1), text('server_version'), Buffer.alloc(6), int(25), short(-1), int(-1), short(0)]),
        ),
        message('D', Buffer.concat([short(1), int(version.length), Buffer.from(version)])),
        message('C', text('SHOW')),
        readyForQuery,
      ]
    default:
      return []
  }
}

function parameter(name: string, value: string): Buffer {
  return message('S', Buffer.concat([text(name), text(value)]))
}

function message(type: string, content: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from(type), int(content.length + 4), content])
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

function int(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}

function short(value: number): Buffer {
  const buffer = Buffer.alloc(2)
  buffer.writeInt16BE(value)
  return buffer
}
