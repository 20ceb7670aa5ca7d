import { chmod, lchown, mkdtemp, realpath, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A user and group by number. */
export interface Identity {
  uid: number
  gid: number
}

// PostgreSQL refuses to run as root. On Linux `nobody` is 65534; on macOS its number does not fit what spawn accepts, so
// the other account that exists everywhere, `daemon`, takes its place.
const UNPRIVILEGED: Identity = process.platform === 'darwin' ? { uid: 1, gid: 1 } : { uid: 65534, gid: 65534 }

/**
 * Who the servers run as. Gives the unprivileged identity when this process is root, otherwise undefined: then they run
 * as the same user as this process.
 */
export function serverIdentity(): Identity | undefined {
  return process.getuid?.() === 0 ? UNPRIVILEGED : undefined
}

/** Hands one file or directory to the user that the servers run as. Does nothing unless this process is root. */
export async function giveToServer(path: string): Promise<void> {
  const identity = serverIdentity()
  if (identity) await lchown(path, identity.uid, identity.gid)
}

/**
 * Takes an absolute path and gives the first part of it, from the top, that the servers' user may not read or pass
 * through; undefined when it can reach all of it. Always undefined unless this process is root. Rejects if the path
 * does not exist.
 */
export async function closedToServer(path: string): Promise<string | undefined> {
  const identity = serverIdentity()
  if (!identity) return undefined
  const parts = [path]
  for (let part = path; part !== dirname(part); part = dirname(part)) parts.unshift(dirname(part))
  for (const part of parts) {
    const { mode, uid, gid } = await stat(part)
    const shift = uid === identity.uid ? 6 : gid === identity.gid ? 3 : 0
    const needed = part === path ? 0o5 : 0o1
    if (((mode >> shift) & needed) !== needed) return part
  }
  return undefined
}

/** Gives a directory for temporary files that the servers' user can reach: the configured one, else /tmp. */
export async function reachableTemporaryDirectory(): Promise<string> {
  const configured = await realpath(tmpdir())
  return (await closedToServer(configured)) === undefined ? configured : realpath('/tmp')
}

/**
 * Makes a new, empty directory for one sandbox (clusters, backups, archives) that the servers' user can pass through.
 * Gives its real path. The caller removes it; see startWatchdog for what happens if the caller dies first.
 */
export async function makeSandboxRoot(): Promise<string> {
  const root = await mkdtemp(join(await reachableTemporaryDirectory(), 'pgdrill-'))
  await chmod(root, 0o755)
  return root
}
