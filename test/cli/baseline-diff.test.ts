// pgdrill baseline diff: what changed, as text and as JSON; a baseline that cannot be read is exit 2.

import { writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { assertCode, assertRefused, urlOf, Workplace } from './program.ts'

const test = suite('cli/baseline-diff')
const place = new Workplace()
let source: Scratch
let ids: string[]

const env = () => ({ PRODUCTION_DATABASE_URL: urlOf(source) })

async function capture(file: string): Promise<void> {
  const outcome = await place.run(['baseline', 'capture', '-t', 'production', '--depth', 'full', '--out', file], env())
  assertCode(outcome, 0)
}

test.before(async () => {
  source = await makeDatabase((await sandboxClusters()).restore)
  await capture('a.json')
  await source
    .run(
      `insert into public.sites (public_id, user_id, domain, name) select 'new ' || i, gen_random_uuid(), 'new.example', 'new' from generate_series(1, 3) as i`,
      'create table public.added (id integer primary key)',
      `update drill.policy set policy_value = interval '2 hours' where policy_name = 'rpo'`,
      `select drill.register_critical_relation('public.added', null, false)`,
    )
    .catch((error) => {
      throw new Error(`fixture: ${error.message}`)
    })
  await capture('b.json')
  ids = ['a.json', 'b.json'].map((file) => JSON.parse(place.read(file)).baseline_id)
})
test.after(async () => {
  place.remove()
  await source?.drop()
})

test('two files: growth, tables, registrations and objects, exit 0 although they differ', async () => {
  const outcome = await place.run(['baseline', 'diff', 'a.json', 'b.json'])
  assertCode(outcome, 0)
  assert.is(outcome.stderr, '')
  const { stdout } = outcome
  assert.match(
    stdout,
    new RegExp(
      `^before: baseline ${ids[0]} of \\S+, depth full \\(the file a\\.json\\)\nafter: {2}baseline ${ids[1]} .* hours later\n`,
    ),
  )
  assert.match(stdout, /^ {2}public\.sites: (\d+) before, \d+ after \(\+3\)$/m)
  assert.match(stdout, /^ {2}public\.added: not there before, 0 after$/m)
  assert.match(stdout, /^critical tables\n {2}\+ public\.added: 0 rows$/m)
  assert.match(stdout, /^policies\n {2}~ rpo: \d+ before, 7200 after$/m)
  assert.match(stdout, /^objects\n(.*\n)* {2}\+ table public\.added$/m)
})

test('ids of stored baselines, mixed with files; the same twice has no change', async () => {
  const files = (await place.run(['baseline', 'diff', 'a.json', 'b.json'])).stdout
  const stored = await place.run(
    ['baseline', 'diff', ids[0] as string, ids[1]?.toUpperCase() as string, '-t', 'production'],
    env(),
  )
  assertCode(stored, 0)
  assert.is(stored.stdout.replaceAll('in production', 'x'), files.replaceAll(/the file \w\.json/g, 'x'))
  const mixed = await place.run(['baseline', 'diff', ids[1] as string, 'b.json', '-t', 'production'], env())
  assertCode(mixed, 0)
  assert.match(mixed.stdout, /\n\nnothing else changed\n$/)
  assert.match(mixed.stdout, /public\.sites: (\d+) before, \1 after$/m)
})

test('the other way round is said', async () => {
  const outcome = await place.run(['baseline', 'diff', 'b.json', 'a.json'])
  assertCode(outcome, 0)
  assert.match(outcome.stderr, /^note: the second baseline is the older one$/m)
  assert.match(outcome.stdout, /hours earlier\n/)
  assert.match(outcome.stdout, /^ {2}- public\.added: 0 rows$/m)
})

test('as JSON: growth and every change', async () => {
  const outcome = await place.run(['baseline', 'diff', 'a.json', 'b.json', '--format', 'json'])
  assertCode(outcome, 0)
  const diff = JSON.parse(outcome.stdout)
  assert.is(diff.format, 'pgdrill-baseline-diff')
  assert.equal([diff.before.baseline_id, diff.after.baseline_id], ids)
  const sites = diff.growth.find(({ relation_name }: { relation_name: string }) => relation_name === 'public.sites')
  assert.is(BigInt(sites.after) - BigInt(sites.before), 3n)
  assert.ok(
    diff.changes.some(({ kind, object_name }: Record<string, string>) => kind === 'policy' && object_name === 'rpo'),
  )
})

test('contents that changed in a settled bucket are told, and growth by the day', async () => {
  const document = JSON.parse(place.read('a.json'))
  document.captured_at = document.captured_at.replace(/^\d{4}/, (year: string) => `${Number(year) + 1}`)
  const events = document.relations.find(
    ({ relation_name }: { relation_name: string }) => relation_name === 'public.events',
  )
  const old = events.buckets.find(
    ({ grain, row_count }: { grain: string; row_count: string }) => grain === 'partition' && row_count !== '0',
  )
  old.fingerprint = '1'
  const days = events.buckets.filter(({ grain }: { grain: string }) => grain === 'day')
  days[0].row_count = `${Number(days[0].row_count) + 3650}`
  writeFileSync(place.path('later.json'), JSON.stringify(document))
  const { stdout } = await place.run(['baseline', 'diff', 'a.json', 'later.json'])
  assert.match(stdout, /^ {2}public\.events: \S+ before, \S+ after \(\+3,650, \+10 a day\)$/m)
  assert.ok(
    stdout.includes(
      `content of settled buckets\n  ~ ${old.partition_name}: as many rows, other content: ${old.bucket_name}\n`,
    ),
    stdout,
  )
})

test('one that cannot be read: exit 2, nothing on stdout', async () => {
  const files = place.files()
  writeFileSync(place.path('no.json'), '{}')
  for (const [args, message] of [
    [['a.json', 'nowhere.json'], /baseline file nowhere\.json does not exist/],
    [['no.json', 'a.json'], /no\.json is not a baseline/],
    [['a.json', ids[1] as string], /no target was named/],
    [['a.json', '00000000-0000-4000-8000-000000000000', '-t', 'production'], /no baseline 00000000.*RD004/],
  ] as const) {
    const outcome = await place.run(['baseline', 'diff', ...args], env())
    assertRefused(outcome, message, undefined, [...files, 'no.json'].sort())
  }
  assertCode(await place.run(['baseline', 'diff', 'a.json']), 2)
})

test.run()
