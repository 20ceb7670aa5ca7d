import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import { mostSettingsBytes } from '../outside-text.ts'
import { readNamedFile } from '../read-named-file.ts'

/** The envelope of the signature; SHA256SUMS cannot name it, as it signs SHA256SUMS. */
export const signatureFile = 'signature.dsse.json'
/** The public half of the key, for whoever has to tell which key it was. It proves nothing by itself. */
export const publicKeyFile = 'public-key.pem'

const payloadType = 'application/vnd.in-toto+json'
const makeKey = 'Make one: pgdrill report keygen --out FILE, or openssl genpkey -algorithm ed25519.'

/**
 * Reads an ed25519 private key.
 * @param where the file of a PEM, or env:NAME for the variable that holds one
 * @throws CouldNotVerify when there is none; no part of a key is repeated
 */
function readSigningKey(where: string, env: NodeJS.Dict<string> = process.env): KeyObject {
  return ed25519(where, createPrivateKey, readPem(where, env), 'private')
}

/** The key that --sign-key names; undefined without it. @throws CouldNotVerify when it is none */
export function signingKeyOf({ signKey }: { signKey?: string }): KeyObject | undefined {
  return signKey === undefined ? undefined : readSigningKey(signKey)
}

/** Reads an ed25519 public key from the file of a PEM, or env:NAME. @throws CouldNotVerify when there is none */
export function readPublicKey(where: string, env: NodeJS.Dict<string> = process.env): KeyObject {
  return ed25519(where, createPublicKey, readPem(where, env), 'public')
}

/** The public key that a PEM holds; null when it holds none of ed25519. */
export function parsePublicKey(pem: string): KeyObject | null {
  try {
    const key = createPublicKey(pem)
    return key.asymmetricKeyType === 'ed25519' ? key : null
  } catch {
    return null
  }
}

/** What verifies the signatures of a key; a public one is its own. */
export function publicHalf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key
}

/** The PEM of the public half of a key. */
export function publicPem(key: KeyObject): string {
  return publicHalf(key).export({ type: 'spki', format: 'pem' }).toString()
}

/** How people tell keys apart: the sha256 of the public half (SPKI, DER) in hex. */
export function keyId(key: KeyObject): string {
  return createHash('sha256')
    .update(publicHalf(key).export({ type: 'spki', format: 'der' }))
    .digest('hex')
}

/** A DSSE envelope around a statement, signed. @param statement the very bytes that are signed, JSON */
export function signStatement(statement: string, key: KeyObject): string {
  const payload = Buffer.from(statement)
  const sig = sign(null, encodedForSigning(payload), key).toString('base64')
  return envelopeText({ payloadType, payload: payload.toString('base64'), signatures: [{ keyid: keyId(key), sig }] })
}

/**
 * Opens an envelope: verifies first, and gives the very bytes that were verified.
 * @returns the statement's text; null when it is not exactly an envelope that this key signed
 */
export function openEnvelope(text: string, key: KeyObject): string | null {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return null
  }
  const parsed = envelopeSchema.safeParse(json)
  if (!parsed.success) return null
  const { payload, signatures } = parsed.data
  const [signature] = signatures
  const bytes = Buffer.from(payload, 'base64')
  // Base64 and JSON can be written in more than one way; one changed byte is refused all the same.
  const isExact = envelopeText(parsed.data) === text && bytes.toString('base64') === payload
  const sig = Buffer.from(signature.sig, 'base64')
  if (!isExact || sig.toString('base64') !== signature.sig || signature.keyid !== keyId(key)) return null
  return verify(null, encodedForSigning(bytes), key, sig) ? bytes.toString('utf8') : null
}

const envelopeSchema = z.strictObject({
  payload: z.string(),
  payloadType: z.literal(payloadType),
  signatures: z.tuple([z.strictObject({ keyid: z.string(), sig: z.string() })]),
})

function envelopeText({ payloadType: type, payload, signatures }: z.infer<typeof envelopeSchema>): string {
  const [{ keyid, sig }] = signatures
  return `${JSON.stringify({ payloadType: type, payload, signatures: [{ keyid, sig }] }, null, 2)}\n`
}

/** DSSE's pre-authentication encoding: what is signed says its type and its length. */
function encodedForSigning(payload: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `),
    payload,
  ])
}

function readPem(where: string, env: NodeJS.Dict<string>): string {
  const variable = /^env:(.*)$/s.exec(where)?.[1]
  if (variable === undefined) return readNamedFile(where, 'key file', makeKey, mostSettingsBytes)
  const pem = env[variable]
  if (pem === undefined || pem.trim() === '') {
    throw new CouldNotVerify(`the environment variable ${variable} holds no key`, 'Put the PEM of the key into it.')
  }
  // CI systems often keep secrets in one line.
  return pem.replaceAll('\\n', '\n')
}

function ed25519(where: string, create: (pem: string) => KeyObject, pem: string, kind: string): KeyObject {
  let key: KeyObject
  try {
    key = create(pem)
  } catch {
    const isEncrypted = /ENCRYPTED/.test(pem)
    throw new CouldNotVerify(
      `${where} holds no ${kind} key in PEM${isEncrypted ? ' that can be read without a passphrase' : ''}`,
      makeKey,
    )
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new CouldNotVerify(`${where} holds a key of type ${key.asymmetricKeyType}, expected ed25519`, makeKey)
  }
  return key
}
