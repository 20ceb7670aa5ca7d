import type { Target } from '../database/targets.ts'
import type { RestoreError } from '../rules/restore-errors.ts'
import type { StageTime } from '../terminal/stages.ts'

/** What a restore is asked. */
export interface RestoreQuestion {
  /** The folder of the backup. */
  backup: string
  target: Target
  /** The production database, when it is configured: it is never restored into. */
  production: Target | undefined
  /** The database to make on the target's server and restore into; undefined: the target's own, which must be empty. */
  intoNew: string | undefined
  /** How many connections restore. */
  jobs: number
  /** The file with the age identity of an encrypted backup; undefined: none was given. */
  identityFile: string | undefined
  /** Is told what will happen, line by line, before anything does. */
  announce: (line: string) => void
  /** Is given the report of an unfinished restore before anything is written into the target. */
  begun?: (report: RestoreReport) => void
}

/** One thing that could not be restored, without values of rows. */
export type RestoreProblem = RestoreError

/** What a restore did: format pgdrill-restore, version 1. Times are ISO text of our clock. */
export interface RestoreReport {
  format: 'pgdrill-restore'
  format_version: 1
  tool_version: string
  /** unfinished: what a killed restore leaves in the report that it wrote when it began. */
  outcome: 'restored' | 'restored with errors' | 'unfinished'
  /** One sentence: what was done and in which state the target is. */
  statement: string
  exit_code: 0 | 1 | 2
  started_at: string
  finished_at: string | null
  backup: {
    directory: string
    backup_id: string
    baseline_id: string
    /** The moment of the data. */
    taken_at: string
    /** Of the manifest, which holds the hashes of all other files. */
    manifest_sha256: string
  }
  target: {
    name: string
    url: string
    database_name: string
    /** Whether the restore made the database: then the target's own URL leads to another one. */
    is_new: boolean
    server_version: string
    is_sandbox: boolean
  }
  pg_restore: string
  jobs: number
  /** Roles that the backup needs and the target's server does not have. */
  missing_roles: string[]
  problems: RestoreProblem[]
  /** Worth reading; they do not change the outcome. */
  warnings: string[]
  stages: StageTime[]
}
