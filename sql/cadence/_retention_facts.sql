-- Null when no inventory was ever recorded: then nothing is known of the retention. Called dynamically, since the tables
-- come with a later migration.
create or replace function drill._retention_facts()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_is_recorded boolean := false;
  v_facts jsonb;
begin
  if pg_catalog.to_regclass('drill.backup_inventories') is not null then
    execute 'select exists (select from drill.backup_inventories)' into v_is_recorded;
  end if;
  if not v_is_recorded then
    return null;
  end if;

  execute $query$
    select pg_catalog.jsonb_build_object(
      'pass_count', pg_catalog.count(*) filter (where r.status = 'pass'),
      'fail_count', pg_catalog.count(*) filter (where r.status = 'fail'),
      'error_count', pg_catalog.count(*) filter (where r.status = 'error'),
      'detail', pg_catalog.min(r.detail collate "C") filter (where r.status in ('fail', 'error'))
    )
    from drill.verify_retention() as r
  $query$ into v_facts;
  return v_facts;
end
$$;

comment on function drill._retention_facts() is
  'Internal: how many rows of drill.verify_retention() pass, fail or could not look, and what one of these says; null when no inventory of backups is recorded';

revoke all on function drill._retention_facts() from public;
