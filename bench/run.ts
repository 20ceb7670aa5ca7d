// node --import tsx bench/run.ts [--size ROWS] [--runs N] [--seed N] [--objects N] [--relations N] [--only NAME] [--dir DIR] [--out FILE]
//
// Exit code 0: every ratio within its limit; 1: one beyond it, one that failed or could not be measured here, or none
// measured; 2: wrong options.

import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runAll, table, writeResults } from './harness.ts'

function readOptions() {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '5000000' },
      runs: { type: 'string', default: '7' },
      seed: { type: 'string', default: '1' },
      objects: { type: 'string', default: '10000' },
      relations: { type: 'string', default: '1' },
      only: { type: 'string' },
      dir: { type: 'string', default: fileURLToPath(new URL('.', import.meta.url)) },
      out: { type: 'string', default: fileURLToPath(new URL('../build/bench.json', import.meta.url)) },
    },
  })
  const whole = (name: 'size' | 'runs' | 'seed' | 'objects' | 'relations'): number => {
    const number = Number(values[name])
    if (!Number.isSafeInteger(number) || number < 1) {
      throw new Error(`--${name} must be a whole number from 1 on: ${values[name]}`)
    }
    return number
  }
  return {
    ...values,
    size: whole('size'),
    runs: whole('runs'),
    seed: whole('seed'),
    objects: whole('objects'),
    relations: whole('relations'),
  }
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>
  try {
    options = readOptions()
  } catch (thrown) {
    console.error(thrown instanceof Error ? thrown.message : thrown)
    return 2
  }
  const { size, runs, seed, objects, relations, only, dir, out } = options
  const progress = (text: string) => console.error(text)
  const results = await runAll(dir, { size, runs, seed, objects, relations }, { only, progress })
  writeResults(out, results)
  if (results.length === 0) {
    console.error(only === undefined ? `no measurement in ${dir}` : `no measurement is named ${only}`)
    return 1
  }
  console.log(table(results))
  return results.every(({ ok }) => ok) ? 0 : 1
}

process.exitCode = await main()
