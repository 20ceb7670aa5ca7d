import { type ChildProcess, spawn } from 'node:child_process'
import { realpath } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { homedir } from 'node:os'
import { parse, sep } from 'node:path'

/** Guards a sandbox against the death of the process that made it. */
export interface Watchdog {
  /** Lets go: the guard ends and leaves the servers and the directory as they are. Resolves once it has ended. */
  release(): Promise<void>
}

// Run by /bin/sh in a session of its own. Its standard input is a pipe from us that ends when we do, however that comes
// about. A server that is just starting has no postmaster.pid yet, hence the second of looking again; the command line is
// compared because process ids are used again.
const SCRIPT = `
trap '' HUP INT TERM
root=$1
while IFS= read -r line; do
  [ "$line" = release ] && exit 0
done

command_line() {
  if [ -r /proc/self/cmdline ]; then tr '\\0' ' ' < "/proc/$1/cmdline"; else ps -ww -o command= -p "$1"; fi
}

round=0
running=
while [ -d "$root" ] && { [ "$round" -lt 10 ] || { [ -n "$running" ] && [ "$round" -lt 80 ]; }; }; do
  running=
  for file in "$root"/*/data/postmaster.pid; do
    [ -f "$file" ] && IFS= read -r pid < "$file" || continue
    case $pid in '' | *[!0-9]*) continue ;; esac
    command_line "$pid" | grep -F -q -e " \${file%/postmaster.pid} " || continue
    running=yes
    if [ "$round" -lt 50 ]; then kill -QUIT "$pid"; else kill -KILL "$pid"; fi
  done
  round=$((round + 1))
  sleep 0.1
done

for link in "$root"/*/socket; do
  [ -L "$link" ] || continue
  directory=$(readlink "$link")
  case $directory in */pgdrill-socket-*) rm -rf "$directory" ;; esac
done
round=0
while [ -d "$root" ] && [ "$round" -lt 50 ]; do
  rm -rf "$root"
  round=$((round + 1))
  sleep 0.1
done
`

/**
 * Starts the guard of a sandbox root, the existing directory in which clusters have their directories; do so before the
 * first of them is made. When this process ends without release(), in whatever way, the guard stops every server in
 * `<root>/<cluster>/data` and removes the root with all that is in it, within about two seconds. Rejects when the root
 * is a directory that must never be removed: one that holds the home or working directory.
 */
export async function startWatchdog(root: string): Promise<Watchdog> {
  const guarded = await realpath(root)
  for (const precious of [parse(guarded).root, homedir(), process.cwd()]) {
    if (guarded === precious || precious.startsWith(`${guarded}${sep}`)) {
      throw new Error(`${guarded} cannot be a sandbox: ${precious} is in it`)
    }
  }
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'pgdrill-watchdog', guarded], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  // Neither the guard nor the pipe to it may keep this process alive.
  child.unref()
  const pipe = child.stdin as Socket
  pipe.unref()
  pipe.on('error', () => undefined)
  return { release: () => release(child, pipe) }
}

async function release(child: ChildProcess, pipe: Socket): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.ref()
  const ended = new Promise((resolve) => child.once('exit', resolve))
  pipe.end('release\n')
  await ended
}
