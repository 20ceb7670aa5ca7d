import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * When a process began, as text that no later process with the same number has; null when there is none. Only to be compared.
 * @param pid of a process of this machine
 */
export function processStart(pid: number): string | null {
  try {
    // Linux: the 22nd field, clock ticks since the boot; the name before it may hold blanks and brackets.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\)\s/s, '')
      .split(' ')
    // A zombie has ended already.
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${fields[19]}`
  } catch (error) {
    if (process.platform === 'linux' && ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return null
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim() || null
  } catch {
    return null
  }
}

/** Whether the process that was seen with this number and this beginning still runs. */
export function isLiving(pid: number, start: string | null): boolean {
  const now = processStart(pid)
  return now !== null && (start === null || now === start)
}
