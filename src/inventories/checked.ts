import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import { isList } from './json-text.ts'

const otherFormat = 'Give the listing as the tool wrote it, or say its format: --inventory FORMAT:FILE.'

/** A whole number that may be too large for a number: as text. */
export const wholeNumber = z
  .union([z.int(), z.string().regex(/^-?\d{1,30}$/)], { error: 'must be a whole number' })
  .transform(String)

/** Bytes; as decimal text. */
export const byteCount = wholeNumber.refine((text) => !text.startsWith('-'), 'must not be negative')

/** Seconds since 1970, in years that make sense; as ISO text. */
export const epochSeconds = z
  .union([z.int(), z.string().regex(/^\d{1,12}$/)], { error: 'must be seconds since 1970' })
  .transform(Number)
  .refine((seconds) => seconds > 0 && seconds < 253_402_300_800, 'must be seconds since 1970')
  .transform((seconds) => new Date(seconds * 1000).toISOString())

/** A name from outside: shown, compared and stored, never used as a path. */
export const name = z.string().min(1, 'must not be empty').max(1024, 'must not be longer than 1024 characters')

/**
 * Checks what came from outside against what its tool writes.
 * @param origin what it is called in messages
 * @param inside where the value stands in the document; nothing for the document itself
 * @throws CouldNotVerify that names the first place that is wrong
 */
export function checked<Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  origin: string,
  tool: string,
  inside = '',
): Output {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const place = [...(inside === '' ? [] : [inside]), ...(issue?.path ?? []).map(String)].join('.')
  throw new CouldNotVerify(
    `${origin} is not what ${tool} writes: ${place === '' ? 'the document' : place} ${sentence(issue?.message)}`,
    otherFormat,
  )
}

/** zod's own messages begin in their own way: "Invalid input: expected array, received undefined". */
function sentence(message: string | undefined): string {
  return (message ?? 'is wrong')
    .replace(/^Invalid input: expected (.*), received undefined$/, 'is missing (expected $1)')
    .replace(/^Invalid input: expected (.*), received (.*)$/, 'must be $1, not $2')
}

/**
 * Checks a list entry by entry and takes from each what is wanted, so that a long one needs little memory.
 * @param what how the list is called in messages
 * @throws CouldNotVerify that names the first entry that is wrong
 */
export function checkedEntries<Output, Wanted>(
  schema: z.ZodType<Output>,
  value: unknown,
  origin: string,
  tool: string,
  what: string,
  take: (entry: Output, index: number) => Wanted,
): Wanted[] {
  if (!isList(value)) {
    const found = value === undefined ? 'is missing' : 'is no list'
    throw new CouldNotVerify(`${origin} is not what ${tool} writes: ${what} ${found}`, otherFormat)
  }
  const wanted: Wanted[] = []
  for (const entry of value) {
    const index = wanted.length
    wanted.push(take(checked(schema, entry, origin, tool, `${what}.${index}`), index))
  }
  return wanted
}
