// Two definitions as people read them: only what changed, and never more than fits on a screen.

import { createHash } from 'node:crypto'
import { diffArrays } from 'diff'

const LONGEST_LINE = 240
const MOST_LINES = 20
const LONGEST_VALUE = 4000
/** Beyond this many changed lines a comparison of all with all would take minutes; nobody reads it either. */
const MOST_EDITS = 400

/** Only the lines that changed, with - for production and + for the copy; long ones cut around the change. */
export function describeDifference(expected: string, actual: string): string {
  const removed: string[] = []
  const added: string[] = []
  const parts = changedParts(expected.split('\n'), actual.split('\n'))
  const lines = parts.flatMap((part) => {
    const [before, after] = [part.removed.filter(isText), part.added.filter(isText)]
    removed.push(...before)
    added.push(...after)
    // The first of each, the second of each: that is what changed into what, as far as anybody can tell.
    return [
      ...before.map((line, at) => `- ${cut(line, after[at])}`),
      ...after.map((line, at) => `+ ${cut(line, before[at])}`),
    ]
  })
  if (lines.length === 0) return 'only in empty lines or blanks at the ends of lines'
  const rest = lines.length - MOST_LINES
  if (rest <= 1) return lines.join('; ')
  // Some of both sides, even when one of them alone is too long.
  const half = MOST_LINES / 2
  const shown = lines.filter((line) => line.startsWith('-')).slice(0, Math.max(half, MOST_LINES - added.length))
  const other = lines.filter((line) => line.startsWith('+')).slice(0, MOST_LINES - shown.length)
  const kept = new Set([...shown, ...other])
  return `${lines
    .filter((line) => kept.has(line))
    .slice(0, MOST_LINES)
    .join('; ')}; and ${rest} more changed lines (${removed.length} in production, ${added.length} in the copy)`
}

/** A definition as a result may carry it: whole, or its beginning and what tells it from another. */
export function boundedValue(definition: string): string {
  if (definition.length <= LONGEST_VALUE) return definition
  const hash = createHash('sha256').update(definition).digest('hex').slice(0, 12)
  return `${wellFormed(definition.slice(0, LONGEST_VALUE))} (and ${definition.length - LONGEST_VALUE} more characters, sha256 of all ${hash})`
}

interface Part {
  removed: string[]
  added: string[]
}

function changedParts(before: string[], after: string[]): Part[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1
  let end = 0
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end += 1
  const removed = before.slice(start, before.length - end)
  const added = after.slice(start, after.length - end)
  const changes = diffArrays(removed, added, { maxEditLength: MOST_EDITS })
  if (changes === undefined) return [{ removed, added }]
  const parts: Part[] = []
  let open: Part | undefined
  for (const change of changes) {
    if (!change.added && !change.removed) {
      open = undefined
      continue
    }
    if (open === undefined) {
      open = { removed: [], added: [] }
      parts.push(open)
    }
    open[change.removed ? 'removed' : 'added'].push(...change.value)
  }
  return parts
}

function isText(line: string): boolean {
  return line.trim() !== ''
}

/** Around where it begins to differ from its counterpart. */
function cut(line: string, counterpart: string | undefined): string {
  const text = line.trim()
  if (text.length <= LONGEST_LINE) return text
  const other = counterpart?.trim() ?? ''
  let same = 0
  while (same < text.length && same < other.length && text[same] === other[same]) same += 1
  const start = same < LONGEST_LINE / 2 || other === '' ? 0 : Math.min(same - 40, text.length - LONGEST_LINE)
  const end = start + LONGEST_LINE
  return [
    start > 0 ? `(${start} characters cut) ` : '',
    wellFormed(text.slice(start, end)),
    end < text.length ? ` (${text.length - end} characters cut)` : '',
  ].join('')
}

/** A cut may go through a character that JavaScript holds in two halves. */
function wellFormed(text: string): string {
  return text.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '')
}
