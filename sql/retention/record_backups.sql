-- Replaces what was recorded of the same sources, whole: a backup that is gone must not be remembered as held.
create or replace function drill.record_backups(p_held jsonb)
returns integer
language plpgsql
volatile
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
declare
  v_count integer;
begin
  if pg_catalog.jsonb_typeof(p_held -> 'sources') is distinct from 'array'
    or pg_catalog.jsonb_typeof(p_held -> 'backups') is distinct from 'array'
  then
    raise exception using
      errcode = 'RD007',
      message = 'cannot record backups: there are no lists of sources and backups',
      hint = 'Record them with: pgdrill retention --inventory FILE --target production --record.';
  end if;

  delete from drill.backup_inventories as i
  where i.source in (select s.value ->> 'source' from pg_catalog.jsonb_array_elements(p_held -> 'sources') as s);

  insert into drill.backup_inventories (source, format, read_at, keeps_days, window_starts_at, window_ends_at)
  select
    s.source,
    s.format,
    s.read_at,
    s.keeps_days,
    (s."window" ->> 'from')::timestamptz,
    (s."window" ->> 'until')::timestamptz
  from pg_catalog.jsonb_to_recordset(p_held -> 'sources') as s (
    source text, format text, read_at timestamptz, keeps_days integer, "window" jsonb
  );

  insert into drill.backups (
    source, backup_id, kind, started_at, finished_at, usable, reason, depends_on, byte_count, is_pinned, position_number, times_listed
  )
  select
    b.source,
    b.id,
    b.kind,
    b.started_at,
    b.finished_at,
    b.usable,
    b.reason,
    array(select d.value from pg_catalog.jsonb_array_elements_text(b.depends_on) as d),
    b.bytes::numeric,
    b.is_pinned,
    b."position",
    b.times_listed
  from pg_catalog.jsonb_to_recordset(p_held -> 'backups') as b (
    source text, id text, kind text, started_at timestamptz, finished_at timestamptz, usable text, reason text,
    depends_on jsonb, bytes text, is_pinned boolean, "position" integer, times_listed integer
  );

  get diagnostics v_count = row_count;
  return v_count;
end
$$;

comment on function drill.record_backups(jsonb) is
  'Stores inventories of backups as pgdrill retention read them, in place of what was recorded of the same sources; answers with their number';

revoke all on function drill.record_backups(jsonb) from public;
