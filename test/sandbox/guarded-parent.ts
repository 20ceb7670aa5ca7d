// The process that watchdog.test.ts kills. Usage: guarded-parent.ts ROOT serve | begin | release
//   serve    starts two clusters, prints "ready", waits
//   begin    prints "ready" while initdb is at work, waits
//   release  starts a cluster, releases the guard, ends
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findBinaries } from '../../src/sandbox/binaries.ts'
import { createCluster } from '../../src/sandbox/cluster.ts'
import { startWatchdog } from '../../src/sandbox/watchdog.ts'

const [root = '', mode = ''] = process.argv.slice(2)
const watchdog = await startWatchdog(root)
const binaries = await findBinaries()
const start = async (name: string) => {
  const cluster = await createCluster({ binaries, directory: join(root, name), name })
  await cluster.start()
}

if (mode === 'release') {
  await start('one')
  await watchdog.release()
} else {
  const work = mode === 'serve' ? [start('one'), start('one, two')] : [start('one')]
  await (mode === 'serve' ? Promise.all(work) : sleep(150))
  process.stdout.write('ready\n')
  await sleep(60_000)
}
