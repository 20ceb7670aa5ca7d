// F03 to F06, F39: triggers that must hold.

import { firstDay, modes, month } from './support.ts'

const { test, mustFail, passes } = modes('guards', [
  // A guard whose work is done by another function, so that its own definition says nothing.
  `create function public.month_of(at timestamptz) returns date language sql stable set search_path = ''
   as $$ select pg_catalog.date_trunc('month', at at time zone 'UTC')::date $$`,
  `create function public.set_month() returns trigger language plpgsql set search_path = ''
   as $$ begin new.month := coalesce(public.month_of(new.at), new.month); return new; end $$`,
  'create table public.visits (id integer primary key, at timestamptz not null, month date not null)',
  'create trigger visits_set_month before insert or update on public.visits for each row execute function public.set_month()',
  `insert into public.visits select i, now(), now() from generate_series(1, 20) as i`,
  `select drill.register_guard('public.visits', 'visits_set_month')`,
  // One that production itself has off.
  `create function public.note() returns trigger language plpgsql as 'begin return new; end'`,
  'create trigger visits_note before insert on public.visits for each row execute function public.note()',
  'alter table public.visits disable trigger visits_note',
  `create function public.watch() returns event_trigger language plpgsql as 'begin end'`,
  `create event trigger watch on ddl_command_end when tag in ('DROP TABLE', 'COMMENT') execute function public.watch()`,
])
const partition = `public.sessions_${month(-3)}`
const guard = 'sessions_set_created_month'

mustFail(
  'F03 must fail: a partition has lost its clone of the guard',
  [
    // No command does this: the row is gone, as after a catalog that was copied in part.
    `delete from pg_catalog.pg_trigger where tgrelid = '${partition}'::regclass and tgname = '${guard}'`,
  ],
  [`fail partition_triggers ${partition}.${guard}:`],
)
mustFail(
  'F03 must fail: the guard was made anew on each partition but one, not on the parent',
  [
    `drop trigger ${guard} on public.sessions`,
    `do $$ declare p regclass; begin
       for p in select inhrelid from pg_inherits where inhparent = 'public.sessions'::regclass and inhrelid <> '${partition}'::regclass loop
         execute format('create trigger ${guard} before insert or update of created_at, created_month on %s for each row execute function public.trg_sessions_set_created_month()', p);
       end loop;
     end $$`,
  ],
  [`fail partition_triggers public.sessions.${guard}:`],
)
passes('F03 passes: new partitions, one of them detached and attached again', [
  'select public.create_monthly_partitions(3)',
  `alter table public.sessions detach partition public.sessions_${month(3)}`,
  `alter table public.sessions attach partition public.sessions_${month(3)} for values from ('${firstDay(3)}') to ('${firstDay(4)}')`,
])

mustFail(
  'F04 must fail: the guard of one partition is off',
  [`alter table ${partition} disable trigger ${guard}`],
  [`fail partition_triggers ${partition}.${guard}:`, `fail objects ${partition}.${guard}:`],
)
passes('F04 passes: a trigger that is off in production, too, and one switched off and on again', [
  'alter table public.sites disable trigger all',
  'alter table public.sites enable trigger all',
  `alter table ${partition} disable trigger ${guard}`,
  `alter table ${partition} enable trigger ${guard}`,
])

mustFail(
  'F05 must fail: the guard’s function has lost its search_path',
  ['alter function public.trg_sessions_set_created_month() reset search_path'],
  ['fail partition_triggers public.trg_sessions_set_created_month():'],
)
mustFail(
  'F05 must fail: a function that the guard calls has another body',
  [
    `create or replace function public.month_of(at timestamptz) returns date language sql stable set search_path = ''
     as $$ select at::date $$`,
  ],
  ['fail objects public.month_of('],
)
passes('F05 passes: the same function and trigger, made anew', [
  'drop trigger visits_set_month on public.visits',
  'drop function public.set_month()',
  `create function public.set_month() returns trigger language plpgsql set search_path = ''
   as $$ begin new.month := coalesce(public.month_of(new.at), new.month); return new; end $$`,
  'create trigger visits_set_month before update or insert on public.visits for each row execute function public.set_month()',
])

mustFail(
  'F06 must fail: the guard is there, enabled and unchanged, and does not do its work',
  [
    `create or replace function public.month_of(at timestamptz) returns date language sql stable set search_path = ''
     as $$ select null::date $$`,
  ],
  ['fail guards_fire public.visits.visits_set_month:'],
  { depth: 'standard' },
)
passes(
  'F06 passes: a guard that has nothing to correct, and one behind a constraint of the same meaning',
  ['create index visits_month on public.visits (month)', `update public.visits set at = at - interval '1 second'`],
  ['objects public.visits_month'],
  { depth: 'standard' },
)

mustFail('F39 must fail: an event trigger is off', ['alter event trigger watch disable'], ['fail objects watch:'])
mustFail('F39 must fail: an event trigger is gone', ['drop event trigger watch'], ['fail objects watch:'])
passes('F39 passes: the same event trigger, with its tags in another order', [
  'drop event trigger watch',
  `create event trigger watch on ddl_command_end when tag in ('COMMENT', 'DROP TABLE') execute function public.watch()`,
])

test.run()
