-- The program says durations in the same words: src/rules/cadence-words.ts.
create or replace function drill._duration_words(p_seconds numeric)
returns text
language sql
immutable
set search_path = ''
as $$
  select
    case
      when s.seconds >= 86400
        then pg_catalog.format('%s d %s h', pg_catalog.div(s.seconds, 86400), pg_catalog.div(pg_catalog.mod(s.seconds, 86400), 3600))
      when s.seconds >= 3600
        then pg_catalog.format('%s h %s min', pg_catalog.div(s.seconds, 3600), pg_catalog.div(pg_catalog.mod(s.seconds, 3600), 60))
      when s.seconds >= 60
        then pg_catalog.format('%s min %s s', pg_catalog.div(s.seconds, 60), pg_catalog.mod(s.seconds, 60))
      else pg_catalog.format('%s s', s.seconds)
    end
  from (select pg_catalog.floor(greatest(p_seconds, 0)) as seconds) as s
$$;

comment on function drill._duration_words(numeric) is
  'Internal: a duration in seconds as two units of words, rounded down, such as 3 d 4 h';

revoke all on function drill._duration_words(numeric) from public;
