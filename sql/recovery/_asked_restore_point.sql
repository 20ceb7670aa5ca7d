create or replace function drill._asked_restore_point()
returns table (asked_at timestamptz, problem text)
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
declare
  v_text text := nullif(pg_catalog.current_setting('drill.restore_point', true), '');
begin
  begin
    _asked_restore_point.asked_at := v_text::timestamptz;
  exception
    when invalid_datetime_format or datetime_field_overflow or invalid_parameter_value then
      _asked_restore_point.problem := pg_catalog.format('%L is not a moment', v_text);
  end;
  if not pg_catalog.isfinite(_asked_restore_point.asked_at) then
    _asked_restore_point.problem := pg_catalog.format('%L is not a moment', v_text);
  elsif _asked_restore_point.asked_at > drill.get_now() + drill.get_policy('clock_skew') then
    _asked_restore_point.problem := pg_catalog.format('%s is in the future', _asked_restore_point.asked_at);
  end if;
  if _asked_restore_point.problem is not null then
    _asked_restore_point.asked_at := null;
  end if;
  return next;
end
$$;

comment on function drill._asked_restore_point() is
  'Internal: the moment to which whoever asks says that the database was restored (setting drill.restore_point; UTC without a zone), or why it is none; one row';

revoke all on function drill._asked_restore_point() from public;
