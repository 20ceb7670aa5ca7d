import type { Sql } from 'postgres'
import type { Cluster } from '../../src/sandbox/cluster.ts'

let marker = 0

/**
 * Waits until what other sessions of a database wrote is in its statistics: they report at their end at the latest.
 * @param left so many other sessions may go on
 */
export async function reported(cluster: Cluster, database: string, left = 0): Promise<void> {
  const use = async <T>(work: (sql: Sql) => Promise<T>) => {
    const sql = cluster.connect(database)
    try {
      return await work(sql)
    } finally {
      await sql.end()
    }
  }
  for (;;) {
    const others = await use(
      (sql) => sql`
        select from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
    )
    if (others.length <= left) break
  }
  if (cluster.binaries.major >= 15) return
  // Reports went to a process of its own then, in order: when it knows of a later one, it knows of all.
  marker += 1
  const name = `public.marker_${marker}`
  await use((sql) => sql.unsafe(`create table ${name} (); insert into ${name} default values`))
  for (;;) {
    const [row] = await use((sql) =>
      sql.unsafe(`select pg_stat_get_tuples_inserted('${name}'::regclass)::integer as n`),
    )
    if (row?.['n'] === 1) break
  }
  await use((sql) => sql.unsafe(`drop table ${name}`))
}
