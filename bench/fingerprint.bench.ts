// Content fingerprints of every bucket, the newest by day, against the sums of md5 that tools for comparing data send.

import { moment, partitionCount, startEventsServer } from './events-database.ts'
import type { Bench } from './harness.ts'

// Without the words for null, concat_ws would take ('a', null) for (null, 'a').
const columns = [
  'id',
  'session_id',
  'session_month',
  'url',
  'category',
  'action',
  'label',
  'value',
  'metadata',
  'created_at',
  'site_id',
]
const texts = columns.map((column) => `coalesce(${column}::text, '<null>')`).join(', ')
const asNumber = (text: string) => `('x' || substr(md5(${text}), 1, 16))::bit(64)::bigint`

const bench: Bench = async ({ size, seed }) => {
  const server = await startEventsServer('fingerprint')
  const { sql } = await server.build('fingerprint', size, seed, true)

  const complain = (found: unknown) => {
    // A fast answer that is no answer must not win.
    throw new Error(`wrong: ${JSON.stringify(found)}`)
  }
  const full = async () => {
    const [row] = await sql.unsafe(`
      select sum(b.row_count)::text as rows, count(*)::integer as slices, count(nullif(b.fingerprint, 0))::integer as fingerprints
      from drill.list_buckets('full', '${moment}') as b`)
    if (row?.['rows'] !== String(size) || row['slices'] <= 50 || row['fingerprints'] !== row['slices']) complain(row)
  }
  const detail = `${size} rows in ${partitionCount} partitions, the newest by day`
  const fingerprint = (name: string, limit: number, text: string) => ({
    name: `fingerprints and buckets against ${name}`,
    limit,
    detail,
    floor: () => sql.unsafe(`select sum(${asNumber(text)}) from events as t`),
    subject: full,
  })

  return {
    measurements: [
      fingerprint('md5(concat_ws(...))', 1 / 3, `concat_ws('|', ${texts})`),
      fingerprint('md5(row::text)', 1 / 5, 't::text'),
    ],
    teardown: server.stop,
  }
}

export default bench
