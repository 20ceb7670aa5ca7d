// Certificates for tests of TLS. node:crypto makes keys and signs, but issues no certificate: the few fields that one needs
// are written here, as RFC 5280 says, so that the tests need no program that may be missing.

import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export interface Issued {
  /** PEM. */
  certificate: string
  /** PEM, PKCS 8. */
  key: string
}

export interface Wish {
  commonName: string
  /** Who signs it; undefined: itself, as an authority. */
  by?: Authority
  /** Names of hosts and IPv4 addresses for which it is. */
  hosts?: string[]
  /** How many days from now it ends; negative: it has expired. */
  days?: number
}

export interface Authority extends Issued {
  commonName: string
}

const oids = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
}

/** Issues a certificate with a new key. */
export function issue({ commonName, by, hosts = [], days = 30 }: Wish): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(oid(oids.ecdsaWithSha256))
  const end = new Date(Date.now() + days * 86_400_000)
  const extensions = [
    extension(oids.basicConstraints, sequence(...(by === undefined ? [der(0x01, Buffer.from([0xff]))] : []))),
    // An authority signs certificates, too.
    extension(oids.keyUsage, der(0x03, Buffer.from(by === undefined ? [2, 0x84] : [7, 0x80]))),
    ...(hosts.length === 0 ? [] : [extension(oids.subjectAltName, sequence(...hosts.map(alternativeName)))]),
  ]
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1, ...Buffer.from(String(Date.now()))])),
    algorithm,
    name(by?.commonName ?? commonName),
    sequence(time(new Date(end.getTime() - 366 * 86_400_000)), time(end)),
    name(commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  )
  const signer: KeyObject = by === undefined ? privateKey : createPrivateKey(by.key)
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', content, signer)]))
  return {
    commonName,
    certificate: pem('CERTIFICATE', sequence(content, algorithm, signature)),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function der(tag: number, content: Buffer): Buffer {
  const length = content.length
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = rest.flatMap((number) => {
    const digits = [number & 0x7f]
    for (let left = number >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80)
    return digits
  })
  return der(0x06, Buffer.from([first * 40 + second, ...bytes]))
}

function name(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid(oids.commonName), der(0x0c, Buffer.from(commonName)))))
}

function time(moment: Date): Buffer {
  return der(
    0x17,
    Buffer.from(
      moment
        .toISOString()
        .replace(/[-:T]|\.\d+/g, '')
        .slice(2),
    ),
  )
}

function extension(id: string, content: Buffer): Buffer {
  return sequence(oid(id), der(0x04, content))
}

function alternativeName(host: string): Buffer {
  const bytes = host.split('.').map(Number)
  const isAddress = bytes.length === 4 && bytes.every((byte) => Number.isInteger(byte))
  return isAddress ? der(0x87, Buffer.from(bytes)) : der(0x82, Buffer.from(host))
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
