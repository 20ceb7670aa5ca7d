import { randomBytes } from 'node:crypto'
import { CouldNotVerify } from '../could-not-verify.ts'

/** Safe as the name of a folder: it begins with a digit and has no dot, slash or blank. */
export const drillIdPattern = /^\d{8}T\d{6}Z-[A-Za-z][A-Za-z0-9_-]{0,39}-[0-9a-f]{4}$/

/** A new drill's name, such as 20261123T043000Z-restore-1a2b: when, which target, and something random. */
export function makeDrillId(startedAt: Date, targetName: string): string {
  const time = startedAt.toISOString().replace(/[-:]|\.\d+/g, '')
  return `${time}-${targetName.slice(0, 40)}-${randomBytes(2).toString('hex')}`
}

/** The name of a drill as a person gave it. @throws CouldNotVerify when it is none: it becomes part of paths */
export function requireDrillId(text: string): string {
  if (drillIdPattern.test(text)) return text
  throw new CouldNotVerify(
    `${JSON.stringify(text)} is not the id of a drill`,
    'An id looks like 20261123T043000Z-restore-1a2b: pgdrill drill status lists them.',
  )
}

/**
 * A ticket or a person's name as it was given. It is shown and stored, never made a part of a path.
 * @param option what it was given as, for messages
 * @throws CouldNotVerify when it is empty, too long, or has characters that nobody can see
 */
export function requireLabel(text: string, option: string): string {
  const label = text.trim()
  if (label !== '' && label.length <= 200 && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(label)) return label
  throw new CouldNotVerify(
    `${option} is not usable: ${JSON.stringify(text.slice(0, 80))}`,
    'Give it in 1 to 200 visible characters.',
  )
}
