-- Counts nothing: with an index at the timestamps only its end is read.
create or replace function drill.list_newest_timestamps()
returns table (relation_name text, timestamp_column text, newest_at timestamptz, problem text)
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set row_security = off
as $$
declare
  v_relation record;
begin
  for v_relation in
    select
      c.relation_name, c.timestamp_column,
      drill._critical_relation_problem(c.relation_name, c.timestamp_column) as problem
    from drill.critical_relations as c
    order by c.relation_name collate "C"
  loop
    list_newest_timestamps.relation_name := v_relation.relation_name;
    list_newest_timestamps.timestamp_column := v_relation.timestamp_column;
    list_newest_timestamps.newest_at := null;
    list_newest_timestamps.problem := v_relation.problem;
    if v_relation.problem is null and v_relation.timestamp_column is not null then
      begin
        execute pg_catalog.format(
          'select pg_catalog.max(t.%I)::timestamptz from %s as t',
          v_relation.timestamp_column,
          drill._local_source(drill._relation_oid(v_relation.relation_name), array[v_relation.timestamp_column])
        )
        into list_newest_timestamps.newest_at;
      exception
        -- Not swallowed: the row says that this relation could not be looked at.
        when others then
          list_newest_timestamps.problem := pg_catalog.format('%s (SQLSTATE %s)', sqlerrm, sqlstate);
      end;
    end if;
    return next;
  end loop;
end
$$;

comment on function drill.list_newest_timestamps() is
  'Newest timestamp of every critical relation, to hold against the recovery point';

revoke all on function drill.list_newest_timestamps() from public;
