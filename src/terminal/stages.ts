import pc from 'picocolors'
import prettyMilliseconds from 'pretty-ms'

export interface StageTime {
  name: string
  seconds: number
}

/**
 * Runs the stages of a long job, shows on stderr what is being done and how long it took, and keeps the times.
 * On a terminal the running stage is shown too; elsewhere only a line at its end.
 */
export class Stages {
  readonly times: StageTime[] = []
  readonly #stream: NodeJS.WriteStream
  readonly #colors: ReturnType<typeof pc.createColors>
  readonly #isQuiet: boolean

  constructor(options: { quiet?: boolean; stream?: NodeJS.WriteStream } = {}) {
    this.#stream = options.stream ?? process.stderr
    this.#colors = pc.createColors(this.#stream.isTTY === true && pc.isColorSupported)
    this.#isQuiet = options.quiet ?? false
  }

  /** Runs one stage. @param work its value or error is passed on */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const isLive = this.#stream.isTTY === true && !this.#isQuiet
    if (isLive) this.#stream.write(`  ${this.#colors.dim(`… ${name}`)}`)
    const start = performance.now()
    let isDone = false
    try {
      const result = await work()
      isDone = true
      return result
    } finally {
      const milliseconds = performance.now() - start
      this.times.push({ name, seconds: Math.round(milliseconds) / 1000 })
      if (!this.#isQuiet) {
        const mark = isDone ? this.#colors.green('✓') : this.#colors.red('✗')
        const line = `  ${mark} ${name} ${this.#colors.dim(prettyMilliseconds(Math.round(milliseconds)))}\n`
        this.#stream.write(isLive ? `\r\u001b[K${line}` : line)
      }
    }
  }
}
