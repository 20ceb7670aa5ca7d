// The real pgBackRest: a stanza with a full and a diff backup, and a full one of a damaged table, as its own info tells.

import { execFileSync } from 'node:child_process'
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Cluster, createCluster } from '../../src/sandbox/cluster.ts'
import { giveToServer, makeSandboxRoot } from '../../src/sandbox/ownership.ts'
import { runToEnd } from '../../src/sandbox/process.ts'
import { startWatchdog, type Watchdog } from '../../src/sandbox/watchdog.ts'
import { assertCode, Workplace } from '../cli/program.ts'
import { suite } from '../support/suite.ts'
import { findSystemPostgres } from '../support/system-postgres.ts'

const test = suite('the real pgBackRest')

const system = findSystemPostgres()
const tool = (process.env['PATH'] ?? '').split(delimiter).find((directory) => {
  try {
    return execFileSync(join(directory, 'pgbackrest'), ['version'], { encoding: 'utf8' }).startsWith('pgBackRest')
  } catch {
    return false
  }
})
const version =
  system === undefined ? '' : execFileSync(join(system.bin, 'postgres'), ['--version'], { encoding: 'utf8' })
// The pgBackRest of Debian 12 knows PostgreSQL up to 15.
const [, major] = /\(PostgreSQL\) (14|15)\b/.exec(version) ?? []
const needed = tool !== undefined && major !== undefined

test.needs(needed, 'it needs pgbackrest and a PostgreSQL 14 or 15 (Debian: postgresql-15 pgbackrest)')(
  'its full, diff and damaged backups are judged as they are',
  async () => {
    const root = await makeSandboxRoot()
    const watchdog: Watchdog = await startWatchdog(root)
    const place = new Workplace()
    let cluster: Cluster | undefined
    try {
      const binaries = { directory: system?.bin ?? '', major: Number(major), version: `${major}` }
      const conf = join(root, 'pgbackrest.conf')
      const settings = {
        archive_command: `${join(tool ?? '', 'pgbackrest')} --config=${conf} --stanza=main archive-push %p`,
      }
      cluster = await createCluster({ binaries, directory: join(root, 'cluster'), name: 'backed-up', settings })
      for (const name of ['repo', 'log', 'lock', 'spool']) {
        await mkdir(join(root, name))
        await giveToServer(join(root, name))
      }
      writeFileSync(
        conf,
        [
          '[global]',
          `repo1-path=${join(root, 'repo')}`,
          `log-path=${join(root, 'log')}`,
          `lock-path=${join(root, 'lock')}`,
          `spool-path=${join(root, 'spool')}`,
          'repo1-retention-full=9',
          'start-fast=y',
          'compress-level=1',
          'log-level-console=off',
          '[main]',
          `pg1-path=${cluster.data}`,
          `pg1-socket-path=${cluster.socketDirectory}`,
          `pg1-port=${cluster.port}`,
          'pg1-user=postgres',
          '',
        ].join('\n'),
      )
      await chmod(conf, 0o644)
      const pgbackrest = async (...args: string[]) =>
        await runToEnd({ directory: tool ?? '' }, 'pgbackrest', [`--config=${conf}`, '--stanza=main', ...args])
      await cluster.start()
      await pgbackrest('stanza-create')
      await pgbackrest('--type=full', 'backup')
      const server = cluster
      const query = async (text: string) => {
        const sql = server.connect('postgres')
        try {
          return await sql.unsafe(text)
        } finally {
          await sql.end()
        }
      }
      await query('create table t as select g from generate_series(1, 1000) as g')
      await pgbackrest('--type=diff', 'backup')

      const [row] = await query("select pg_relation_filepath('t') as path")
      await query('checkpoint')
      await cluster.stop()
      const file = openSync(join(cluster.data, row?.['path']), 'r+')
      writeSync(file, 'damage', 4000)
      closeSync(file)
      await cluster.start()
      // It warns of the pages and ends well: who looks at its exit code alone sees a good backup.
      await pgbackrest('--type=full', 'backup')

      const { stdout: info } = await pgbackrest('--output=json', 'info')
      const backups: { type: string; error: boolean; timestamp: { stop: number } }[] = JSON.parse(info)[0].backup
      assert.equal(
        backups.map(({ type, error }) => [type, error]),
        [
          ['full', false],
          ['diff', false],
          ['full', true],
        ],
      )
      writeFileSync(place.path('info.json'), info)
      // Now is the end of the last one: no clock is asked.
      const now = new Date((backups.at(-1)?.timestamp.stop ?? 0) * 1000).toISOString()
      const policy = ['--daily', '1', '--weekly', '0', '--monthly', '0', '--format', 'json', '--now', now]
      const fromFile = await place.run(['retention', '-i', 'info.json', ...policy])
      assertCode(fromFile, 0)
      const document = JSON.parse(fromFile.stdout)
      assert.match(
        document.slots.find((slot: { state: string }) => slot.state === 'filled').fillers[0].id,
        /^\d{8}-\d{6}F_\d{8}-\d{6}D$/,
      )
      assert.is(document.actual.usable, 2)
      const found = document.results.find((one: { check_name: string }) => one.check_name === 'backups_usable')
      assert.is(found.status, 'warn')
      assert.match(found.detail, /page checksum errors/)

      const live = await place.run(['retention', '--pgbackrest-stanza', 'main', ...policy], { PGBACKREST_CONFIG: conf })
      assertCode(live, 0)
      assert.equal(JSON.parse(live.stdout).slots, document.slots)
      const absent = await place.run(['retention', '--pgbackrest-stanza', 'other', ...policy], {
        PGBACKREST_CONFIG: conf,
      })
      assertCode(absent, 2)
      assert.match(absent.stderr, /missing stanza path|failed/)
    } finally {
      await cluster?.dropEverything()
      await rm(root, { recursive: true, force: true })
      await watchdog.release()
      place.remove()
    }
  },
)

test.run()
