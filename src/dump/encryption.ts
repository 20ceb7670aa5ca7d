import { rm } from 'node:fs/promises'
import { CouldNotVerify } from '../could-not-verify.ts'
import { findOnPath, plainEnvironment } from './client-programs.ts'
import { syncToDisk } from './hash-files.ts'
import type { Manifest } from './manifest.ts'
import { endingText, runProgram } from './run-program.ts'

/** How a backup is encrypted; the same as in its manifest. */
export type Encryption = NonNullable<Manifest['encryption']>

/**
 * Makes sure that files can be encrypted for these recipients, before there is anything to encrypt.
 * @throws CouldNotVerify when the tool is missing or refuses a recipient
 */
export async function tryEncryption({ tool, recipients }: Encryption): Promise<void> {
  if (recipients.some((recipient) => /AGE-SECRET-KEY|PRIVATE KEY/.test(recipient))) {
    throw new CouldNotVerify(
      'what --encrypt-to names is a secret key',
      'Give the recipient, which begins with age1: age-keygen -y FILE prints it. That key was seen by other users of this machine: make a new one.',
    )
  }
  await runTool(tool, encrypting({ tool, recipients }, '/dev/null', undefined), 'cannot encrypt for these recipients')
}

/** What an encrypted file is called. */
export function encryptedName(path: string, tool: Encryption['tool']): string {
  return `${path}.${tool}`
}

/** Encrypts a file beside itself, and removes the plain one. Gives the new path. @throws CouldNotVerify */
export async function encryptFile(path: string, encryption: Encryption, signal?: AbortSignal): Promise<string> {
  const encrypted = encryptedName(path, encryption.tool)
  await runTool(encryption.tool, encrypting(encryption, path, encrypted), `could not encrypt ${path}`, signal)
  // What follows believes that it is there, whatever happens to the power.
  await syncToDisk(encrypted)
  await rm(path)
  return encrypted
}

/**
 * Decrypts a file into another place.
 * @param identityFile with age: the file that holds the secret key; gpg asks its agent
 * @throws CouldNotVerify
 */
export async function decryptFile(
  tool: Encryption['tool'],
  from: string,
  to: string,
  identityFile: string | undefined,
): Promise<void> {
  const args =
    tool === 'age'
      ? ['--decrypt', '--identity', identityFile ?? '', '--output', to, from]
      : ['--batch', '--quiet', '--output', to, '--decrypt', from]
  await runTool(tool, args, `could not decrypt ${from}`)
}

/** Demands what decrypting needs. @throws CouldNotVerify */
export function requireDecryption(tool: Encryption['tool'], identityFile: string | undefined): void {
  findTool(tool)
  if (tool === 'age' && identityFile === undefined) {
    throw new CouldNotVerify('the backup is encrypted with age', 'Name the file with the secret key: --identity FILE.')
  }
}

function encrypting({ tool, recipients }: Encryption, from: string, to: string | undefined): string[] {
  if (tool === 'age') {
    const list = recipients.flatMap((recipient) => ['--recipient', recipient])
    return [...list, ...(to === undefined ? [] : ['--output', to]), from]
  }
  const list = recipients.flatMap((recipient) => ['--recipient', recipient])
  // The dump is compressed already. Who names a key on the command line trusts it.
  const quiet = ['--batch', '--quiet', '--yes', '--trust-model', 'always', '--compress-algo', 'none']
  return [
    ...quiet,
    ...list,
    ...(to === undefined ? [] : ['--output', to]),
    '--encrypt',
    ...(to === undefined ? [] : [from]),
  ]
}

function findTool(tool: Encryption['tool']): string {
  const path = findOnPath(tool)
  if (path === undefined) {
    throw new CouldNotVerify(`${tool} is not installed`, `Install ${tool}: it encrypts and decrypts backups.`)
  }
  return path
}

async function runTool(tool: Encryption['tool'], args: string[], failed: string, signal?: AbortSignal): Promise<void> {
  const path = findTool(tool)
  const said: string[] = []
  const ending = await runProgram(path, args, {
    env: plainEnvironment(),
    onLine: (line) => {
      if (said.length < 20) said.push(line)
    },
    ...(signal === undefined ? {} : { signal }),
  })
  if (ending.code === 0) return
  // age ends with lines about where to report faults.
  const reason = said.find((line) => /error|failed|invalid|no .*key|not /i.test(line)) ?? said[0] ?? endingText(ending)
  throw new CouldNotVerify(`${tool} ${failed}: ${reason.replace(/^(age|gpg): (error: )?/, '')}`)
}
