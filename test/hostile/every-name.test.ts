// Names made of every character that PostgreSQL takes, of everything that has a name: captured, verified at full depth,
// and shown in every format.

import * as assert from 'uvu/assert'
import { migrateUp } from '../../src/database/migrations.ts'
import { assertCode, type Outcome, urlOf, Workplace } from '../cli/program.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'

const test = suite('hostile/every-name')
const place = new Workplace()
let own: OwnCluster

/** Every code point up to U+2FFF, and beyond it those that are special. */
const codePoints = [
  ...Array.from({ length: 0x2fff }, (_, index) => index + 1),
  0xd7ff,
  0xe000,
  0xfe0f,
  0xfeff,
  0xfff9,
  0xfffd,
  0xfffe,
  0xffff,
  0x10000,
  0x1f600,
  0x1ffff,
  0xe0001,
  0xe0041,
  0x10ffff,
]

/** Names of at most 63 bytes, which have all of them. */
const names = codePoints.reduce<string[]>(
  (list, point) => {
    const longer = `${list.at(-1)}${String.fromCodePoint(point)}`
    if (Buffer.byteLength(longer) > 60) list.push(String.fromCodePoint(point))
    else list[list.length - 1] = longer
    return list
  },
  [''],
)

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
const literal = (text: string) => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** Those with what ends a line, a quotation or a markup, and some of every script. */
const worst = [...names.slice(0, 6), ...names.filter((_, index) => index % 60 === 0).slice(1), ...names.slice(-2)]

test.before(async () => {
  own = await startOwnCluster('names')
  await own.createDatabase('source')
  await migrateUp(own.target('source'))
  await own.use('source', async (sql) => {
    await sql.unsafe(
      'delete from drill.guards; delete from drill.partitioned_relations; delete from drill.critical_relations',
    )
    const columns = names.map((name) => `${quoted(`c${name}`.slice(0, 62))} text`)
    await sql.unsafe(`
      create table public.wide (id integer primary key, created_at timestamptz default now(), ${columns.join(', ')});
      insert into public.wide (id, created_at) select i, now() - i * interval '1 hour' from generate_series(1, 5) as i`)
    await sql`select drill.register_critical_relation('public.wide', 'created_at', false)`
    await sql.unsafe(`
      create table public.tenants (id integer primary key, tenant text, created_at timestamptz default now() - interval '1 hour')`)
    await sql`insert into public.tenants (id, tenant) select i, n from unnest(${names}::text[]) with ordinality as u (n, i)`
    await sql`select drill.register_critical_relation(
      'public.tenants', 'created_at', false, p_tenant_column => 'tenant', p_is_tenant_shown => true)`
    for (const [index, name] of worst.entries()) {
      const n = quoted(name)
      await sql.unsafe(`
        create role ${n};
        create schema ${n};
        create table ${n}.${n} (id integer primary key, ${n} timestamptz default now() - interval '40 days', t text default ${literal(name)});
        insert into ${n}.${n} (id) values (1), (2);
        alter table ${n}.${n} owner to ${n};
        comment on table ${n}.${n} is ${literal(name)};
        create function ${n}.${n}() returns trigger language plpgsql as 'begin return new; end';
        create trigger ${n} before insert on ${n}.${n} for each row execute function ${n}.${n}()`)
      await sql`select drill.register_critical_relation(${`${n}.${n}`}, ${name}, true)`
      await sql`select drill.register_guard(${`${n}.${n}`}, ${name})`
      if (index > 2) continue
      await sql.unsafe(`
        create table public.${quoted(`p${index}`)} (id integer, ${n} timestamptz not null) partition by range (${n});
        create table public.${n} partition of public.p${index} for values from ('2020-01-01') to ('2120-01-01')`)
      await sql`select drill.register_partitioned_relation(${`public.p${index}`}, 'month')`
    }
  })
  await own.use('source', (sql) => sql`select drill.record_heartbeat()`)
  await own.createDatabase('copy', 'source')
})
test.after(async () => {
  place.remove()
  await own?.drop()
})

function assertHarmless({ stdout, stderr }: Outcome): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  assert.not.match(stdout + stderr, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u2028-\u202e\u2066-\u2069]/)
  assert.not.match(stderr, /internal error/)
}

test('captured, verified at full depth, and shown in every format', async () => {
  const url = (name: string) => urlOf({ cluster: own.cluster, name })
  const captured = await place.run(['baseline', 'capture', '-t', 'source', '--depth', 'full', '--out', 'b.json'], {
    SOURCE_DATABASE_URL: url('source'),
  })
  assertCode(captured, 0)
  assertHarmless(captured)
  const env = { COPY_DATABASE_URL: url('copy') }
  const args = ['verify', '-t', 'copy', '--baseline', 'b.json', '--depth', 'full', '--verbose', '--out', 'proof']
  const verified = await place.run(args, env)
  const wrong = (folder: string) =>
    JSON.parse(place.read(folder, 'proof.json'))
      .verification.results.filter((row: { status: string }) => row.status === 'fail' || row.status === 'error')
      .map((row: { check_name: string; object_name: string }) => `${row.check_name} ${row.object_name}`)
  // The server of the test may have archived WAL by now.
  assert.equal(
    wrong('proof').filter((one: string) => one !== 'isolation archive_command'),
    [],
    verified.stdout,
  )
  assertHarmless(verified)
  for (const format of ['text', 'json', 'junit', 'markdown', 'html', 'prometheus', 'github']) {
    const shown = await place.run(['report', 'show', 'proof', '--format', format, '--verbose'])
    assertCode(shown, 0)
    // JSON has names as they are, escaped in its own way.
    if (format !== 'json') assertHarmless(shown)
    else JSON.parse(shown.stdout)
  }
  assertCode(await place.run(['report', 'verify', 'proof']), 0)

  const lost = worst.slice(0, 4)
  await own.use('copy', async (sql) => {
    for (const name of lost) await sql.unsafe(`truncate ${quoted(name)}.${quoted(name)}`)
  })
  const damaged = await place.run([...args.slice(0, -1), 'damaged'], env)
  assertCode(damaged, 1)
  assertHarmless(damaged)
  for (const name of lost) {
    const object = `row_counts ${quoted(name)}.${quoted(name)}`
    assert.ok(
      wrong('damaged').some((one: string) => one.startsWith(object)),
      JSON.stringify(name),
    )
  }
})

test.run()
