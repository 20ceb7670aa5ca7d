-- Rows do not say who wrote them. In a copy those since the start of its server are
-- its own; but where production stands on the very same server, its rows are newer
-- than that start, too.
create or replace function drill._own_rows_since()
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select i.started_at
  from drill.get_identity() as i
  where drill._is_copy()
    and not exists (
      select
      from drill.heartbeats as h
      where h.started_at = i.started_at
        and h.database_name <> i.database_name
    )
$$;

comment on function drill._own_rows_since() is
  'Internal: from when on rows are those of the copy itself and say nothing about production; null when none are';

revoke all on function drill._own_rows_since() from public;
