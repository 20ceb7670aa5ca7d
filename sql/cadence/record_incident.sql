-- Recording the same again changes nothing, so that a script may be run twice.
create or replace function drill.record_incident(p_occurred_at timestamptz, p_what text)
returns uuid
language plpgsql
volatile
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
declare
  v_incident_id uuid;
begin
  if p_occurred_at is null or p_what is null or p_what !~ '\S' then
    raise exception using
      errcode = 'RD007',
      message = 'cannot record the incident: its time or its description is missing',
      hint = 'Say when it happened and what: select drill.record_incident(''2026-11-23T04:30:00Z'', ''rows of public.calls deleted'').';
  end if;
  -- One in the future would demand a drill that nobody can have done.
  if not pg_catalog.isfinite(p_occurred_at) or p_occurred_at > drill.get_now() + drill.get_policy('clock_skew') then
    raise exception using
      errcode = 'RD007',
      message = format('cannot record the incident: %s has not come yet, or is no moment', p_occurred_at),
      hint = 'Give the moment at which it happened, with its time zone.';
  end if;

  insert into drill.incidents (occurred_at, what)
  values (p_occurred_at, pg_catalog.btrim(p_what, E' \t\r\n'))
  on conflict on constraint incidents_occurred_at_what_key do nothing
  returning incident_id into v_incident_id;

  return coalesce(
    v_incident_id,
    (
      select i.incident_id
      from drill.incidents as i
      where i.occurred_at = p_occurred_at
        and i.what = pg_catalog.btrim(p_what, E' \t\r\n')
    )
  );
end
$$;

comment on function drill.record_incident(timestamptz, text) is
  'Records an incident with corrupted or deleted data, which makes a drill due; gives its id, also when it was recorded before; raises RD007';

revoke all on function drill.record_incident(timestamptz, text) from public;
