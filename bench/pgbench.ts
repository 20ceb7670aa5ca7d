// An application beside other work: pgbench held at half of what it could do, alone and with that work in a loop.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findSystemPostgres } from '../test/support/system-postgres.ts'
import { median } from './harness.ts'

const seconds = 10
const rounds = 3
// The default script writes into one of ten rows each time. A capture's snapshot keeps their old versions while it lasts, as
// that of pg_dump does, and what is measured then is ten rows, not a capture.
const clients = ['--builtin=simple-update', '--client=4', '--jobs=2', '--protocol=prepared', '--no-vacuum']

/** The program; undefined when this machine has none. */
export function findPgbench(): string | undefined {
  const program = join(findSystemPostgres()?.bin ?? '', 'pgbench')
  return existsSync(program) ? program : undefined
}

export interface Beside {
  /** Transactions per second without a limit, and the half of that which was asked for. */
  fullRate: number
  askedRate: number
  alone: Reached
  besideSubject: Reached
  besideFloor: Reached
}

export interface Reached {
  /** Transactions per second. */
  rate: number
  /** 95th percentile in milliseconds, from the moment at which a transaction was due. */
  latency: number
}

/**
 * Runs pgbench alone, beside what is measured and beside the least that keeps one processor busy, in turns, three times ten
 * seconds each; gives medians.
 * @param url of an empty database of its own
 * @param subject is run again and again meanwhile, as is floor
 */
export async function runBeside(
  program: string,
  url: string,
  directory: string,
  { subject, floor }: { subject: () => Promise<unknown>; floor: () => Promise<unknown> },
): Promise<Beside> {
  await run(program, ['--initialize', '--quiet', '--scale=10', url])
  await run(program, [...clients, '--time=3', url])
  const fullRate = rateIn(await run(program, [...clients, `--time=${seconds}`, url]))
  const askedRate = Math.floor(fullRate / 2)
  const logs = join(directory, 'pgbench')
  const held = async (): Promise<Reached> => {
    rmSync(logs, { recursive: true, force: true })
    mkdirSync(logs)
    const options = [`--rate=${askedRate}`, `--time=${seconds}`, '--log', `--log-prefix=${join(logs, 'log')}`]
    const rate = rateIn(await run(program, [...clients, ...options, url]))
    return { rate, latency: percentile95(logs) }
  }
  const heldBeside = async (work: () => Promise<unknown>): Promise<Reached> => {
    let isOver = false
    const working = (async () => {
      while (!isOver) await work()
    })()
    // Its failure is seen when it is awaited.
    working.catch(() => {})
    try {
      return await held()
    } finally {
      isOver = true
      await working
    }
  }
  const alone: Reached[] = []
  const besideSubject: Reached[] = []
  const besideFloor: Reached[] = []
  for (let round = 0; round < rounds; round += 1) {
    alone.push(await held())
    besideSubject.push(await heldBeside(subject))
    besideFloor.push(await heldBeside(floor))
  }
  const middle = (all: Reached[]): Reached => ({
    rate: median(all.map(({ rate }) => rate)),
    latency: median(all.map(({ latency }) => latency)),
  })
  return {
    fullRate,
    askedRate,
    alone: middle(alone),
    besideSubject: middle(besideSubject),
    besideFloor: middle(besideFloor),
  }
}

async function run(program: string, args: string[]): Promise<string> {
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let [output, errors] = ['', '']
    child.stdout.on('data', (data) => {
      output += data
    })
    child.stderr.on('data', (data) => {
      errors += data
    })
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`pgbench: exit code ${code}: ${errors.trim()}`)),
    )
  })
}

function rateIn(output: string): number {
  const rate = Number(/^tps = ([\d.]+)/m.exec(output)?.[1])
  if (!(rate > 0)) throw new Error(`pgbench tells no rate: ${output}`)
  return rate
}

/** Of the logs of all threads; the third field is the latency in microseconds. */
function percentile95(directory: string): number {
  const latencies = readdirSync(directory)
    .flatMap((file) => readFileSync(join(directory, file), 'utf8').trim().split('\n'))
    .map((line) => Number(line.split(' ')[2]))
    .sort((a, b) => a - b)
  const latency = latencies[Math.floor(latencies.length * 0.95)]
  if (latency === undefined || !(latency > 0)) throw new Error('pgbench logged no transactions')
  return latency / 1000
}
