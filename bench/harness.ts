// Measures how much dearer something is than the least that it could cost. A ratio of two medians taken in alternation on
// the same machine in the same minute says the same on a slow machine and a fast one, which seconds do not. What is no time,
// such as memory, is read and held against its limit.

import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface BenchContext {
  /** Rows of the data that a bench file builds for itself. */
  size: number
  runs: number
  /** How many objects the large catalog has at least. */
  objects: number
  /** How many of its tables are critical relations. */
  relations: number
  /** For whatever is random in that data: the same seed gives the same data. */
  seed: number
}

/** Two things of which the times are compared. */
export interface Comparison {
  name: string
  /** The highest ratio of subject to floor that is accepted. */
  limit: number
  /** The least that it could cost, such as a bare count(*). */
  floor: () => unknown
  subject: () => unknown
  /** Said beside the times, such as the size of what was measured, or what follows from the ratio. */
  detail?: string | ((ratio: number) => string)
}

/** A number that is no time. */
export interface Reading {
  name: string
  /** The highest value that is accepted. */
  limit: number
  read: () => number | Promise<number>
  /** What the number counts, and of what. */
  detail: string
}

/** What cannot be measured on this machine. It has not passed. */
export interface NotDone {
  name: string
  limit: number
  /** What is missing here. */
  missing: string
}

export type Measurement = Comparison | Reading | NotDone

/** What a bench/*.bench.ts file exports by default. */
export type Bench = (
  context: BenchContext,
) => Promise<{ measurements: Measurement[]; teardown?: () => Promise<void> | void }>

export interface Result {
  name: string
  /** What is held against the limit: the ratio, or what was read. Null where the measurement failed or was not done. */
  ratio: number | null
  limit: number | null
  ok: boolean
  detail: string
}

const message = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown))

function failure(name: string, limit: number | null, thrown: unknown): Result {
  return { name, ratio: null, limit, ok: false, detail: `failed: ${message(thrown)}` }
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

async function milliseconds(action: () => unknown): Promise<number> {
  const start = performance.now()
  await action()
  return performance.now() - start
}

export async function measure(measurement: Measurement, runs: number): Promise<Result> {
  if ('missing' in measurement) {
    const { name, limit, missing } = measurement
    return { name, ratio: null, limit, ok: false, detail: `not done: ${missing}` }
  }
  return await ('read' in measurement ? read(measurement) : compare(measurement, runs))
}

async function read({ name, limit, read, detail }: Reading): Promise<Result> {
  try {
    if (!(limit > 0)) throw new Error(`the limit must be above 0, not ${limit}`)
    const value = await read()
    if (!(value > 0) || !Number.isFinite(value)) throw new Error(`what was read is no measurement: ${value}`)
    return { name, ratio: Math.round(value * 1000) / 1000, limit, ok: value <= limit, detail }
  } catch (thrown) {
    return failure(name, limit, thrown)
  }
}

async function compare({ name, limit, floor, subject, detail }: Comparison, runs: number): Promise<Result> {
  const floors: number[] = []
  const subjects: number[] = []
  try {
    if (!(limit > 0)) throw new Error(`the limit must be above 0, not ${limit}`)
    await floor()
    await subject()
    // In turns, so that a machine that gets slower in the meantime slows both.
    for (let run = 0; run < runs; run++) {
      floors.push(await milliseconds(floor))
      subjects.push(await milliseconds(subject))
    }
    const ratio = median(subjects) / median(floors)
    if (!Number.isFinite(ratio)) throw new Error('the floor took no time at all')
    const times = `${median(subjects).toFixed(1)} ms against ${median(floors).toFixed(1)} ms, median of ${runs}`
    return {
      name,
      ratio: Math.round(ratio * 1000) / 1000,
      limit,
      ok: ratio <= limit,
      detail: detail === undefined ? times : `${typeof detail === 'string' ? detail : detail(ratio)}; ${times}`,
    }
  } catch (thrown) {
    return failure(name, limit, thrown)
  }
}

/** Runs every bench file of a directory. `only` names one measurement, or one file without its ending. */
export async function runAll(
  directory: string,
  context: BenchContext,
  options: { only?: string | undefined; progress?: (text: string) => void } = {},
): Promise<Result[]> {
  const { only, progress = () => {} } = options
  const all = readdirSync(directory)
    .filter((file) => file.endsWith('.bench.ts'))
    .sort()
  const title = (file: string) => basename(file, '.bench.ts')
  // Where `only` names a file, no other file has to build its data.
  const files = all.some((file) => title(file) === only) ? all.filter((file) => title(file) === only) : all
  const results: Result[] = []

  for (const file of files) {
    let teardown: (() => Promise<void> | void) | undefined
    try {
      const { default: bench }: { default: Bench } = await import(pathToFileURL(join(directory, file)).href)
      progress(`preparing ${title(file)}`)
      const prepared = await bench(context)
      teardown = prepared.teardown
      for (const measurement of prepared.measurements) {
        if (only !== undefined && only !== title(file) && only !== measurement.name) continue
        if (results.some(({ name }) => name === measurement.name)) {
          throw new Error(`two measurements are named ${measurement.name}`)
        }
        progress(`measuring ${measurement.name}`)
        results.push(await measure(measurement, context.runs))
      }
      if (prepared.measurements.length === 0) throw new Error('has no measurement')
    } catch (thrown) {
      results.push(failure(file, null, thrown))
    } finally {
      try {
        await teardown?.()
      } catch (thrown) {
        results.push(failure(`${file}: teardown`, null, thrown))
      }
    }
  }
  return results
}

export function table(results: Result[]): string {
  const rows = results.map(({ name, ratio, limit, ok, detail }) => [
    ok ? 'ok' : 'FAIL',
    name,
    ratio?.toFixed(2) ?? '-',
    limit?.toFixed(2) ?? '-',
    detail,
  ])
  const lines = [['', 'measurement', 'ratio', 'limit', ''], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const cell = (text: string, column: number) =>
    column < 2 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)
  return lines.map((line) => line.map(cell).join('  ').trimEnd()).join('\n')
}

/** Beside it first, then renamed: who reads the file never sees half of it, and a killed run leaves the old one. */
export function writeResults(file: string, results: Result[]): void {
  mkdirSync(dirname(file), { recursive: true })
  const beside = `${file}.${process.pid}`
  writeFileSync(beside, `${JSON.stringify(results, null, 2)}\n`)
  renameSync(beside, file)
}
