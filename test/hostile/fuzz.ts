// Input that nobody sane would write, and what a reader may do with it: take it, or refuse it in one line.

import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { CouldNotVerify } from '../../src/could-not-verify.ts'
import { explainError } from '../../src/explain-error.ts'

/** A secret that stands in the input; no refusal may repeat it. */
export const canary = 'C4naryFuzz'

/** The same inputs in each run: what fails here fails everywhere. */
export const fuzzing = (numRuns: number) => ({ numRuns, seed: 20261123, endOnFailure: false })

/** Longer than this no input of these tests takes, however it is built; on a machine with much else to do. */
const longestMilliseconds = 5000

/** Texts that have broken programs. */
const evil = [
  '',
  '\u0000',
  '\u001b[31mred\u001b[0m',
  '\u001b]8;;http://x\u0007',
  'a\r\nPASS all',
  '\u202e\u2066\u2028\u2029\ufeff',
  '\ud800',
  '../../../../etc/passwd',
  '/etc/passwd\u0000.json',
  '__proto__',
  'constructor',
  'toString',
  "'; drop table x; --",
  'public.events; drop table x --',
  '$(touch /tmp/x)`id`',
  '%s%n%00',
  '1e400',
  'NaN',
  '-0',
  '9'.repeat(400),
  'x'.repeat(70_000),
  ':'.repeat(70_000),
  ' '.repeat(70_000),
  `${'\n'.repeat(50_000)}`,
  '2026-99-99T99:99:99+00:00',
  '2026-02-31T00:00:00+00:00',
  '999999-01-01T00:00:00+00:00',
  'infinity',
]

export const text = fc.oneof(
  fc.constantFrom(...evil),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
)

const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -0, -1, 1e300, 1e18, 2 ** 53, 2 ** 63, 5e-324, 1.5),
)

/** Nested as deep as it was asked to be. */
const nested = fc.constantFrom(10, 150, 5000, 200_000).map((depth) => ({ [deep]: depth }))
const deep = '\u0001deep'

/** A value to be put into a document. */
const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 2, arbitrary: number },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], canary) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: nested },
)

interface Change {
  where: number
  what: 'replace' | 'like' | 'remove' | 'twice' | 'rename' | 'spoil'
  value: unknown
  text: string
}

const change: fc.Arbitrary<Change> = fc.record({
  where: fc.nat(),
  what: fc.constantFrom('replace', 'replace', 'like', 'like', 'like', 'like', 'remove', 'twice', 'rename', 'spoil'),
  value,
  text,
})

/** JSON of a document that was right, with some places changed. */
export function changed(document: unknown): fc.Arbitrary<string> {
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    const copy = structuredClone(document)
    for (const one of changes) apply(copy, one)
    return jsonOf(copy)
  })
}

/** A text that was right, with pieces cut out, doubled or put in. */
export function damaged(right: string): fc.Arbitrary<string> {
  return fc
    .array(fc.tuple(fc.nat(), fc.nat(60), fc.oneof(text, fc.constantFrom(canary, '"', '{', '[', '\\', '\n'))), {
      minLength: 1,
      maxLength: 4,
    })
    .map((cuts) =>
      cuts.reduce((whole, [where, length, put]) => {
        const at = where % (whole.length + 1)
        return whole.slice(0, at) + put + whole.slice(at + length)
      }, right),
    )
}

/** Brackets without end, which a parser may follow until its stack is gone. */
export const bottomless = fc
  .tuple(fc.constantFrom('[', '{"a":', '[{"a":', '"'), fc.constantFrom(100, 10_000, 500_000))
  .map(([piece, times]) => piece.repeat(times))

/** Everything that a reader of JSON may meet where a document is expected. */
export function inputFor(document: unknown): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: changed(document) },
    { weight: 3, arbitrary: damaged(JSON.stringify(document)) },
    { weight: 1, arbitrary: text },
    { weight: 1, arbitrary: bottomless },
    { weight: 1, arbitrary: fc.json() },
  )
}

