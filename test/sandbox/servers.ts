// What the tests of this folder ask the system about the processes of a sandbox.
import { readdir, readFile, readlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

export const hasProc = process.platform === 'linux'

/** The ids of all processes that work in a directory or below it: servers with their children, and initdb. */
export async function processesIn(directory: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const inside = await Promise.all(
    pids.map(async (pid) => (await readlink(`/proc/${pid}/cwd`).catch(() => '')).startsWith(directory)),
  )
  return pids.filter((_, index) => inside[index]).map(Number)
}

/** The TCP sockets on which a process listens. */
export async function tcpListeners(pid: number): Promise<string[]> {
  const links = (await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))
  const inodes = (await Promise.all(links)).map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1])
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')))
  const rows = tables.flatMap((table) => table.trim().split('\n').slice(1)).map((row) => row.trim().split(/\s+/))
  return rows.filter((row) => row[3] === '0A' && inodes.includes(row[9])).map((row) => row[1] ?? '')
}

/** Waits until a condition holds and gives how long it took, in seconds. Rejects after `seconds`. */
export async function until(what: string, condition: () => Promise<boolean>, seconds: number): Promise<number> {
  const started = performance.now()
  while (!(await condition())) {
    if (performance.now() - started > seconds * 1000) throw new Error(`not after ${seconds} s: ${what}`)
    await sleep(20)
  }
  return (performance.now() - started) / 1000
}
