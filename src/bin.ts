#!/usr/bin/env node
import { runCli } from './cli.ts'
import { handInterruption } from './interruption.ts'

// A reader that has seen enough (| head) must not turn a verdict into a crash.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return
  process.stderr.write(`pgdrill: the result cannot be written: ${error.message}\n`)
  process.exit(2)
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (handInterruption(signal)) return
    // What runs in a database ends with its connection, and a throw-away sandbox is removed by its watchdog.
    process.stderr.write(`\npgdrill: interrupted by ${signal}: nothing was decided\n`)
    process.exit(2)
  })
}

process.exitCode = await runCli(process.argv.slice(2))