/**
 * Asserts that a reader takes an input or refuses it as a user may see it: exit code 2, one line, no control characters, no
 * secret, in sensible time.
 * @returns what it read; undefined when it refused
 */
export async function takesOrRefuses<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  const start = performance.now()
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof CouldNotVerify)) throw error
    const { message, hint } = explainError(error)
    for (const shown of [error.message, message, error.hint ?? '', hint ?? '']) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      assert.not.match(shown, /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/)
      // A key that is misspelt is named; what it stands for is not.
      const values = shown.replace(/Unrecognized keys?: .*/, '')
      assert.not.ok(values.includes(canary), `the secret is repeated: ${shown}`)
      assert.ok(shown.length < 15_000, 'a line that somebody can read')
      assert.not.match(shown, /^internal error|^\s+at /)
    }
    assert.ok(message.length > 10)
    return undefined
  } finally {
    assert.ok(performance.now() - start < longestMilliseconds, 'it takes too long')
  }
}

/** Every place in a document: an object or array, and a key of it. */
function placesOf(
  node: unknown,
  places: [Record<string, unknown>, string][] = [],
): [Record<string, unknown>, string][] {
  if (typeof node !== 'object' || node === null) return places
  for (const key of Object.keys(node)) {
    places.push([node as Record<string, unknown>, key])
    placesOf((node as Record<string, unknown>)[key], places)
  }
  return places
}

function apply(document: unknown, { where, what, value, text }: Change): void {
  const places = placesOf(document)
  const [node, key] = places[where % places.length] ?? []
  if (node === undefined || key === undefined) return
  const isList = Array.isArray(node)
  if (what === 'replace') node[key] = value
  else if (what === 'like') node[key] = extremeLike(node[key], where)
  else if (what === 'remove' && isList) node.splice(Number(key), 1)
  else if (what === 'remove') delete node[key]
  else if (what === 'twice' && isList) node.push(structuredClone(node[key]))
  else if (what === 'rename' && !isList) {
    node[text] = node[key]
    delete node[key]
  } else if (typeof node[key] === 'string') node[key] = `${node[key]}${canary}${text}`
}

/** Values at the edge of what a place may hold. */
function extremeLike(old: unknown, pick: number): unknown {
  const of = (list: unknown[]) => list[Math.floor(pick / 7) % list.length]
  if (typeof old === 'number') return of([0, -1, 1, 1e18, 1e300, 2 ** 53 - 1, 0.1, 5e-324])
  if (typeof old === 'boolean') return !old
  if (typeof old !== 'string') return of([null, {}, []])
  if (/^-?\d+$/.test(old)) return of(['0', '1000000000000000000', '9'.repeat(19), '9223372036854775807', '-1'])
  if (/^\d{4}-\d{2}-\d{2}T/.test(old)) {
    return of([
      'infinity',
      '-infinity',
      '0001-01-01T00:00:00+00:00',
      '9999-12-31T23:59:59.999999+00:00',
      '294276-12-31T23:59:59.999999+00:00',
      '4713-01-01T00:00:00+00:00 BC',
      '2026-02-29T00:00:00+00:00',
      '2026-02-31T00:00:00+00:00',
      '1970-01-01T00:00:00Z',
    ])
  }
  return of([`${canary}`, 'public."; drop table x --"', "'", '\u001b[31m', '\u0000', 'x'.repeat(100_000)])
}

function jsonOf(document: unknown): string {
  const most = (depth: string) => Math.min(200_000, Number(depth))
  // What is nested too deeply for JSON.stringify is put in afterwards.
  return JSON.stringify(document).replace(
    /\{"\\u0001deep":(\d+)\}/g,
    (_, depth) => '[{"a":'.repeat(most(depth)) + JSON.stringify(canary) + '}]'.repeat(most(depth)),
  )
}
