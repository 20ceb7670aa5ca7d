-- A kind that nobody gave a status must not pass for harmless.
create or replace function drill._unknown_isolation_policy(p_kind text)
returns drill.check_result
language sql
immutable
set search_path = ''
as $$
  select row(
    'isolation', p_kind, 'error',
    pg_catalog.format('drill.isolation_policy has no row for the kind %s, so it was not judged', p_kind),
    pg_catalog.format('Run: insert into drill.isolation_policy (kind, status, description) values (%L, ''fail'', ''...'').', p_kind),
    null, null
  )::drill.check_result
$$;

comment on function drill._unknown_isolation_policy(text) is
  'Internal: the result that says that a kind has no row in drill.isolation_policy';

revoke all on function drill._unknown_isolation_policy(text) from public;
