// pgbackrest info --output=json (src/command/info/info.c of pgBackRest).

import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import { type HeldBackup, plainBackup } from '../rules/backups-held.ts'
import { byteCount, checkedEntries, epochSeconds, name, wholeNumber } from './checked.ts'
import type { Inventory } from './inventory.ts'

const status = z.object({ code: z.int(), message: z.string().optional() })

const backup = z.object({
  label: name,
  type: z.enum(['full', 'diff', 'incr']),
  prior: name.nullish(),
  reference: z.array(name).nullish(),
  // Absent: pgBackRest does not know, which is not good.
  error: z.boolean().nullish(),
  database: z.object({ 'repo-key': wholeNumber.optional() }).optional(),
  info: z.object({ size: byteCount }).optional(),
  timestamp: z.object({ start: epochSeconds, stop: epochSeconds }),
})

const stanza = z.object({
  name,
  status,
  repo: z.array(z.object({ key: wholeNumber, status: status.optional() })).optional(),
  // Checked one by one: there may be many.
  backup: z.unknown(),
})
type Stanza = z.infer<typeof stanza>

const tool = 'pgbackrest info --output=json'

/** Status codes: fine, and "no valid backups", which is an answer. With all others the list is no answer. */
const fine = 0
const noBackups = 2
/** Several repositories that differ: each is judged by its own status. */
const differing = [4, 5]

/** What `pgbackrest info --output=json` printed: one inventory for each stanza and repository. */
export function readPgbackrest(value: unknown, origin: string): Inventory[] {
  const stanzas = checkedEntries(stanza, value, origin, tool, 'the document', (one) => one)
  if (stanzas.length === 0) {
    throw new CouldNotVerify(
      `${origin} lists no stanza: pgBackRest found none in its repository`,
      'Check the configuration and repository that pgbackrest was run with, and the name of the stanza.',
    )
  }
  return stanzas.flatMap((one, index) => readStanza(one, origin, `${index}.backup`))
}

function readStanza(stanza: Stanza, origin: string, place: string): Inventory[] {
  const { code, message = 'no message' } = stanza.status
  if (code !== fine && code !== noBackups && !differing.includes(code)) {
    throw new CouldNotVerify(
      `${origin}: pgBackRest cannot tell the backups of stanza ${stanza.name}: ${message} (status ${code})`,
      'Mend what it says, and list again.',
    )
  }
  const keys = (stanza.repo ?? []).map(({ key }) => key)
  const repositories = new Map((keys.length === 0 ? ['1'] : keys).map((key) => [key, repositoryOf(stanza, key)]))
  // Each names all those before it in its chain: one text for all.
  const labels = new Map<string, string>()
  checkedEntries(backup, stanza.backup, origin, tool, place, (one) => {
    const key = one.database?.['repo-key'] ?? (repositories.keys().next().value as string)
    const repository = repositories.get(key) ?? repositoryOf(stanza, key)
    repositories.set(key, repository)
    labels.set(one.label, one.label)
    const held = heldBackup(one, repository.problem, repository.backups.length)
    repository.backups.push({ ...held, depends_on: held.depends_on.map((label) => labels.get(label) ?? label) })
  })
  return [...repositories].map(([key, { problem, backups }]) => {
    const source = `pgbackrest ${stanza.name}${repositories.size > 1 ? ` repo${key}` : ''}`
    for (const one of backups) one.source = source
    const remarks = problem === undefined ? [] : [`${source}: ${problem}`]
    return { source, format: 'pgbackrest', keeps_days: null, window: null, remarks, backups }
  })
}

function repositoryOf({ repo = [] }: Stanza, key: string): { problem: string | undefined; backups: HeldBackup[] } {
  const state = repo.find((repository) => repository.key === key)?.status
  const isDoubtful = state !== undefined && state.code !== fine && state.code !== noBackups
  return {
    problem: isDoubtful ? `${state.message ?? 'it has a problem'} (status ${state.code})` : undefined,
    backups: [],
  }
}

function heldBackup(one: z.infer<typeof backup>, problem: string | undefined, position: number): HeldBackup {
  return {
    ...plainBackup,
    ...usability(one.error, problem),
    source: '',
    id: one.label,
    kind: one.type,
    started_at: one.timestamp.start,
    finished_at: one.timestamp.stop,
    depends_on: [...new Set([...(one.prior == null ? [] : [one.prior]), ...(one.reference ?? [])])],
    bytes: one.info?.size ?? null,
    // The oldest comes first.
    position,
  }
}

function usability(error: boolean | null | undefined, problem: string | undefined) {
  if (error === true) return { usable: 'no', reason: 'pgBackRest found page checksum errors in it' } as const
  if (error == null) return { usable: 'unknown', reason: 'pgBackRest does not say whether it has errors' } as const
  if (problem !== undefined) return { usable: 'unknown', reason: `its repository: ${problem}` } as const
  return { usable: 'yes', reason: null } as const
}
