// What sslmode and its files ask for, one meaning for both drivers: that of libpq
// (https://www.postgresql.org/docs/current/libpq-ssl.html).

import { statSync } from 'node:fs'
import type { SecureContextOptions } from 'node:tls'
import { CouldNotVerify } from '../could-not-verify.ts'
import { mostSettingsBytes, readOutside } from '../outside-text.ts'
import type { Parameters, Said } from './connection-parameters.ts'
import { homeFile } from './home-file.ts'

/** The modes, from the weakest to the strongest. */
export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof sslModes)[number]

/** How a connection is to be encrypted. */
export interface Encryption {
  mode: SslMode
  /** What of the server's certificate must be right: nothing, who signed it, or also for whom it is. */
  verifies: 'nothing' | 'authority' | 'name'
  /** Certificates and keys for node:tls, read already. */
  files: Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'minVersion'>
  /** What is said to be the authority of certificates, for messages. */
  authority: string
}

const publicAuthorities = 'the public authorities'

/**
 * Reads the parameters about encryption and the files that they name.
 * @param isSocket through a Unix socket nothing is encrypted, and nothing is asked for
 * @throws CouldNotVerify for an unknown mode, a missing file, or a key that others may read
 */
export function encryptionOf(parameters: Parameters, isSocket: boolean): Encryption {
  const mode = modeOf(parameters)
  if (isSocket || mode === 'disable') {
    return { mode: 'disable', verifies: 'nothing', files: {}, authority: publicAuthorities }
  }
  const { sslcert, sslkey, sslpassword, ssl_min_protocol_version: oldest } = parameters
  const certificate = fileOf(sslcert, 'postgresql.crt')
  const key = certificate === undefined ? undefined : fileOf(sslkey, 'postgresql.key', requireSecret)
  if (certificate !== undefined && key === undefined) {
    throw new CouldNotVerify(
      `${sslcert?.by ?? '~/.postgresql'} has a certificate without its key`,
      'Name it in sslkey.',
    )
  }
  if (sslkey !== undefined && certificate === undefined) {
    throw new CouldNotVerify(`${sslkey.by} has a key without its certificate`, 'Name it in sslcert.')
  }
  return {
    mode,
    ...verificationOf(mode, parameters, {
      ...(certificate === undefined ? {} : { cert: certificate.text, key: key?.text }),
      ...(sslpassword === undefined ? {} : { passphrase: sslpassword.value }),
      ...(oldest === undefined ? {} : { minVersion: versionOf(oldest) }),
    }),
  }
}

function modeOf({ sslmode, sslrootcert }: Parameters): SslMode {
  if (sslmode === undefined) return sslrootcert?.value === 'system' ? 'verify-full' : 'prefer'
  const mode = sslModes.find((one) => one === sslmode.value)
  if (mode === undefined) {
    throw new CouldNotVerify(`${sslmode.by} has an unknown sslmode`, `It is one of ${sslModes.join(', ')}.`)
  }
  return mode
}

function verificationOf(
  mode: SslMode,
  { sslmode, sslrootcert: root }: Parameters,
  files: Encryption['files'],
): Pick<Encryption, 'verifies' | 'files' | 'authority'> {
  if (root?.value === 'system') {
    // Anybody can have a certificate of a public authority: only the name in it says something.
    if (mode !== 'verify-full') {
      throw new CouldNotVerify(`${root.by}: sslrootcert=system goes with sslmode=verify-full alone`)
    }
    return { verifies: 'name', files, authority: publicAuthorities }
  }
  if (mode === 'allow' || mode === 'prefer') return { verifies: 'nothing', files, authority: publicAuthorities }
  const ca = fileOf(root, 'root.crt')
  if (ca !== undefined) {
    // libpq's require checks who signed as soon as there is a file to check against.
    const verifies = mode === 'verify-full' ? 'name' : 'authority'
    return { verifies, files: { ...files, ca: ca.text }, authority: ca.path }
  }
  if (mode === 'verify-ca') {
    throw new CouldNotVerify(
      `${sslmode?.by}: sslmode=verify-ca needs the certificate file of the authority`,
      'Name it in sslrootcert or PGSSLROOTCERT.',
    )
  }
  return { verifies: mode === 'verify-full' ? 'name' : 'nothing', files, authority: publicAuthorities }
}

function versionOf({ value, by }: Said): 'TLSv1.2' | 'TLSv1.3' {
  if (value === 'TLSv1.2' || value === 'TLSv1.3') return value
  throw new CouldNotVerify(`${by} has an unusable ssl_min_protocol_version`, 'It is TLSv1.2 or TLSv1.3.')
}

/** Reads a file that is named, or else the one in ~/.postgresql, which may be missing. */
function fileOf(
  said: Said | undefined,
  usual: string,
  look: (path: string, by: string) => void = () => {},
): { path: string; text: string } | undefined {
  const path = said?.value ?? homeFile('.postgresql', usual)
  try {
    const text = readOutside(path, mostSettingsBytes).toString('utf8')
    look(path, said?.by ?? 'its usual place')
    return { path, text }
  } catch (error) {
    if (error instanceof CouldNotVerify) throw error
    const { code, message } = error as NodeJS.ErrnoException
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR'
    if (said === undefined && isMissing) return undefined
    // The path could be the rest of a password with an & in it.
    const what = `${said?.by ?? usual}: a certificate file that it names`
    throw new CouldNotVerify(isMissing ? `${what} does not exist` : `${what} cannot be read (${code ?? message})`)
  }
}

function requireSecret(path: string, by: string): void {
  const { mode, uid } = statSync(path)
  // As libpq: a key of root's may be shared with a group of the system.
  if ((mode & (uid === 0 ? 0o037 : 0o077)) === 0) return
  throw new CouldNotVerify(`${by}: the private key file may be read by others`, 'Run chmod 600 on it.')
}
