// A backup of an older server restored into a newer one verifies at full depth, and damage is seen there as anywhere.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { sandboxDatabase } from '../../src/sandbox/build.ts'
import { assertCode, Workplace } from '../cli/program.ts'
import { startChosenProduction, startChosenSmallProduction, system } from '../dump/own-production.ts'
import { availableMajors, choosing, makeRoles, withServer } from '../support/other-servers.ts'
import { suite } from '../support/suite.ts'

const test = suite('cross-major')
const majors = await availableMajors(14, 15, 17, 18)
const files = mkdtempSync(join(tmpdir(), 'pgdrill-cross-major-'))
const place = new Workplace()
test.after(() => {
  rmSync(files, { recursive: true })
  place.remove()
})

/** What is known to look different on the other server. */
const extras = [
  'create role reporting',
  'alter default privileges in schema public grant all on tables to reporting',
  'create view public.one_relation as select id, upper(status) as status from public.calls where status is not null',
  'create publication changes for table public.calls',
  "create collation public.german (provider = icu, locale = 'de-DE')",
  'create table public.notes (id integer primary key, note text collate public.german not null)',
  'create index notes_note on public.notes (note)',
  'grant all on all tables in schema public to reporting',
]

interface Row {
  check_name: string
  object_name: string | null
  status: string
  detail: string
}

const lines = (rows: Row[]) =>
  rows.map(({ status, check_name, object_name, detail }) => `${status} ${check_name} ${object_name}: ${detail}`)

// The whole application once, a small one for the others: it is the same comparison.
for (const [from, to, start] of [
  [14, 18, startChosenProduction],
  [14, 17, startChosenSmallProduction],
  [15, 18, startChosenSmallProduction],
] as const) {
  const has = system !== undefined && majors.has(from) && majors.has(to)
  test.needs(has, `needs pg_dump, and PostgreSQL ${from} and ${to}: make postgres PG=${from}, PG=${to}`)(
    `a backup of ${from} restored into ${to} verifies at full depth; damage fails`,
    async () => {
      const production = await choosing({ major: from }, () => start(...extras))
      try {
        const backup = join(files, `${from}-${to}`)
        assertCode(await place.run(['backup', '--target', 'production', '--out', backup], production.env()), 0)
        await withServer({ major: to }, async (newer) => {
          await makeRoles(newer, readFileSync(join(backup, 'globals.sql'), 'utf8'))
          await newer.createDatabase(sandboxDatabase)
          const env = { ...production.env(), RESTORE_DATABASE_URL: newer.cluster.url(sandboxDatabase) }
          const restored = await place.run(['restore', '--from', backup, '--target', 'restore'], env)
          assertCode(restored, 0)
          const baseline = join(backup, 'baseline.json')
          const ask = `verify --target restore --depth full --format json --no-proof --baseline ${baseline}`.split(' ')
          const good = await place.run(ask, env)
          assert.is.not(good.code, 2, good.stderr)
          const rows: Row[] = JSON.parse(good.stdout).results
          // The plan's function asks for all of OpsMantik's guards, which the small application does not have.
          const findings = rows.filter(
            (row) => !['pass', 'skip'].includes(row.status) && row.check_name !== 'guard_rpc',
          )
          assert.equal(lines(findings), [])
          if (start === startChosenProduction) assertCode(good, 0)
          const fingerprints = rows.filter((row) => row.check_name === 'fingerprints' && !/is secret/.test(row.detail))
          assert.equal(lines(fingerprints.filter((row) => row.status !== 'pass')), [])
          assert.ok(fingerprints.some((row) => row.object_name === 'public.calls'))
          assert.match(
            lines(rows).join('\n'),
            new RegExp(`pass objects null: \\d+ objects differ only as PostgreSQL ${to} differs from ${from} `),
          )

          await newer.use(sandboxDatabase, async (sql) => {
            // Neither the first nor the last of its day, whatever the hour is now: only the content differs.
            const moved = await sql.unsafe(`update public.calls set created_at = created_at + interval '1 second'
                where id = (select id from
                    (select id, created_at, lag(created_at) over of_day as earlier, lead(created_at) over of_day as later
                     from public.calls window of_day as
                        (partition by date_trunc('day', created_at at time zone 'UTC') order by created_at)) as dated
                  where earlier < created_at and later > created_at + interval '1 second'
                  order by created_at limit 1)`)
            assert.is(moved.count, 1)
            await sql.unsafe(
              'create or replace view public.one_relation as select id, lower(status) as status from public.calls',
            )
            await sql.unsafe('revoke delete on public.notes from reporting')
          })
          const bad = await place.run(ask, env)
          assertCode(bad, 1)
          const failed = lines(
            JSON.parse(bad.stdout).results.filter(
              (row: Row) => row.status === 'fail' && row.check_name !== 'guard_rpc',
            ),
          )
          assert.match(failed.join('\n'), /^fail fingerprints public\.calls/m)
          assert.match(failed.join('\n'), /^fail objects public\.one_relation: the view .*- *upper.*\+ *lower/m)
          assert.match(failed.join('\n'), /^fail objects table public\.notes to reporting: .*differs/m)
          assert.equal(new Set(failed.map((line) => line.split(':')[0])).size, 3, failed.join('\n'))
        })
      } finally {
        await production.drop()
      }
    },
  )
}

test.run()
