// Row counts, oldest and newest timestamps of every bucket, the newest by day, against a bare count(*)
// of the same tables in the same run.

import { moment, partitionCount, startEventsServer } from './events-database.ts'
import type { Bench } from './harness.ts'

// With no index at the timestamp its value has to be dug out of every row, which a bare count(*) never does: that
// alone more than doubles the time, however the query is written, and the newest rows are cut by day besides.
const limits = { indexed: 1.5, plain: 4 }

const bench: Bench = async ({ size, seed }) => {
  const server = await startEventsServer('counting')
  // The same rows with an index that begins with the timestamp and with none: both shapes of the query are measured.
  const measurements = []
  for (const variant of ['indexed', 'plain'] as const) {
    const { sql } = await server.build(variant, size, seed, variant === 'indexed')
    measurements.push({
      name: `counts and timestamps, ${variant}`,
      limit: limits[variant],
      detail: `${size} rows in ${partitionCount} partitions against a bare count(*)`,
      floor: () => sql.unsafe('select count(*) from events'),
      subject: async () => {
        const [row] = await sql.unsafe(
          `select sum(row_count)::text as rows,
             count(distinct partition_name) filter (where newest_at is not null)::integer as dated
           from drill.list_buckets('standard', '${moment}')`,
        )
        // A fast answer that is no answer must not win.
        if (row?.['rows'] !== String(size) || row?.['dated'] !== partitionCount)
          throw new Error(`wrong: ${JSON.stringify(row)}`)
      },
    })
  }
  return { measurements, teardown: server.stop }
}

export default bench
