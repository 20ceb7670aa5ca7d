/** A job that keeps a promise of the plan. */
export interface Job {
  name: string
  /** As cron writes it; UTC where the scheduler lets one choose. */
  schedule: string
  /** What pg_cron runs in production. */
  statement: string
  /** What another scheduler runs beside it; null: the statement, by psql. */
  program: ((target: string) => string[]) | null
  /** What it is for, in a line. */
  words: string
}

/** The jobs, most frequent first. Not at full hours, when everybody's jobs start. */
export const jobs: readonly Job[] = [
  {
    name: 'pgdrill-heartbeat',
    schedule: '* * * * *',
    statement: 'select drill.record_heartbeat()',
    program: null,
    words: 'makes the recovery point exact, however quiet the application is',
  },
  {
    name: 'pgdrill-baseline',
    schedule: '17 3 * * *',
    statement: "select drill.capture_baseline('scheduled')",
    program: (target) => ['pgdrill', 'baseline', 'capture', '--target', target, '--label', 'scheduled'],
    words: 'what a restored copy is compared with; by the program also as a file',
  },
  {
    name: 'pgdrill-cadence',
    schedule: '47 6 * * *',
    statement: 'select drill.assert_cadence()',
    program: (target) => ['pgdrill', 'status', '--target', target],
    words: 'fails when an obligation of the plan is due, broken or unknown',
  },
]
