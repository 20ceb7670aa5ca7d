// F14 to F20: who may do what.

import { sandboxClusters } from '../support/databases.ts'
import { modes } from './support.ts'

const { major } = (await sandboxClusters()).restore.binaries
const invoker = major >= 15
const { test, mustFail, passes } = modes('access', [
  'create schema shop',
  'grant usage on schema shop to authenticated',
  'create table shop.orders (id integer primary key, customer uuid)',
  'alter table shop.orders enable row level security, force row level security',
  'create policy own on shop.orders to service_role, authenticated using (customer = public.current_user_id())',
  'grant select on shop.orders to authenticated',
  `create view shop.open_orders with (${invoker ? 'security_invoker = true, ' : ''}security_barrier = true) as select id from shop.orders`,
  `create function shop.open_count() returns bigint language sql stable security definer set search_path = ''
   as 'select count(*) from shop.orders'`,
  'revoke execute on function shop.open_count() from public',
  `create function shop.version() returns integer language sql as 'select 1'`,
  'alter default privileges in schema shop grant select on tables to authenticated',
])
const needsInvoker = (add: () => void) => {
  if (invoker) add()
  else
    test.needs(false, 'security_invoker came with PostgreSQL 15')(
      'F16 must fail: a view runs as its owner again',
      () => {},
    )
}

mustFail(
  'F14 must fail: row level security is off, and FORCE is lost',
  ['alter table public.sites disable row level security', 'alter table shop.orders no force row level security'],
  ['fail objects public.sites:', 'warn access public.sites:', 'fail objects shop.orders:'],
)
passes('F14 passes: partitions without it, whose parent has it', ['select public.create_monthly_partitions(3)'])

mustFail(
  'F15 must fail: a policy is gone, and another one is for everybody',
  ['drop policy calls_select_member on public.calls', 'alter policy own on shop.orders to public'],
  ['fail objects public.calls.calls_select_member:', 'fail objects shop.orders.own:'],
)
passes('F15 passes: the same policy, written in another way', [
  'drop policy own on shop.orders',
  'create policy own on shop.orders to authenticated, service_role using ((customer) = (select public.current_user_id()))',
  'drop policy own on shop.orders',
  'create policy own on shop.orders as permissive for all to authenticated, service_role using ((((customer)) = public.current_user_id()))',
])

needsInvoker(() =>
  mustFail(
    'F16 must fail: a view runs as its owner again',
    ['alter view shop.open_orders reset (security_invoker)'],
    ['fail objects shop.open_orders:'],
  ),
)
passes('F16 passes: the same options in another order', [
  `create or replace view shop.open_orders with (security_barrier = true${invoker ? ', security_invoker = true' : ''}) as select id from shop.orders`,
])

mustFail(
  'F17 must fail: a grant and the use of a schema are lost',
  ['revoke select on shop.orders from authenticated', 'revoke usage on schema shop from authenticated'],
  ['fail objects table shop.orders to authenticated:', 'fail objects schema shop to authenticated:'],
)
passes('F17 passes: grants that spell out what is the default, and the same grant given twice', [
  'grant all on shop.orders to postgres',
  'revoke select on shop.orders from authenticated',
  'grant select on shop.orders to authenticated',
  'grant usage on schema shop to authenticated',
])

mustFail(
  'F18 must fail: default privileges are lost',
  ['alter default privileges in schema shop revoke select on tables from authenticated'],
  ['fail objects of postgres tables in shop to authenticated:'],
)
passes('F18 passes: default privileges that spell out the default', [
  'alter default privileges in schema shop grant all on tables to postgres',
  'alter default privileges grant execute on functions to public',
])

mustFail(
  'F19 must fail: everybody may execute a function again, as after a restore without privileges',
  ['grant execute on function shop.open_count() to public'],
  ['fail objects function shop.open_count() to public:'],
)
passes('F19 passes: a function that everybody may execute in production, too, now spelled out', [
  'revoke execute on function shop.version() from public',
  'grant execute on function shop.version() to public',
])

mustFail(
  'F20 must fail: a security definer function and a table have another owner',
  ['alter function shop.open_count() owner to pg_monitor', 'alter table shop.orders owner to pg_monitor'],
  ['fail objects shop.open_count():', 'fail objects shop.orders:'],
)
passes('F20 passes: objects that changed hands and came back', [
  'alter function shop.open_count() owner to pg_monitor',
  'alter function shop.open_count() owner to postgres',
  'alter table shop.orders owner to pg_monitor',
  'alter table shop.orders owner to postgres',
])

test.run()
