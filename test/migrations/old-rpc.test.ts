// The plan's RPC may stand there already, with another body. Installing takes its address, removing gives it back.

import * as assert from 'uvu/assert'
import { migrateDown, migrateUp } from '../../src/database/migrations.ts'
import { compareCatalogs } from '../support/catalog.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { ask, catalogOf, refusal, rpc } from './application.ts'

const test = suite('migrations/old-rpc')

let own: OwnCluster
let number = 0

async function databaseWith(old: string): Promise<string> {
  number++
  await own.createDatabase(`d${number}`)
  await own.use(`d${number}`, (sql) => sql.unsafe(old))
  return `d${number}`
}

test.before(async () => {
  own = await startOwnCluster('rpc')
  await own.use('postgres', (sql) =>
    sql.unsafe(
      'create role anon; create role authenticated; create role service_role; create role keeper; create role "Re porter"; create role reader',
    ),
  )
})

test.after(() => own?.drop())

const create = `create function ${rpc} returns boolean`

/** The function that stands there, in every shape that must come back. */
const shapes: Record<string, string> = {
  'as it is made, open to PUBLIC, without a comment': `${create} language sql as 'select true'`,
  'with everything that a definition can hold': `${create} language plpgsql stable security definer strict leakproof
    parallel safe cost 7 set search_path = public, pg_temp set work_mem = '8MB' as $body$
    -- A comment, a quote ' and a $$ in the body.
    begin return exists (select from pg_trigger where tgname = 'it''s'); end $body$;
    comment on function ${rpc} is 'The old one: it''s "weak" \\ %s %I'`,
  'with a body that is stored parsed': `${create} language sql begin atomic select count(*) > 0 from pg_catalog.pg_trigger; end`,
  'with an owner of its own': `grant create on schema public to keeper; ${create} language sql as 'select true';
    alter function ${rpc} owner to keeper; grant execute on function ${rpc} to anon`,
  'closed to all but its owner': `${create} language sql as 'select true'; revoke all on function ${rpc} from public`,
  'closed to its owner, too': `${create} language sql as 'select true'; revoke all on function ${rpc} from public, postgres`,
  'granted to the API roles and PUBLIC': `${create} language sql as 'select true';
    grant execute on function ${rpc} to public, anon, authenticated, service_role`,
  'granted with grant option': `${create} language sql as 'select true'; revoke all on function ${rpc} from public;
    grant execute on function ${rpc} to anon, authenticated, "Re porter" with grant option`,
  'granted on by those who may': `${create} language sql as 'select true'; revoke all on function ${rpc} from public;
    grant execute on function ${rpc} to anon, "Re porter" with grant option;
    set role anon; grant execute on function ${rpc} to authenticated;
    set role "Re porter"; grant execute on function ${rpc} to reader; reset role`,
  'with an out argument': `create function public.verify_partition_triggers_exist(out is_fine boolean) language sql as 'select true'`,
  'used by a view and a policy': `${create} language sql as 'select true';
    create view public.drift as select ${rpc} as is_fine;
    create table public.t (); alter table public.t enable row level security;
    create policy fine on public.t using (${rpc})`,
  'with a body that would not be accepted any more': `create table public.gone (); ${create} language sql as
    'select exists (select from public.gone)'; drop table public.gone`,
  'under default privileges that grant to the API roles': `alter default privileges in schema public
    grant execute on functions to anon, authenticated, service_role; ${create} language sql as 'select true'`,
}

for (const [shape, old] of Object.entries(shapes)) {
  test(`taken over and given back: ${shape}`, async () => {
    const name = await databaseWith(old)
    const before = await catalogOf(own, name)
    const oid = await ask(own, name, `select '${rpc}'::regprocedure::oid::text`)
    await migrateUp(own.target(name))
    assert.is(await ask(own, name, `select ${rpc}`), false, 'ours says that the guards are missing')
    for (const role of ['anon', 'authenticated']) {
      assert.is((await refusal(ask(own, name, `select ${rpc}`, role))).code, '42501', `${role} may not ask it`)
    }
    assert.is(await ask(own, name, `select ${rpc}`, 'service_role'), false)
    await migrateDown(own.target(name), false)
    assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
    assert.is(await ask(own, name, `select '${rpc}'::regprocedure::oid::text`), oid, 'it was not dropped in between')
  })
}

test('a role that is gone meanwhile does not stop the removal', async () => {
  const name = await databaseWith(
    `create role passing; ${create} language sql as 'select true'; grant execute on function ${rpc} to passing, reader`,
  )
  await migrateUp(own.target(name))
  await own.use(name, (sql) => sql.unsafe('drop owned by passing; drop role passing'))
  await migrateDown(own.target(name), false)
  assert.is(await ask(own, name, `select has_function_privilege('reader', '${rpc}', 'execute')`), true)
})

test('ours, once dropped by somebody, does not stop the removal', async () => {
  const name = await databaseWith('')
  const before = await catalogOf(own, name)
  await migrateUp(own.target(name))
  await own.use(name, (sql) => sql.unsafe(`drop function ${rpc}`))
  await migrateDown(own.target(name), false)
  assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
})

const others: Record<string, string> = {
  text: `create function ${rpc} returns text language sql as $$ select 'true' $$`,
  'nothing, as a trigger': `create function ${rpc} returns trigger language plpgsql as 'begin return new; end'`,
  'rows of boolean': `create function ${rpc} returns setof boolean language sql as 'select true'`,
  'a table': `create function ${rpc} returns table (is_fine boolean) language sql as 'select true'`,
  'nothing, as a procedure': `create procedure ${rpc} language sql as 'select true'`,
}

for (const [what, old] of Object.entries(others)) {
  test(`refused, and nothing is left, where it returns ${what}`, async () => {
    const name = await databaseWith(old)
    const before = await catalogOf(own, name)
    const { code, hint } = await refusal(migrateUp(own.target(name)))
    assert.is(code, 'RD009')
    assert.match(hint ?? '', 'Rename or drop')
    assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
  })
}

test('one with arguments is another function and is left alone', async () => {
  const name = await databaseWith(
    `create function public.verify_partition_triggers_exist(p_table text) returns text language sql as 'select p_table'`,
  )
  const before = await catalogOf(own, name)
  await migrateUp(own.target(name))
  assert.is(await ask(own, name, "select public.verify_partition_triggers_exist('x')"), 'x')
  await migrateDown(own.target(name), false)
  assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
})

test.run()
