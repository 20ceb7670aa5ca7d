// F01, F02, F26, F28, F29, F32 to F35, F53: sequences, and whether the data is all there.

import { listFaults } from '../../src/sandbox/faults.ts'
import { modes, month } from './support.ts'

const { test, mustFail, passes } = modes('data', [
  'create schema shop',
  'create table shop.orders (id serial primary key, note text)',
  `insert into shop.orders (note) select 'x' from generate_series(1, 40)`,
  'create sequence shop.numbers increment -1',
  `create table shop.invoices (number integer primary key default nextval('shop.numbers'))`,
  'insert into shop.invoices default values',
  'insert into shop.invoices default values',
  // Ahead of what it feeds, as after a crash.
  `select setval('shop.orders_id_seq', 40)`,
  'create unlogged table shop.cache as select i as id from generate_series(1, 50) as i',
  'create unlogged table shop.basket as select i as id from generate_series(1, 50) as i',
  `select drill.register_critical_relation('shop.basket', null, false, 0.9)`,
  'create materialized view shop.totals as select count(*) as count from shop.orders',
  `select lo_create(4711)`,
])
const standard = { depth: 'standard' } as const
const full = { depth: 'full' } as const
const fault = (name: string) => listFaults().find((other) => other.name === name)?.sql ?? `no fault ${name}`
const fewer = `delete from public.events_${month(-3)} where id in (select id from public.events_${month(-3)} order by id limit 20)`

mustFail(
  'F01 must fail: a sequence is behind its column, another behind a default that it does not own',
  [`select setval('shop.orders_id_seq', 12)`, `select setval('shop.numbers', -1)`],
  ['fail sequences shop.orders_id_seq:', 'fail sequences shop.numbers:'],
  standard,
)
passes(
  'F01 passes: a sequence that is 32 ahead, as after crash recovery',
  [`select setval('shop.orders_id_seq', 72)`, `select setval('shop.numbers', -34)`],
  [],
  standard,
)

mustFail(
  'F02 must fail: a sequence stands exactly at the highest value, and was not called',
  [`select setval('shop.orders_id_seq', 40, false)`],
  ['fail sequences shop.orders_id_seq:'],
  standard,
)
passes('F02 passes: one further, and not called', [`select setval('shop.orders_id_seq', 41, false)`], [], standard)

mustFail(
  'F26 must fail: a row is missing in its index',
  [fault('index-without-a-row')],
  ['fail amcheck public.site_members_user_id_idx:'],
  full,
)
passes(
  'F26 passes: the same index, built anew',
  [
    fault('index-without-a-row'),
    'reindex index public.site_members_user_id_idx',
    `delete from public.site_members where user_id = 'ffffffff-ffff-4fff-8fff-ffffffffffff'`,
  ],
  [],
  full,
)

mustFail(
  'F28 must fail: unlogged tables are empty, one of them a critical one',
  ['truncate shop.cache, shop.basket'],
  ['warn physical shop.cache:', 'fail row_counts shop.basket:'],
  standard,
)
passes('F28 passes: an unlogged table with other rows', ['delete from shop.cache where id > 3'], [], standard)

mustFail(
  'F29 must fail: a materialized view is not populated',
  ['refresh materialized view shop.totals with no data'],
  ['fail physical shop.totals:', 'fail objects shop.totals:'],
)
passes('F29 passes: a materialized view computed anew, with another result', [
  'delete from shop.orders where id < 4',
  'refresh materialized view shop.totals',
])

mustFail(
  'F32 must fail: rows are gone, and the estimates still say that they are there',
  [fewer, `update pg_catalog.pg_class set reltuples = 1e6 where oid = 'public.events_${month(-3)}'::regclass`],
  [`fail row_counts public.events_${month(-3)}:`],
  standard,
)
passes(
  'F32 passes: every row is there, and the estimates say that there is none',
  ['select pg_catalog.pg_stat_reset()', `update pg_catalog.pg_class set reltuples = 0 where relkind in ('r', 'p')`],
  [],
  standard,
)

mustFail(
  'F33 must fail: twenty rows of a closed month are missing',
  [fewer],
  [`fail row_counts public.events_${month(-3)}:`],
  standard,
)
passes(
  'F33 passes: rows of a mutable table come, go and change',
  [
    `update public.calls set status = 'junk', updated_at = now() where id in (select id from public.calls order by created_at limit 20)`,
    `delete from public.calls where id in (select id from public.calls order by created_at limit 10)`,
  ],
  [],
  standard,
)

mustFail(
  'F34 must fail: the newest 30 hours are missing',
  [fault('newest-30-hours-missing')],
  ['fail recovery_point '],
  standard,
)
mustFail(
  'F34 must fail: the newest 30 hours of the application are missing, while heartbeats went on',
  [fault('newest-30-hours-of-rows-missing')],
  ['fail newest_timestamps public.sessions:', 'fail newest_timestamps public.events:'],
  standard,
)
passes(
  'F34 passes: nobody called for eight hours',
  // To the beginning of their days: each day keeps its count.
  [
    `update public.calls set created_at = date_trunc('day', created_at, 'UTC') where created_at > now() - interval '8 hours'`,
  ],
  [],
  standard,
)

mustFail('F35 must fail: the copy reaches beyond the failure', [], ['fail recovery_point '], {
  ...standard,
  failurePoint: new Date(Date.now() - 3_600_000).toISOString(),
})
mustFail(
  // Beyond now, too: how exactly the recovery point is known depends on the sandbox's heartbeats.
  'F35 must fail: rows were written after the recovery point',
  [
    `update public.calls set created_at = now() + interval '70 minutes' where id = (select id from public.calls order by created_at desc limit 1)`,
  ],
  ['fail newest_timestamps public.calls:'],
  { ...standard, now: new Date(Date.now() + 3_600_000).toISOString() },
)
passes(
  'F35 passes: a client whose clock is two minutes ahead',
  [
    `update public.calls set created_at = now() + interval '2 minutes' where id = (select id from public.calls order by created_at desc limit 1)`,
  ],
  [],
  standard,
)

mustFail('F53 must fail: the large objects are gone', ['select lo_unlink(4711)'], ['fail objects of postgres:'])
passes('F53 passes: large objects under other numbers', ['select lo_unlink(4711)', 'select lo_create(4712)'])

test.run()
