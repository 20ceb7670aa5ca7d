// Listings of plain dumps: CSV (name,time,size) and JSON ([{"name","time","size"}]).

import { CsvError, parse } from 'csv-parse/sync'
import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import { type HeldBackup, plainBackup } from '../rules/backups-held.ts'
import { byteCount, checked, checkedEntries, name } from './checked.ts'
import { partialName, unfinished } from './dump-folder.ts'
import { type Inventory, type InventoryFormat, mostBackups } from './inventory.ts'
import { isList } from './json-text.ts'
import { listedMoment } from './moment.ts'

/** Where columns stand in a CSV: in this order, unless the first line names them. */
const columns = ['name', 'time', 'size']

/**
 * A CSV of name, time and size. A first line with these names may order them otherwise; without one they come in this order.
 * @param label what the source is called
 */
export function readCsv(text: string, origin: string, label: string): Inventory[] {
  const source = `csv ${label}`
  const reader = new ListingReader(source, origin)
  let places: Record<string, number> | undefined
  // One by one: the cells of many lines would need much memory.
  parseCsv(text, origin, (cells, line) => {
    if (places === undefined) {
      const head = cells.map((cell) => cell.trim().toLowerCase())
      const hasHead = head.includes('name') && head.includes('time')
      const place = (column: string) => (hasHead ? head.indexOf(column) : columns.indexOf(column))
      places = Object.fromEntries(columns.map((column) => [column, place(column)]))
      if (hasHead) return
      if (listedMoment(head[1] ?? '') === undefined) {
        throw new CouldNotVerify(
          `${origin}, line ${line}: the second column is no time`,
          'Write name,time,size in each line, the time as 2026-11-23T04:30:00Z; or name the columns in the first line.',
        )
      }
    }
    const cell = (column: string) => cells[places?.[column] ?? -1]?.trim() ?? ''
    const size = cell('size')
    if (size !== '' && !/^\d{1,30}$/.test(size)) {
      throw new CouldNotVerify(
        `${origin}, line ${line}: the size is no number of bytes`,
        'Write the size in bytes, or leave it empty.',
      )
    }
    reader.add(cell('name'), cell('time'), size === '' ? null : size, `line ${line}`)
  })
  return [reader.inventory('csv', null)]
}

function parseCsv(text: string, origin: string, use: (cells: string[], line: number) => void): void {
  // Cheaper than to find out in the middle.
  let lines = 0
  for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) lines += 1
  if (lines > mostBackups + 1) {
    throw new CouldNotVerify(`${origin} has more than ${mostBackups} lines`, 'Give fewer backups at a time.')
  }
  try {
    parse(text, {
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      max_record_size: 10_000,
      on_record: (cells: string[], { lines }) => {
        use(cells, lines)
        return null
      },
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new CouldNotVerify(
      `${origin} is not CSV, or is cut off (${error.code})`,
      'Write the listing anew, and whole.',
    )
  }
}

const entry = z.object({ name, time: z.union([z.string(), z.int().transform(String)]), size: byteCount.nullish() })

const withWindow = z.object({
  backups: z.unknown(),
  /** A window of point-in-time recovery. */
  window: z.object({ from: z.string(), until: z.string() }).nullish(),
})

/** JSON of the same: a list, or an object with `backups` and a `window` of point-in-time recovery. */
export function readPlainJson(value: unknown, origin: string, label: string): Inventory[] {
  const tool = 'a listing in JSON'
  const { backups, window = null } = isList(value) ? { backups: value } : checked(withWindow, value, origin, tool)
  const reader = new ListingReader(`json ${label}`, origin)
  const place = isList(value) ? 'the document' : 'backups'
  checkedEntries(entry, backups, origin, tool, place, ({ name, time, size = null }, index) =>
    reader.add(name, time, size, `entry ${index}`),
  )
  return [reader.inventory('json', window === null ? null : boundsOf(window, origin))]
}

function boundsOf(window: { from: string; until: string }, origin: string): { from: string; until: string } {
  const [from, until] = [momentOf(window.from), momentOf(window.until)]
  if (from !== undefined && until !== undefined && from <= until) return { from, until }
  throw new CouldNotVerify(`${origin}: window.from and window.until are no moments in this order`, zoneHint)
}

const zoneHint = 'Write times as 2026-11-23T04:30:00Z.'
const momentOf = (text: string) => listedMoment(text)?.at

/** Gathers the entries of a listing. */
class ListingReader {
  readonly #source: string
  readonly #origin: string
  readonly #backups: HeldBackup[] = []
  #isZoneAssumed = false

  constructor(source: string, origin: string) {
    this.#source = source
    this.#origin = origin
  }

  /** @param size in bytes, decimal @param place such as "line 3" @throws CouldNotVerify */
  add(name: string, time: string, size: string | null, place: string): void {
    if (name === '')
      throw new CouldNotVerify(`${this.#origin}, ${place}: there is no name`, 'Give each backup its name.')
    const moment = listedMoment(time)
    if (moment === undefined) {
      throw new CouldNotVerify(`${this.#origin}, ${place}: the time cannot be read`, zoneHint)
    }
    this.#isZoneAssumed ||= moment.isZoneAssumed
    const isEmpty = size !== null && /^0+$/.test(size)
    const unusable = isEmpty ? 'it is empty (0 bytes)' : partialName.test(name) ? unfinished.reason : null
    this.#backups.push({
      ...plainBackup,
      source: this.#source,
      id: name,
      kind: 'logical',
      finished_at: moment.at,
      bytes: size === null ? null : BigInt(size).toString(),
      usable: unusable === null ? 'yes' : 'no',
      reason: unusable,
    })
  }

  inventory(format: InventoryFormat, window: Inventory['window']): Inventory {
    const remarks = this.#isZoneAssumed ? [`${this.#source}: times without a time zone were taken as UTC`] : []
    return { source: this.#source, format, backups: this.#backups, keeps_days: null, window, remarks }
  }
}
