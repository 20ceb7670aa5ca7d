// One sandbox for the whole run: a production, and a copy of it restored to a point
// in time. Test files get its directories and clone the databases they damage.

import { rm } from 'node:fs/promises'
import { buildSandbox } from '../../src/sandbox/build.ts'
import { makeSandboxRoot } from '../../src/sandbox/ownership.ts'
import { startWatchdog } from '../../src/sandbox/watchdog.ts'
import { Stages } from '../../src/terminal/stages.ts'
import type { GlobalSetup } from '../run.ts'

const setup: GlobalSetup = async () => {
  const root = await makeSandboxRoot()
  const watchdog = await startWatchdog(root)
  const { production, restore } = await buildSandbox(root, new Stages({ quiet: true }))
  const sql = production.connect()
  const [server] = await sql`select current_setting('server_version') as version`
  await sql.end()
  // make test-matrix looks for this line: a run on another version than the asked one must not count.
  console.log(`on PostgreSQL ${server?.['version']}`)
  return {
    env: { PGDRILL_TEST_PRODUCTION: production.directory, PGDRILL_TEST_RESTORE: restore.directory },
    teardown: async () => {
      await Promise.all([production.stop('immediate'), restore.stop('immediate')])
      await rm(root, { recursive: true, force: true })
      await watchdog.release()
    },
  }
}

export default setup
