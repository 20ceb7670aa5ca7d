create or replace function drill.register_partitioned_relation(
  p_relation_name text,
  p_period text,
  p_time_zone text default 'UTC',
  p_name_pattern text default null
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_relation regclass := pg_catalog.to_regclass(p_relation_name);
begin
  if not exists (select from pg_catalog.pg_partitioned_table as p where p.partrelid = v_relation) then
    raise exception using
      errcode = 'RD007',
      message = format('cannot register %s: it is not a partitioned table', coalesce(p_relation_name, 'null')),
      hint = 'Name an existing partitioned table with its schema, such as public.events.';
  end if;

  if
    p_period is null
    or p_period not in ('day', 'week', 'month', 'quarter', 'year')
    or not exists (select from pg_catalog.pg_timezone_names as z where z.name = p_time_zone)
  then
    raise exception using
      errcode = 'RD007',
      message = format('cannot register %s: %s is not a period or %s not a time zone', p_relation_name, coalesce(p_period, 'null'), coalesce(p_time_zone, 'null')),
      hint = 'The period is day, week, month, quarter or year; the zone is a name such as UTC or Europe/Istanbul.';
  end if;

  perform pg_catalog.regexp_match('', coalesce(p_name_pattern, ''));

  insert into drill.partitioned_relations as r (relation_name, period, time_zone, name_pattern)
  values (drill._relation_name(v_relation), p_period, p_time_zone, p_name_pattern)
  on conflict (relation_name) do update
  set
    period = excluded.period,
    time_zone = excluded.time_zone,
    name_pattern = excluded.name_pattern;
end
$$;

comment on function drill.register_partitioned_relation(text, text, text, text) is
  'Registers a table partitioned by time: its period, the zone of its periods, and a regular expression of its partitions'' names (or null)';

revoke all on function drill.register_partitioned_relation(text, text, text, text) from public;
