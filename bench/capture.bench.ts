// A capture as the program makes it: the second one against the first, several connections against one, its memory, and an
// application beside it.

import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { captureBaseline } from '../src/measuring/capture-baseline.ts'
import { moment, partitionCount, startEventsServer } from './events-database.ts'
import type { Bench, Measurement } from './harness.ts'
import { type Beside, findPgbench, runBeside } from './pgbench.ts'
import { peakMegabytes, runProgram } from './program.ts'

const memoryLimit = 150
type Depth = 'standard' | 'full'

const bench: Bench = async ({ size, seed }) => {
  const server = await startEventsServer('capture')
  const { target, sql } = await server.build('capture', size, seed, true)
  const plain = await server.build('plain', size, seed, false)
  const work = join(server.root, 'work')
  mkdirSync(work)
  let minutes = 0

  /** One capture, some time after the last. An earlier one that it can take from is there unless `full`. */
  const capture = async (depth: Depth, { full = false, jobs = 1, of = { target, sql } } = {}) => {
    minutes += 1
    const now = new Date(Date.parse(moment) + minutes * 60_000).toISOString()
    const before = await temporaryFiles(of.sql)
    const document = JSON.parse(await captureBaseline(of.target, { now }, { depth, full, jobs }, () => {}))
    const buckets: { row_count: string; is_carried: boolean }[] = document.relations[0].buckets
    const rows = buckets.reduce((sum, { row_count }) => sum + Number(row_count), 0)
    const carried = buckets.some(({ is_carried }) => is_carried)
    // A fast answer that is no answer must not win.
    if (rows < size || carried === full) throw new Error(`wrong: ${rows} rows, taken over: ${carried}`)
    if ((await temporaryFiles(of.sql)) !== before) throw new Error('the server wrote temporary files')
    // Captures pile up, and the next one looks at what there is.
    await of.sql.unsafe('delete from drill.baselines where baseline_id <> (select drill._newest_baseline())')
  }
  // A tenth, but any capture takes some 0.1 s, most of it for the catalog: counting 5 million rows takes 0.4 to 1 s.
  const second = (depth: Depth, variant: string, of: typeof plain, limit: number): Measurement => ({
    name: `second capture, ${depth}, ${variant}`,
    limit,
    detail: `of ${size} rows in ${partitionCount} partitions on the third day of a month, rows since in the open one, against the first`,
    floor: () => capture(depth, { full: true, of }),
    subject: async () => {
      await of.sql.unsafe(`insert into events select * from events_${partitionCount - 1} limit 1`)
      await capture(depth, { of })
    },
  })

  const cores = availableParallelism()
  const urls = { PRODUCTION_DATABASE_URL: server.cluster.url('capture') }
  const program = findPgbench()
  let beside: Promise<Beside> | undefined
  const besideOnce = () => {
    beside ??= (async () => {
      const admin = server.cluster.connect()
      await admin.unsafe('create database application')
      await admin.end()
      return await runBeside(program as string, server.cluster.url('application'), work, {
        subject: () => capture('full', { full: true }),
        floor: () =>
          sql.begin(async (transaction) => {
            await transaction.unsafe('set local max_parallel_workers_per_gather = 0')
            await transaction.unsafe('select count(*) from events')
          }),
      })
    })()
    return beside
  }
  const application = (name: string, limit: number, detail: string, read: (found: Beside) => number): Measurement =>
    program === undefined
      ? { name, limit, missing: 'there is no pgbench' }
      : { name, limit, detail, read: async () => read(await besideOnce()) }

  return {
    measurements: [
      second('standard', 'indexed', { target, sql }, 0.35),
      second('standard', 'plain', plain, 0.15),
      second('full', 'indexed', { target, sql }, 0.1),
      {
        name: `capture with ${cores} connections against one, full`,
        // One alone uses no parallel workers. All cores are never had: the server has to write, and the system to live.
        limit: cores === 1 ? 1.2 : 1 / (1 + 0.4 * (Math.min(cores, 4) - 1)),
        detail: `${size} rows, ${cores} cores`,
        floor: () => capture('full', { full: true }),
        subject: () => capture('full', { full: true, jobs: cores }),
      },
      {
        name: 'memory of baseline capture, full',
        limit: memoryLimit,
        detail: `MB at most in the program's memory, ${size} rows`,
        read: () =>
          peakMegabytes(work, (nodeOptions) => {
            const args = ['baseline', 'capture', '--target', 'production', '--depth', 'full', '--full']
            runProgram([...args, '--now', moment], { directory: work, urls, nodeOptions })
          }),
      },
      application(
        'pgbench beside a capture: rate',
        1.02,
        'asked for against reached: half of its full rate, with captures of depth full by one connection in a loop',
        ({ askedRate, besideSubject }) => askedRate / besideSubject.rate,
      ),
      application(
        'pgbench beside a capture: latency',
        1.25,
        '95th percentile beside captures against alone, median of 3 runs of 10 s each',
        ({ alone, besideSubject }) => besideSubject.latency / alone.latency,
      ),
      // Where the application and one more session are more than the processors can do, any session does this to it.
      application(
        'pgbench beside a capture: latency, against beside a bare count(*)',
        1.25,
        'of one session without parallel workers in a loop; 95th percentile, median of 3 runs of 10 s each',
        ({ besideSubject, besideFloor }) => besideSubject.latency / besideFloor.latency,
      ),
    ],
    teardown: server.stop,
  }
}

async function temporaryFiles(sql: { unsafe: (text: string) => Promise<readonly unknown[]> }): Promise<string> {
  const [row] = (await sql.unsafe(
    'select temp_files::text as n from pg_stat_database where datname = current_database()',
  )) as [{ n: string }]
  return row.n
}

export default bench
