// How far a measurement is, in words.

/** A part of the work; its size decides which share of all it is. */
export interface Step {
  /** What is said of it: the relation. */
  label: string
  bytes: number
  /** An estimate; null when unknown. */
  rows: number | null
}

/** Keeps what is done of some steps. Shares are of bytes: those are known, rows are estimated. */
export class Progress {
  readonly #steps: readonly Step[]
  readonly #now: () => number
  readonly #running = new Set<Step>()
  readonly #done = new Set<Step>()
  readonly #counted = new Map<string, number>()
  readonly #startedAt: number
  #finishedAt = 0

  constructor(steps: readonly Step[], now: () => number = () => performance.now()) {
    this.#steps = steps
    this.#now = now
    this.#startedAt = now()
  }

  begin(step: Step): void {
    this.#running.add(step)
  }

  /** @param rows that were counted */
  end(step: Step, rows: number): void {
    this.#running.delete(step)
    this.#done.add(step)
    this.#counted.set(step.label, (this.#counted.get(step.label) ?? 0) + rows)
    this.#finishedAt = this.#now()
  }

  /** Such as "public.events: 3.1 of 5.0 M rows, 62 % of all, 4 s left"; of the step that runs for longest. */
  text(): string {
    const [step] = this.#running
    const { label } = step ?? { label: undefined }
    const parts = [...(label === undefined ? [] : [this.#rows(label)]), `${Math.floor(this.#share() * 100)} % of all`]
    const left = this.#secondsLeft()
    if (left !== null) parts.push(`${duration(left)} left`)
    return `${label === undefined ? '' : `${label}: `}${parts.filter((part) => part !== '').join(', ')}`
  }

  #rows(label: string): string {
    const steps = this.#steps.filter((step) => step.label === label)
    const done = this.#counted.get(label) ?? 0
    const estimates = steps.map(({ rows }) => rows)
    if (!estimates.every((rows) => rows !== null)) return done === 0 ? '' : `${rowCount(done, done)} rows`
    // An estimate that turns out too low is no reason to speak of more than all.
    const all = Math.max(
      done,
      estimates.reduce((sum, rows) => sum + rows, 0),
    )
    return `${rowNumber(done, all)} of ${rowCount(all, all)} rows`
  }

  #share(): number {
    const size = (steps: Iterable<Step>) => [...steps].reduce((sum, step) => sum + step.bytes, 0)
    const all = size(this.#steps)
    if (all === 0) return this.#steps.length === 0 ? 1 : this.#done.size / this.#steps.length
    return size(this.#done) / all
  }

  /** Null while nothing is done: there is no speed yet. */
  #secondsLeft(): number | null {
    const share = this.#share()
    if (share === 0 || share === 1) return null
    const whole = (this.#finishedAt - this.#startedAt) / share
    const left = whole - (this.#now() - this.#startedAt)
    // Late already: nobody knows, but it is not over.
    return Math.max(1, Math.ceil(left / 1000))
  }
}

/** In the unit of the larger one, which says it: 3.1 of 5.0 M. */
function rowNumber(rows: number, largest: number): string {
  if (largest >= 1e6) return (rows / 1e6).toFixed(1)
  return largest >= 1e4 ? Math.round(rows / 1e3).toString() : rows.toString()
}

function rowCount(rows: number, largest: number): string {
  return `${rowNumber(rows, largest)}${largest >= 1e6 ? ' M' : largest >= 1e4 ? ' k' : ''}`
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
