// JSON from outside, of any size and shape. One pass over the text looks at its structure before anything is built; long lists
// are then taken apart one entry at a time, so that a hundred thousand backups fit into little memory.

import { CouldNotVerify } from '../could-not-verify.ts'

const deepest = 64
/** A list with more entries than this is read one by one. */
const longList = 500
/** Backups stand in lists at most this deep: a list of stanzas, each an object, with a list. */
const deepestList = 3
/** As many digits as a number of JavaScript holds for certain. */
const exactDigits = 15

/** A list of many entries that are still text. */
export class LongList {
  readonly #text: string
  readonly #bounds: readonly number[]
  readonly #origin: string

  constructor(text: string, bounds: readonly number[], origin: string) {
    this.#text = text
    this.#bounds = bounds
    this.#origin = origin
  }

  get length(): number {
    return this.#bounds.length / 2
  }

  *[Symbol.iterator](): Generator<unknown, void> {
    for (let index = 0; index < this.#bounds.length; index += 2) {
      yield parseExactly(this.#text.slice(this.#bounds[index], this.#bounds[index + 1]), this.#origin)
    }
  }
}

/** Whether something is a list: an array, or one of many entries. */
export function isList(value: unknown): value is unknown[] | LongList {
  return Array.isArray(value) || value instanceof LongList
}

/**
 * Parses JSON. Whole numbers of more than 15 digits become text, as a number would round them: identifiers, LSNs and sizes stay
 * what they were. Long lists become a LongList.
 * @param origin what it is called in messages
 * @param mostEntries no list may have more
 * @throws CouldNotVerify when it is cut off, no JSON, nested too deeply or too large
 */
export function parseJsonText(text: string, origin: string, mostEntries: number): unknown {
  const lists = longLists(text, origin, mostEntries)
  const start = text.startsWith('\uFEFF') ? 1 : 0
  if (lists.length === 0) return parseExactly(text.slice(start), origin)
  const pieces: string[] = []
  let copied = start
  lists.forEach(({ from, until }, index) => {
    pieces.push(text.slice(copied, from), `{${JSON.stringify(placeholder)}:${index}}`)
    copied = until
  })
  pieces.push(text.slice(copied))
  const outline = quoteLongNumbers(pieces.join(''))
  return parseOrRefuse(outline, origin, (_, value) => {
    const index = (value as Record<string, unknown> | null)?.[placeholder]
    const list = typeof index === 'number' ? lists[index] : undefined
    return list === undefined ? value : new LongList(text, list.bounds, origin)
  })
}

const placeholder = '\u0001pgdrill-list'

function parseExactly(text: string, origin: string): unknown {
  return parseOrRefuse(quoteLongNumbers(text), origin)
}

function parseOrRefuse(text: string, origin: string, revive?: (key: string, value: unknown) => unknown): unknown {
  try {
    return JSON.parse(text, revive)
  } catch (error) {
    throw notJson(origin, reasonOf(error))
  }
}

/** What is wrong, without the piece of the text that V8 quotes. */
function reasonOf(error: unknown): string {
  return (error as Error).message.replace(/,? ?(\.\.\.)?".*$/s, '').replace(/ in JSON at position/, ' at position')
}

function notJson(origin: string, why: string): CouldNotVerify {
  return new CouldNotVerify(`${origin} is not JSON, or is cut off: ${why}`, 'Write the listing anew, and whole.')
}

interface FoundList {
  from: number
  until: number
  /** Start and end of each entry. */
  bounds: number[]
}

/** The lists that are read one by one, in the order of the text; none lies in another. */
function longLists(text: string, origin: string, mostEntries: number): FoundList[] {
  const found: FoundList[] = []
  const open: (FoundList | null)[] = []
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === 34) index = endOfText(text, index, origin)
    else if (code === 123) enter(null)
    else if (code === 91) enter({ from: index, until: 0, bounds: open.length < deepestList ? [index + 1] : [] })
    else if (code === 44) {
      const list = open.at(-1)
      if (list == null || list.bounds.length === 0) continue
      list.bounds.push(index, index + 1)
      if (list.bounds.length / 2 > mostEntries) {
        throw tooMuch(origin, `it has a list of more than ${mostEntries} entries`)
      }
    } else if (code === 125 || code === 93) {
      const list = open.pop()
      if (list != null && list.bounds.length > 2 * longList) {
        list.bounds.push(index)
        list.until = index + 1
        while ((found.at(-1)?.from ?? -1) > list.from) found.pop()
        found.push(list)
      }
    }
  }
  if (open.length > 0) throw notJson(origin, 'it ends before it is closed')
  return found

  function enter(list: FoundList | null): void {
    if (open.length === deepest) throw tooMuch(origin, `it is nested more than ${deepest} deep`)
    open.push(list)
  }
}

function tooMuch(origin: string, why: string): CouldNotVerify {
  return new CouldNotVerify(`${origin} is no inventory: ${why}`, 'Give the listing of the backup tool, as it wrote it.')
}

function endOfText(text: string, start: number, origin: string): number {
  for (let index = start; ; ) {
    const end = text.indexOf('"', index + 1)
    if (end === -1) throw notJson(origin, 'it ends inside a text')
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === 92) backslashes += 1
    if (backslashes % 2 === 0) return end
    index = end
  }
}

/** Puts quotes around whole numbers that are too long, outside texts. The text is known to be balanced. */
function quoteLongNumbers(text: string): string {
  if (!/\d{16}/.test(text)) return text
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    token.length > exactDigits && token[0] !== '"' && /^-?\d{16,}$/.test(token) ? `"${token}"` : token,
  )
}
