// F07 to F13, F22, F23, F36: constraints, indexes, partitions, settings, extensions, publications.

import { modes, month, ofThisDatabase } from './support.ts'

const { test, mustFail, passes } = modes('structure', [
  'create schema shop',
  'create extension hstore with schema shop version "1.7"',
  'create table shop.customers (id integer primary key, email text)',
  'create table shop.orders (id integer primary key, customer_id integer references shop.customers, note text)',
  'insert into shop.customers select i from generate_series(1, 20) as i',
  'insert into shop.orders select i, i from generate_series(1, 20) as i',
  'create index orders_note on shop.orders (note)',
  'create index customers_email on shop.customers (email)',
  // What production itself has like this is no fault of the restore.
  'alter table shop.customers add constraint customers_email_check check (email <> $$$$) not valid',
  `update pg_catalog.pg_index set indisvalid = false where indexrelid = 'shop.customers_email'::regclass`,
  `select drill.register_critical_relation('shop.orders', null, false, 0.5)`,
  'create publication changes for table public.events, shop.orders with (publish_via_partition_root = true)',
  ofThisDatabase(`alter database %I set statement_timeout = '20min'`),
  ofThisDatabase(`alter role service_role in database %I set lock_timeout = '10s'`),
])
// Settings of a database do not come along with a clone.
const settings = [
  ofThisDatabase(`alter database %I set statement_timeout = '20min'`),
  ofThisDatabase(`alter role service_role in database %I set lock_timeout = '10s'`),
]
// Production has these, too.
const ofProduction = ['indexes shop.customers.customers_email_check:', 'indexes shop.customers_email:']

mustFail(
  'F07 must fail: a foreign key is switched off, and an orphan came in',
  [
    ...settings,
    'alter table shop.orders disable trigger all',
    'insert into shop.orders values (21, 999)',
    // Only the side that is looked at when the row referred to is deleted.
    'alter table shop.orders enable trigger all',
    'alter table shop.customers disable trigger all',
  ],
  [
    'fail indexes shop.orders.orders_customer_id_fkey:',
    'fail objects shop.orders.orders_customer_id_fkey:',
    'fail orphans shop.orders.orders_customer_id_fkey:',
  ],
  { depth: 'full' },
)
passes(
  'F07 passes: no reference at all, and one that was never declared',
  [
    ...settings,
    'update shop.orders set customer_id = null where id < 5',
    'update public.calls set matched_session_id = gen_random_uuid() where id = (select id from public.calls limit 1)',
  ],
  ofProduction,
  { depth: 'full' },
)

mustFail(
  'F08 must fail: a foreign key is not validated, which it is in production',
  [
    ...settings,
    'alter table shop.orders drop constraint orders_customer_id_fkey',
    'alter table shop.orders add constraint orders_customer_id_fkey foreign key (customer_id) references shop.customers not valid',
  ],
  ['fail objects shop.orders.orders_customer_id_fkey:', 'warn indexes shop.orders.orders_customer_id_fkey:'],
)
passes('F08 passes: a constraint that is not validated in production either is a warning', settings, ofProduction)

mustFail(
  'F09 must fail: an index is invalid, which it is not in production',
  [...settings, `update pg_catalog.pg_index set indisvalid = false where indexrelid = 'shop.orders_note'::regclass`],
  ['fail objects shop.orders_note:', 'warn indexes shop.orders_note:'],
)
passes(
  'F09 passes: an index that pg_dump left out because it is invalid in production, and one built anew',
  [...settings, 'drop index shop.customers_email', 'reindex index shop.orders_note'],
  ['indexes shop.customers.customers_email_check:', 'objects shop.customers_email:'],
)

mustFail(
  'F10 must fail: an index of a partitioned table is invalid, since a partition has no part of it',
  [
    ...settings,
    'drop index public.events_session_id_idx',
    'create index events_session_id_idx on only public.events (session_id)',
    `do $$ declare p regclass; begin
       for p in select inhrelid from pg_inherits where inhparent = 'public.events'::regclass and inhrelid <> 'public.events_${month(-3)}'::regclass loop
         execute format('create index on %s (session_id)', p);
         execute (select format('alter index public.events_session_id_idx attach partition %s', i.indexrelid::regclass)
           from pg_index as i where i.indrelid = p and not exists (select from pg_inherits where inhrelid = i.indexrelid)
             and i.indkey::text = (select indkey::text from pg_index where indexrelid = 'public.events_session_id_idx'::regclass));
       end loop;
     end $$`,
  ],
  ['fail objects public.events_session_id_idx:', 'warn indexes public.events_session_id_idx:'],
)
passes(
  'F10 passes: new partitions, which have a part of each index',
  [...settings, 'select public.create_monthly_partitions(3)'],
  ofProduction,
)

passes(
  'F13 passes: a default partition that had rows for a moment',
  [
    ...settings,
    'set session_replication_role = replica',
    `insert into public.events (session_id, session_month, site_id, url, category, action)
     select session_id, '2099-01-01', site_id, url, category, action from public.events limit 5`,
    'delete from only public.events_default',
    'reset session_replication_role',
    'vacuum public.events_default',
  ],
  ofProduction,
)

mustFail(
  'F22 must fail: settings of the database and of a role in it are lost',
  [],
  ['fail objects this database statement_timeout:', 'fail objects this database role service_role lock_timeout:'],
)
passes('F22 passes: the same settings under another name of the database', settings, ofProduction)

mustFail(
  'F23 must fail: an extension is in another schema',
  [...settings, 'alter extension hstore set schema public'],
  ['fail objects hstore:'],
)
mustFail('F23 must fail: an extension is missing', [...settings, 'drop extension hstore'], ['fail objects hstore:'])
passes(
  'F23 passes: a newer version of the same extension is a warning',
  [...settings, 'alter extension hstore update'],
  [...ofProduction, 'objects hstore:'],
)

mustFail(
  'F36 must fail: a publication has lost a table, and a table its replica identity',
  [...settings, 'alter publication changes drop table shop.orders', 'alter table shop.customers replica identity full'],
  ['fail objects changes:', 'fail objects shop.customers:'],
)
passes(
  'F36 passes: a publication that grew by partitions of its table',
  [...settings, 'select public.create_monthly_partitions(4)'],
  ofProduction,
)

test.run()
