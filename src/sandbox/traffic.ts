import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectFile } from '../project-files.ts'
import type { Cluster } from './cluster.ts'

/** Writers that run until they are stopped. */
export interface Traffic {
  /** Ends the writers; gives how many beats were written. Throws what a writer failed with. */
  stop(): Promise<number>
}

// So many visits are still a plausible day for the seeded sites, however slow the machine is: the copy must pass.
const mostBeats = 120
const writers = 2
const pause = 150

/** Starts writers that behave as the application does, and a heartbeat, in the sandbox's production. */
export function startTraffic(cluster: Cluster, database: string): Traffic {
  const beat = readFileSync(projectFile('src', 'sandbox', 'opsmantik', 'traffic.sql'), 'utf8')
  const stopping = new AbortController()
  let beats = 0

  const loop = async (work: (sql: ReturnType<Cluster['connect']>) => Promise<unknown>) => {
    const sql = cluster.connect(database)
    try {
      while (!stopping.signal.aborted) {
        await work(sql)
        await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {})
      }
    } finally {
      await sql.end()
    }
  }
  const running = Promise.all([
    ...Array.from({ length: writers }, () =>
      loop(async (sql) => {
        if (beats >= mostBeats) return
        beats += 1
        await sql.unsafe(beat)
      }),
    ),
    loop((sql) => sql`select drill.record_heartbeat()`),
  ])
  // Reported by stop(); unheard until then it would end the program.
  running.catch(() => {})
  return {
    async stop() {
      stopping.abort()
      await running
      return beats
    },
  }
}
