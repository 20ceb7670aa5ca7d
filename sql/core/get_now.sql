-- The seam for time. Tests and backdated drills say what "now" is through the
-- setting drill.now; nobody has to shadow now(). The time of the statement, not
-- of the transaction: a session that sat idle must not date its facts too early.
create or replace function drill.get_now()
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.statement_timestamp()
  )
$$;

comment on function drill.get_now() is
  'The moment that checks take as now: the setting drill.now when it is set, else the start of the statement';

revoke all on function drill.get_now() from public;
