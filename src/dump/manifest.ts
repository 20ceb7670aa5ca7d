import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import { targetVariable } from '../database/targets.ts'
import { parseOutsideJson, versionText } from '../outside-text.ts'

/** The file that makes a folder a backup: it is written last. */
export const manifestFile = 'manifest.json'
/** The exact baseline of the backup, in plain text also where the rest is encrypted: it holds no row values. */
export const baselineFile = 'baseline.json'
/** The directory that pg_dump wrote. */
export const dumpDirectory = 'dump'

const time = z.iso.datetime({ offset: true, error: 'must be an ISO timestamp with an offset' })
const name = z.string().min(1)
const bytes = z.int().nonnegative()

/** Below the folder and nowhere else: a manifest comes from outside. */
const path = z
  .string()
  .refine(
    (text) => text.split('/').every((part) => part !== '' && part !== '.' && part !== '..') && !/[\\\0]/.test(text),
    'must be a path below the folder',
  )

const file = z.object({
  path,
  bytes,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
})

/** The manifest of a backup, version 1. docs/backup-and-restore.md describes it. */
const manifestDocument = z.object({
  format: z.literal('pgdrill-backup'),
  format_version: z.literal(1),
  backup_id: name,
  tool_version: name,
  started_at: time,
  finished_at: time,
  /** Whose moment everything in the backup is of. */
  snapshot: z.object({
    name,
    /** The server's clock when the snapshot was taken: the recovery point of whoever restores this. */
    taken_at: time,
    lsn: z.string().regex(/^[0-9A-F]+\/[0-9A-F]+$/i, 'must be an LSN such as 0/16B3748'),
  }),
  source: z.object({
    target: name,
    /** Without the password. */
    url: name,
    database_name: name,
    server_version: name,
    installation_id: z.uuid(),
    system_identifier: z.string().regex(/^-?\d{1,20}$/, 'must be digits in quotes'),
    timeline_id: z.int().positive(),
    server_started_at: time,
    /** Size of the database on the server. */
    database_bytes: bytes,
    is_sandbox: z.boolean(),
  }),
  tools: z.object({ pg_dump: name, pg_dumpall: name.nullable() }),
  baseline: z.object({ baseline_id: z.uuid(), captured_at: time }),
  /** How all files but the baseline and this one are encrypted; null: not at all. */
  encryption: z.object({ tool: z.enum(['age', 'gpg']), recipients: z.array(name).min(1) }).nullable(),
  /** Roles and tablespaces of the server, without passwords. */
  globals: z.object({ is_included: z.boolean(), problem: z.string().nullable() }),
  /** Roles that own something in the database, have rights in it or settings for it. */
  roles: z.array(name),
  /** Tables with data in the dump; the others are declared only. */
  table_count: z.int().nonnegative(),
  files: z
    .array(file)
    .min(1, 'must name at least one file')
    .refine((files) => new Set(files.map((one) => one.path)).size === files.length, 'must not name a file twice'),
})

export type Manifest = z.infer<typeof manifestDocument>
export type ManifestFile = Manifest['files'][number]

/**
 * What a backup is of: the identity that pgdrill gave the database, and what the target was called. A copy carries the
 * identity on, after a physical restore the system identifier and the name of the database, too; only its target has
 * another name. So backups of a copy are never taken for production's.
 */
export function databaseKey({ installation_id, target }: Manifest['source']): string {
  return `${installation_id}/${targetVariable(target)}`
}

/**
 * Reads the text of a manifest.
 * @param origin what it is called in messages, such as the folder
 * @throws CouldNotVerify with one line that says what is wrong and where
 */
export function parseManifest(text: string, origin: string): Manifest {
  const another = 'Take another backup; this one cannot be trusted.'
  let json: unknown
  try {
    json = parseOutsideJson(text)
  } catch (error) {
    throw new CouldNotVerify(`the manifest of ${origin} ${(error as Error).message}`, another)
  }
  const head = json as { format?: unknown; format_version?: unknown } | null
  if (head === null || typeof head !== 'object' || head.format !== 'pgdrill-backup') {
    throw new CouldNotVerify(
      `${origin} is not a backup of pgdrill: its ${manifestFile} is another one's`,
      'Name a folder that pgdrill backup wrote.',
    )
  }
  if (head.format_version !== 1) {
    throw new CouldNotVerify(
      `the manifest of ${origin} has ${versionText(head.format_version)}, this pgdrill reads version 1`,
      'Use the pgdrill that wrote it.',
    )
  }
  const parsed = manifestDocument.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new CouldNotVerify(
      `the manifest of ${origin} is damaged: ${issue?.path.join('.') || 'the document'} ${issue?.message}`,
      another,
    )
  }
  return parsed.data
}
