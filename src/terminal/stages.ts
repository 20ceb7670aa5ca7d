import pc from 'picocolors'
import prettyMilliseconds from 'pretty-ms'
import { plainLine } from './plain-text.ts'

export interface StageTime {
  name: string
  seconds: number
}

/** How often what a stage tells is shown, in milliseconds: on a terminal, and in a log. */
const pauses = { live: 100, log: 10_000 }

/**
 * Runs the stages of a long job, shows on stderr what is being done and how long it took, and keeps the times.
 * On a terminal the running stage is shown too, and what it tells of itself; elsewhere a line at its end, and before
 * that one every ten seconds if it tells something.
 */
export class Stages {
  readonly times: StageTime[] = []
  readonly #stream: NodeJS.WriteStream
  readonly #colors: ReturnType<typeof pc.createColors>
  readonly #isQuiet: boolean
  readonly #now: () => number

  constructor(options: { quiet?: boolean; stream?: NodeJS.WriteStream; now?: () => number } = {}) {
    this.#stream = options.stream ?? process.stderr
    this.#colors = pc.createColors(this.#stream.isTTY === true && pc.isColorSupported)
    this.#isQuiet = options.quiet ?? false
    this.#now = options.now ?? (() => performance.now())
  }

  /** Runs one stage. @param work its value or error is passed on; it may tell how far it is */
  async run<T>(name: string, work: (tell: (text: string) => void) => Promise<T>): Promise<T> {
    const isLive = this.#stream.isTTY === true && !this.#isQuiet
    if (isLive) this.#stream.write(`  ${this.#colors.dim(`… ${name}`)}`)
    const start = this.#now()
    let isDone = false
    try {
      const result = await work(this.#teller(name, start, isLive))
      isDone = true
      return result
    } finally {
      const milliseconds = this.#now() - start
      this.times.push({ name, seconds: Math.round(milliseconds) / 1000 })
      if (!this.#isQuiet) {
        const mark = isDone ? this.#colors.green('✓') : this.#colors.red('✗')
        const line = `  ${mark} ${name} ${this.#colors.dim(prettyMilliseconds(Math.round(milliseconds)))}\n`
        this.#stream.write(isLive ? `\r\u001b[K${line}` : line)
      }
    }
  }
  #teller(name: string, start: number, isLive: boolean): (text: string) => void {
    if (this.#isQuiet) return () => {}
    let shownAt = isLive ? Number.NEGATIVE_INFINITY : start
    return (text) => {
      if (this.#now() - shownAt < (isLive ? pauses.live : pauses.log)) return
      shownAt = this.#now()
      const line = `… ${name}: ${plainLine(text)}`
      // A line that wraps could not be taken back.
      const width = Math.max(20, (this.#stream.columns || 80) - 3)
      if (isLive) this.#stream.write(`\r\u001b[K  ${this.#colors.dim(line.slice(0, width))}`)
      else this.#stream.write(`  ${line}\n`)
    }
  }
}
