-- Nothing inside a database says that it is a copy, so whoever looks does: pgdrill
-- verify and the files of verify/ set drill.is_copy. It changes what counts as
-- evidence: what a copy wrote itself says nothing about production.
create or replace function drill._is_copy()
returns boolean
language sql
stable
set search_path = ''
as $$
  select coalesce(pg_catalog.current_setting('drill.is_copy', true) = 'on', false)
$$;

comment on function drill._is_copy() is
  'Internal: whether the session takes this database for a restored copy (setting drill.is_copy)';

revoke all on function drill._is_copy() from public;
