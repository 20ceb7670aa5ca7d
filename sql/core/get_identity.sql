-- A physical copy keeps the system identifier, so that alone proves nothing: a
-- promoted copy has another timeline, a logical one another identifier, and a
-- running server its own start time.
create or replace function drill.get_identity()
returns table (
  installation_id uuid,
  installed_at timestamptz,
  system_identifier bigint,
  timeline_id integer,
  started_at timestamptz,
  database_name text,
  server_version text,
  server_version_num integer,
  is_in_recovery boolean,
  is_sandbox boolean
)
language sql
stable
set search_path = ''
as $$
  select
    i.installation_id,
    i.installed_at,
    (select s.system_identifier from pg_catalog.pg_control_system() as s),
    -- The control file learns of a promotion only at the next checkpoint.
    case
      when pg_catalog.pg_is_in_recovery() then (select c.timeline_id from pg_catalog.pg_control_checkpoint() as c)
      else (
        'x' || pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8)
      )::bit(32)::integer
    end,
    pg_catalog.pg_postmaster_start_time(),
    pg_catalog.current_database()::text,
    pg_catalog.current_setting('server_version'),
    pg_catalog.current_setting('server_version_num')::integer,
    pg_catalog.pg_is_in_recovery(),
    coalesce(pg_catalog.current_setting('drill.sandbox', true) = 'on', false)
  from (select) as this_server
  left join drill.installation as i on true
$$;

comment on function drill.get_identity() is
  'Which server and database this is, and which installation of pgdrill it carries; one row';

revoke all on function drill.get_identity() from public;
