import { createHash, createHmac, randomUUID } from 'node:crypto'

/** How long a signature is good, in seconds: as Upstash's own. */
const lifetime = 300

/**
 * The value of the header Upstash-Signature for one message, as QStash makes it: a JSON Web Token (HS256) over the address
 * and the SHA-256 of the body. https://upstash.com/docs/qstash/features/security
 * @param now in milliseconds
 */
export function signForUpstash(key: string, url: string, body: string, now: number): string {
  const seconds = Math.floor(now / 1000)
  const claims = {
    iss: 'Upstash',
    sub: url,
    exp: seconds + lifetime,
    // A restored host whose clock is behind would refuse what is not valid yet.
    nbf: seconds - 60,
    iat: seconds,
    jti: `jwt_${randomUUID()}`,
    // With padding, as the original has it.
    body: createHash('sha256').update(body).digest('base64').replaceAll('+', '-').replaceAll('/', '_'),
  }
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}
