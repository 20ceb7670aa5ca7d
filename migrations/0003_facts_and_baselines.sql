-- Up Migration

-- begin copy of sql/policy/export_registrations.sql
-- Capture and verification state the registrations by this one function.
create or replace function drill.export_registrations()
returns jsonb
language sql
stable
set search_path = ''
set datestyle = 'ISO, YMD'
as $$
  select pg_catalog.jsonb_build_object(
    'policies', coalesce(
      (select pg_catalog.jsonb_object_agg(p.policy_name, pg_catalog.date_part('epoch', p.policy_value)) from drill.policy as p),
      '{}'
    ),
    'guards', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'relation_name', g.relation_name,
            'trigger_name', g.trigger_name,
            'function_name', g.function_name,
            'trigger_definition', g.trigger_definition,
            'function_definition', g.function_definition,
            'is_trigger_ours', g.is_trigger_ours
          )
          order by g.relation_name collate "C", g.trigger_name collate "C"
        )
        from drill.guards as g
      ),
      '[]'
    ),
    'partitioned_relations', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'relation_name', r.relation_name,
            'period', r.period,
            'time_zone', r.time_zone,
            'name_pattern', r.name_pattern
          )
          order by r.relation_name collate "C"
        )
        from drill.partitioned_relations as r
      ),
      '[]'
    ),
    'critical_relations', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'relation_name', c.relation_name,
            'timestamp_column', c.timestamp_column,
            'is_append_only', c.is_append_only,
            'tolerance', c.tolerance::text
          )
          order by c.relation_name collate "C"
        )
        from drill.critical_relations as c
      ),
      '[]'
    ),
    'isolation_policy', coalesce(
      (select pg_catalog.jsonb_object_agg(i.kind, i.status) from drill.isolation_policy as i),
      '{}'
    ),
    'waivers', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'check_name', w.check_name,
            'object_name', w.object_name,
            'reason', w.reason,
            'owner', w.owner,
            'until', w.until::text
          )
          order by w.check_name collate "C", w.object_name collate "C"
        )
        from drill.waivers as w
      ),
      '[]'
    )
  )
$$;

comment on function drill.export_registrations() is
  'What is registered here: policies (in seconds), guards with their definitions, partitioned tables, critical relations, what isolation demands, waivers';

revoke all on function drill.export_registrations() from public;
-- end copy of sql/policy/export_registrations.sql

-- begin copy of sql/policy/import_registrations.sql
-- For a copy whose backup did not hold schema drill: what counts as right is what
-- production had, never what the copy has now. The document is the part of a
-- baseline that drill.export_registrations() gave.
create or replace function drill.import_registrations(p_registrations jsonb)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  if p_registrations is null or not p_registrations ?& array['policies', 'guards', 'partitioned_relations', 'critical_relations'] then
    raise exception using
      errcode = 'RD007',
      message = 'cannot import registrations: the document lacks policies, guards, partitioned_relations or critical_relations',
      hint = 'Give what drill.export_registrations() wrote in production.';
  end if;

  delete from drill.guards;
  delete from drill.partitioned_relations;
  delete from drill.critical_relations;
  delete from drill.waivers;

  insert into drill.policy (policy_name, policy_value, description)
  select p.key, pg_catalog.make_interval(secs => p.value::double precision), 'From a baseline'
  from pg_catalog.jsonb_each_text(p_registrations -> 'policies') as p
  on conflict (policy_name) do update
  set policy_value = excluded.policy_value;

  -- Whatever trigger is here was not made by pgdrill, so that its removal leaves it.
  insert into drill.guards (relation_name, trigger_name, function_name, trigger_definition, function_definition, profile)
  select g.relation_name, g.trigger_name, g.function_name, g.trigger_definition, g.function_definition, 'baseline'
  from pg_catalog.jsonb_to_recordset(p_registrations -> 'guards') as g (
    relation_name text, trigger_name text, function_name text, trigger_definition text, function_definition text
  );

  insert into drill.partitioned_relations (relation_name, period, time_zone, name_pattern, profile)
  select r.relation_name, r.period, r.time_zone, r.name_pattern, 'baseline'
  from pg_catalog.jsonb_to_recordset(p_registrations -> 'partitioned_relations') as r (
    relation_name text, period text, time_zone text, name_pattern text
  );

  insert into drill.critical_relations (relation_name, timestamp_column, is_append_only, tolerance, profile)
  select c.relation_name, c.timestamp_column, c.is_append_only, c.tolerance, 'baseline'
  from pg_catalog.jsonb_to_recordset(p_registrations -> 'critical_relations') as c (
    relation_name text, timestamp_column text, is_append_only boolean, tolerance numeric
  );

  -- Baselines of older versions have neither; then the defaults stay.
  insert into drill.isolation_policy (kind, status, description)
  select i.key, i.value, 'From a baseline'
  from pg_catalog.jsonb_each_text(p_registrations -> 'isolation_policy') as i
  on conflict (kind) do update
  set status = excluded.status;

  insert into drill.waivers (check_name, object_name, reason, owner, until)
  select w.check_name, w.object_name, w.reason, w.owner, w.until
  from pg_catalog.jsonb_to_recordset(p_registrations -> 'waivers') as w (
    check_name text, object_name text, reason text, owner text, until date
  );
end
$$;

comment on function drill.import_registrations(jsonb) is
  'Replaces what is registered here by what production had, from its baseline; for a copy into which pgdrill was installed after the restore';

revoke all on function drill.import_registrations(jsonb) from public;
-- end copy of sql/policy/import_registrations.sql

-- begin copy of sql/data/_has_index_on.sql
create or replace function drill._has_index_on(p_relation oid, p_column_name text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select
    from pg_catalog.pg_index as i
    inner join pg_catalog.pg_class as c on c.oid = i.indexrelid
    inner join pg_catalog.pg_am as m on m.oid = c.relam
    inner join pg_catalog.pg_attribute as a
      on a.attrelid = i.indrelid
      and a.attnum = i.indkey[0]
    where i.indrelid = p_relation
      and i.indisvalid
      and i.indpred is null
      and m.amname = 'btree'
      and a.attname = p_column_name
  )
$$;

comment on function drill._has_index_on(oid, text) is
  'Internal: whether a valid, complete btree index begins with the column, so that its ends are cheap to read';

revoke all on function drill._has_index_on(oid, text) from public;
-- end copy of sql/data/_has_index_on.sql

-- begin copy of sql/data/_critical_relation_problem.sql
create or replace function drill._critical_relation_problem(p_relation_name text, p_timestamp_column text)
returns text
language sql
stable
set search_path = ''
as $$
  select case
    when r.relation_oid is null
      then 'does not exist'
    -- A materialized view is computed, and a foreign table is another server's: both could look like the table they replaced.
    when c.relkind not in ('r', 'p')
      then 'is not a table'
    when not pg_catalog.has_schema_privilege(c.relnamespace, 'usage')
      then pg_catalog.format('cannot be read: grant usage on schema %s to %I', c.relnamespace::regnamespace, current_user)
    when not pg_catalog.has_table_privilege(r.relation_oid, 'select')
      then pg_catalog.format('cannot be read: grant select on %s to %I', p_relation_name, current_user)
    -- A policy would hide rows from the count without a word.
    when pg_catalog.row_security_active(r.relation_oid)
      then pg_catalog.format('cannot be counted: row level security hides rows from %I, which needs bypassrls', current_user)
    when p_timestamp_column is null
      then null
    when a.attnum is null
      then pg_catalog.format('has no column %I', p_timestamp_column)
    when a.atttypid not in ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
      then pg_catalog.format('has a column %I of type %s, which is not a timestamp', p_timestamp_column, pg_catalog.format_type(a.atttypid, a.atttypmod))
  end
  from (select drill._relation_oid(p_relation_name) as relation_oid) as r
  left join pg_catalog.pg_class as c on c.oid = r.relation_oid
  left join pg_catalog.pg_attribute as a
    on a.attrelid = r.relation_oid
    and a.attname = p_timestamp_column
    and not a.attisdropped
$$;

comment on function drill._critical_relation_problem(text, text) is
  'Internal: why a critical relation cannot be measured by the present role, or null when it can';

revoke all on function drill._critical_relation_problem(text, text) from public;
-- end copy of sql/data/_critical_relation_problem.sql

-- begin copy of sql/data/_recent_days.sql
-- How long a relation may rightly be quiet is what its own days show. One bit per
-- day and no grouping: a group by day would be planned as a sort on disk, while
-- bit_or runs in parallel. Partitions that ended before the first day are left out.
create or replace function drill._recent_days(p_relation_name text, p_timestamp_column text)
returns bit(60)
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set row_security = off
as $$
declare
  v_query text;
  v_days bigint;
begin
  if p_timestamp_column is null then
    return null;
  end if;

  select pg_catalog.string_agg(
    pg_catalog.format(
      'select pg_catalog.bit_or(1::bigint << ($1::date - t.%2$I::date)) as days from %1$s as t'
      ' where t.%2$I >= $1 - interval ''59 days'' and t.%2$I < $1 + interval ''1 day''',
      b.bucket_name, p_timestamp_column
    ),
    ' union all '
  )
  into v_query
  from (
    select p.partition_name
    from drill.list_partitions(p_relation_name) as p
    where p.ends_at is null
      or p.ends_at >= drill.get_now() - interval '60 days'
    union all
    select p_relation_name
    where not exists (
      select
      from pg_catalog.pg_partitioned_table as t
      where t.partrelid = drill._relation_oid(p_relation_name)
    )
  ) as b (bucket_name);

  if v_query is null then
    return 0::bit(60);
  end if;

  execute 'select pg_catalog.bit_or(d.days) from (' || v_query || ') as d'
  into v_days
  using pg_catalog.date_trunc('day', drill.get_now());

  return coalesce(v_days, 0)::bit(60);
end
$$;

comment on function drill._recent_days(text, text) is
  'Internal: which of the last 60 UTC days have rows, one bit per day, today''s the last';

revoke all on function drill._recent_days(text, text) from public;
-- end copy of sql/data/_recent_days.sql

-- begin copy of sql/data/_measure_query.sql
-- Two shapes of a branch: where an index leads with the timestamp column, oldest
-- and newest are read at its ends and the count stays a bare count(*); elsewhere
-- one scan gives all three.
create or replace function drill._measure_query(
  p_bucket_names text[],
  p_timestamp_column text,
  p_with_counts boolean,
  p_with_times boolean
)
returns text
language sql
stable
set search_path = ''
as $$
  select
    'select pg_catalog.array_agg(b.n order by b.position), pg_catalog.array_agg(b.oldest order by b.position),'
    ' pg_catalog.array_agg(b.newest order by b.position) from ('
    || pg_catalog.string_agg(
      pg_catalog.format(
        case
          when not p_with_times or p_timestamp_column is null
            then 'select %1$s as position, pg_catalog.count(*) as n, null::timestamptz as oldest, null::timestamptz as newest from %2$s as t'
          when drill._has_index_on(drill._relation_oid(u.bucket_name), p_timestamp_column)
            then
              'select %1$s as position, %4$s as n,'
              ' (select t.%3$I::timestamptz from %2$s as t where t.%3$I is not null order by t.%3$I limit 1) as oldest,'
              ' (select t.%3$I::timestamptz from %2$s as t where t.%3$I is not null order by t.%3$I desc limit 1) as newest'
              || case when p_with_counts then ' from %2$s as t' else '' end
          else
            'select %1$s as position, %4$s as n, pg_catalog.min(t.%3$I)::timestamptz as oldest,'
            ' pg_catalog.max(t.%3$I)::timestamptz as newest from %2$s as t'
        end,
        u.position,
        u.bucket_name,
        p_timestamp_column,
        case when p_with_counts then 'pg_catalog.count(*)' else 'null::bigint' end
      ),
      ' union all ' order by u.position
    )
    || ') as b'
  from pg_catalog.unnest(p_bucket_names) with ordinality as u (bucket_name, position)
$$;

comment on function drill._measure_query(text[], text, boolean, boolean) is
  'Internal: the query that measures some buckets of one relation, giving arrays of counts, oldest and newest timestamps in their order; bucket names are quoted already';

revoke all on function drill._measure_query(text[], text, boolean, boolean) from public;
-- end copy of sql/data/_measure_query.sql

-- begin copy of sql/data/_measure_buckets.sql
-- Exact counts, never statistics: n_live_tup is 0 in a physical copy.
-- Stable, so that all of its queries see the one snapshot of the calling
-- statement, whatever the isolation level. A relation that cannot be measured
-- gives a row with its problem, and the rest goes on. Takes ACCESS SHARE locks, those
-- of a hundred partitions at a time.
--
-- The partitions of a relation are measured by one query, a hundred at a time:
-- as branches of a union all they are spread over parallel workers, which one
-- query per partition cannot use and a group by tableoid uses badly. A cursor
-- would run without workers, hence arrays. With row_security off a policy that would
-- hide rows, of a partition too, is an error and not a smaller count. When that query fails, each partition
-- of it is measured alone, so that the problem is laid at the right door.
create or replace function drill._measure_buckets(p_with_counts boolean, p_with_times boolean)
returns table (
  relation_name text,
  bucket_name text,
  starts_at timestamptz,
  ends_at timestamptz,
  is_default boolean,
  row_count bigint,
  oldest_at timestamptz,
  newest_at timestamptz,
  problem text
)
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set row_security = off
as $$
declare
  c_batch_size constant integer := 100;
  v_relation record;
  v_bucket record;
  v_names text[];
  v_starts timestamptz[];
  v_ends timestamptz[];
  v_defaults boolean[];
  v_batch text[];
  v_row_counts bigint[];
  v_oldest timestamptz[];
  v_newest timestamptz[];
  v_is_measured boolean;
begin
  for v_relation in
    select
      c.relation_name,
      c.timestamp_column,
      drill._relation_oid(c.relation_name) as relation_oid,
      drill._critical_relation_problem(c.relation_name, c.timestamp_column) as problem
    from drill.critical_relations as c
    order by c.relation_name collate "C"
  loop
    _measure_buckets.relation_name := v_relation.relation_name;
    _measure_buckets.row_count := null;
    _measure_buckets.oldest_at := null;
    _measure_buckets.newest_at := null;

    if v_relation.problem is not null then
      _measure_buckets.bucket_name := v_relation.relation_name;
      _measure_buckets.starts_at := null;
      _measure_buckets.ends_at := null;
      _measure_buckets.is_default := false;
      _measure_buckets.problem := v_relation.problem;
      return next;
      continue;
    end if;

    -- Once for each relation, not for each batch.
    select
      coalesce(pg_catalog.array_agg(p.partition_name order by p.position), array[v_relation.relation_name]),
      pg_catalog.array_agg(p.starts_at order by p.position),
      pg_catalog.array_agg(p.ends_at order by p.position),
      pg_catalog.array_agg(p.is_default order by p.position)
    into v_names, v_starts, v_ends, v_defaults
    from drill.list_partitions(v_relation.relation_name) with ordinality
      as p (partition_name, is_default, starts_at, ends_at, is_detach_pending, position);

    for v_start in 1..pg_catalog.cardinality(v_names) by c_batch_size loop
      v_batch := v_names[v_start:v_start + c_batch_size - 1];
      v_is_measured := false;
      if p_with_counts or p_with_times then
        begin
          execute drill._measure_query(v_batch, v_relation.timestamp_column, p_with_counts, p_with_times)
          into v_row_counts, v_oldest, v_newest;
          v_is_measured := true;
          -- What was measured is in variables, which stay; the locks go. All of them together, one for
          -- each partition and each of its indexes, would be more than the server has room for.
          raise exception using errcode = 'transaction_rollback', message = 'measured';
        exception
          -- Not swallowed: each bucket is tried alone below, and says its problem.
          when others then
            null;
        end;
      end if;

      for v_bucket in
        select b.bucket_name, b.position::integer as position
        from pg_catalog.unnest(v_batch) with ordinality as b (bucket_name, position)
        order by b.position
      loop
        _measure_buckets.bucket_name := v_bucket.bucket_name;
        _measure_buckets.starts_at := v_starts[v_start + v_bucket.position - 1];
        _measure_buckets.ends_at := v_ends[v_start + v_bucket.position - 1];
        _measure_buckets.is_default := coalesce(v_defaults[v_start + v_bucket.position - 1], false);
        _measure_buckets.problem := null;
        if v_is_measured then
          _measure_buckets.row_count := v_row_counts[v_bucket.position];
          _measure_buckets.oldest_at := v_oldest[v_bucket.position];
          _measure_buckets.newest_at := v_newest[v_bucket.position];
        elsif p_with_counts or p_with_times then
          _measure_buckets.row_count := null;
          _measure_buckets.oldest_at := null;
          _measure_buckets.newest_at := null;
          begin
            execute drill._measure_query(array[v_bucket.bucket_name], v_relation.timestamp_column, p_with_counts, p_with_times)
            into v_row_counts, v_oldest, v_newest;
            _measure_buckets.row_count := v_row_counts[1];
            _measure_buckets.oldest_at := v_oldest[1];
            _measure_buckets.newest_at := v_newest[1];
          exception
            -- Not swallowed: the row says that this bucket could not be looked at.
            when others then
              _measure_buckets.problem := pg_catalog.format('%s (SQLSTATE %s)', sqlerrm, sqlstate);
          end;
        end if;
        return next;
      end loop;
    end loop;
  end loop;
end
$$;

comment on function drill._measure_buckets(boolean, boolean) is
  'Internal: the buckets of every critical relation, with counts and times as asked for (with neither: names and bounds, no table is read)';

revoke all on function drill._measure_buckets(boolean, boolean) from public;
-- end copy of sql/data/_measure_buckets.sql

-- begin copy of sql/data/list_buckets.sql
-- What a baseline stores and what a verification states again: the same function
-- on both sides, so that both have the same shape.
create or replace function drill.list_buckets(p_measure boolean default true)
returns table (
  relation_name text,
  bucket_name text,
  starts_at timestamptz,
  ends_at timestamptz,
  is_default boolean,
  row_count bigint,
  oldest_at timestamptz,
  newest_at timestamptz,
  problem text
)
language sql
stable
set search_path = ''
as $$
  select b.*
  from drill._measure_buckets(p_measure, p_measure) as b
$$;

comment on function drill.list_buckets(boolean) is
  'Facts of every critical relation, one row per partition (or the whole table): exact row count, oldest and newest timestamp; problem says why a bucket could not be measured; p_measure => false leaves the tables alone and gives names and bounds';

revoke all on function drill.list_buckets(boolean) from public;
-- end copy of sql/data/list_buckets.sql

-- begin copy of sql/data/list_row_counts.sql
create or replace function drill.list_row_counts()
returns table (relation_name text, bucket_name text, row_count bigint, problem text)
language sql
stable
set search_path = ''
as $$
  select b.relation_name, b.bucket_name, b.row_count, b.problem
  from drill._measure_buckets(true, false) as b
$$;

comment on function drill.list_row_counts() is
  'Exact row count of every critical relation, per partition';

revoke all on function drill.list_row_counts() from public;
-- end copy of sql/data/list_row_counts.sql

-- begin copy of sql/data/list_newest_timestamps.sql
create or replace function drill.list_newest_timestamps()
returns table (relation_name text, timestamp_column text, newest_at timestamptz, problem text)
language sql
stable
set search_path = ''
as $$
  select b.relation_name, c.timestamp_column, pg_catalog.max(b.newest_at), pg_catalog.min(b.problem)
  from drill._measure_buckets(false, true) as b
  inner join drill.critical_relations as c on c.relation_name = b.relation_name
  group by b.relation_name, c.timestamp_column
  order by b.relation_name collate "C"
$$;

comment on function drill.list_newest_timestamps() is
  'Newest timestamp of every critical relation, to hold against the recovery point';

revoke all on function drill.list_newest_timestamps() from public;
-- end copy of sql/data/list_newest_timestamps.sql

-- begin copy of sql/data/verify_critical_relations.sql
create or replace function drill.verify_critical_relations()
returns setof drill.check_result
language sql
stable
set search_path = ''
as $$
  select
    'critical_relations',
    c.relation_name,
    case
      when p.problem is null then 'pass'
      when p.problem = 'does not exist' then 'fail'
      else 'error'
    end,
    pg_catalog.format('%s %s', c.relation_name, coalesce(p.problem, 'exists and can be read')),
    case
      when p.problem = 'does not exist'
        and c.profile = 'opsmantik'
        then pg_catalog.format('Restore %s; or, when this is not OpsMantik''s database, run in production: delete from drill.critical_relations where profile = ''opsmantik''.', c.relation_name)
      when p.problem = 'does not exist'
        then pg_catalog.format('Restore %s: it is registered as data that must come back.', c.relation_name)
      when p.problem is not null
        then pg_catalog.format('Make %s readable for %I, or correct its row in drill.critical_relations.', c.relation_name, current_user)
    end,
    pg_catalog.to_jsonb('readable'::text),
    pg_catalog.to_jsonb(coalesce(p.problem, 'readable'))
  from drill.critical_relations as c
  cross join lateral (
    select drill._critical_relation_problem(c.relation_name, c.timestamp_column) as problem
  ) as p
  union all
  select
    'critical_relations', null, 'error',
    'no critical relation is registered, so no data was looked at',
    'Register what must be recoverable: select drill.register_critical_relation(''public.orders'', ''created_at'', true).',
    null, null
  where not exists (select from drill.critical_relations)
  order by 2
$$;

comment on function drill.verify_critical_relations() is
  'Whether each critical relation exists, can be read in full by this role, and has its timestamp column';

revoke all on function drill.verify_critical_relations() from public;
-- end copy of sql/data/verify_critical_relations.sql

-- begin copy of sql/recovery/heartbeats.sql
create table drill.heartbeats (
  beat_at timestamptz primary key,
  lsn pg_lsn not null,
  system_identifier bigint not null,
  timeline_id integer not null,
  started_at timestamptz not null,
  database_name text not null
);

comment on table drill.heartbeats is
  'Moments at which production was alive and writing; the newest one in a copy is its recovery point';
comment on column drill.heartbeats.beat_at is 'When the heartbeat was written';
comment on column drill.heartbeats.lsn is 'WAL insert position at that moment';
comment on column drill.heartbeats.system_identifier is 'Server that wrote it';
comment on column drill.heartbeats.timeline_id is 'Timeline on which it was written: tells production''s heartbeats from those of a copy whose jobs run on';

comment on column drill.heartbeats.started_at is 'Start of the server that wrote it: tells those that a copy writes since it runs';
comment on column drill.heartbeats.database_name is 'Database in which it was written: a copy may stand beside production on one server';

revoke all on table drill.heartbeats from public;
-- end copy of sql/recovery/heartbeats.sql

-- begin copy of sql/recovery/_write_heartbeat.sql
create or replace function drill._write_heartbeat()
returns timestamptz
language sql
volatile
set search_path = ''
as $$
  insert into drill.heartbeats (beat_at, lsn, system_identifier, timeline_id, started_at, database_name)
  select drill.get_now(), pg_catalog.pg_current_wal_insert_lsn(), i.system_identifier, i.timeline_id, i.started_at,
    i.database_name
  from drill.get_identity() as i
  on conflict (beat_at) do nothing;

  select drill.get_now()
$$;

comment on function drill._write_heartbeat() is
  'Internal: writes a heartbeat and forgets none';

revoke all on function drill._write_heartbeat() from public;
-- end copy of sql/recovery/_write_heartbeat.sql

-- begin copy of sql/recovery/record_heartbeat.sql
-- Rows that another session is removing are left to it: a heartbeat must never wait.
create or replace function drill.record_heartbeat()
returns timestamptz
language sql
volatile
set search_path = ''
as $$
  delete from drill.heartbeats as h
  where h.beat_at in (
    select o.beat_at
    from drill.heartbeats as o
    where o.beat_at < drill.get_now() - drill.get_policy('heartbeat_retention')
    for update skip locked
  );

  select drill._write_heartbeat()
$$;

comment on function drill.record_heartbeat() is
  'Writes that production is alive now, and forgets heartbeats older than the policy; call it once a minute';

revoke all on function drill.record_heartbeat() from public;
-- end copy of sql/recovery/record_heartbeat.sql

-- begin copy of sql/recovery/recovery_point.sql
-- Regular heartbeats say exactly up to when the copy reaches. With rare ones
-- (written on captures only) the newest of them is only a lower bound, and rows of
-- append-only relations that came later prove more. Rows dated after now prove
-- nothing.
--
-- What a copy wrote itself, because its scheduled jobs run on or somebody tried the
-- application on it, says nothing about production. Its heartbeats are known by
-- the new timeline of a promoted copy, the other server of a logical one, and the
-- start of the server that runs now with the database's name; its rows by being
-- newer than that start.
create or replace function drill.recovery_point(p_read_data boolean default true)
returns table (
  recovery_point timestamptz,
  source text,
  is_exact boolean,
  heartbeat_at timestamptz,
  heartbeat_interval interval,
  newest_data_at timestamptz,
  newest_data_relation text
)
language sql
stable
set search_path = ''
as $$
  with candidate as (
    select
      h.beat_at,
      (h.system_identifier, h.timeline_id, h.database_name)
        = (i.system_identifier, i.timeline_id, i.database_name) as is_of_this_server,
      drill._is_copy() and (h.started_at, h.database_name) = (i.started_at, i.database_name) as is_of_this_copy,
      h.started_at = i.started_at and h.database_name <> i.database_name as is_of_neighbour
    from drill.heartbeats as h
    cross join drill.get_identity() as i
  ),
  newest as (
    select c.beat_at
    from candidate as c
    where not c.is_of_this_copy
      and (
        not c.is_of_this_server
        or not exists (select from candidate as o where not o.is_of_this_server)
      )
    order by c.beat_at desc
    limit 11
  ),
  gap as (
    select n.beat_at, n.beat_at - pg_catalog.lag(n.beat_at) over (order by n.beat_at) as beat_gap
    from newest as n
  ),
  heartbeat as (
    select
      pg_catalog.max(g.beat_at) as beat_at,
      pg_catalog.max(g.beat_gap) as beat_interval,
      coalesce(
        pg_catalog.count(*) >= 3 and -- A job that starts each five minutes does so to the second, more or less.
        pg_catalog.max(g.beat_gap) <= drill.get_policy('heartbeat_interval') + interval '30 seconds',
        false
      ) as is_regular
    from gap as g
  ),
  data as (
    select n.newest_at, n.relation_name
    from drill.list_newest_timestamps() as n
    inner join drill.critical_relations as c on c.relation_name = n.relation_name
    where c.is_append_only
      and n.newest_at <= drill.get_now()
      -- But where production stands on the very same server, its rows are newer than that start, too.
      and not (
        drill._is_copy()
        and n.newest_at >= pg_catalog.pg_postmaster_start_time()
        and not exists (select from candidate as o where o.is_of_neighbour)
      )
      -- Scanning the data for a moment that heartbeats already tell would be waste.
      and p_read_data
      and not (select h.is_regular from heartbeat as h)
    order by n.newest_at desc
    limit 1
  )
  select
    case when h.is_regular then h.beat_at else greatest(h.beat_at, d.newest_at) end,
    case
      when d.newest_at > h.beat_at or h.beat_at is null and d.newest_at is not null then 'data'
      when h.beat_at is not null then 'heartbeat'
    end,
    h.is_regular,
    h.beat_at,
    h.beat_interval,
    d.newest_at,
    d.relation_name
  from heartbeat as h
  left join data as d on true
$$;

comment on function drill.recovery_point(boolean) is
  'Up to when the data reaches: the newest heartbeat when heartbeats are regular, else the later of heartbeat and newest append-only row (p_read_data => false leaves the rows out); null when there is no evidence';

revoke all on function drill.recovery_point(boolean) from public;
-- end copy of sql/recovery/recovery_point.sql

-- begin copy of sql/recovery/verify_recovery_point.sql
create or replace function drill.verify_recovery_point(
  p_failure_point timestamptz default null,
  p_read_data boolean default true
)
returns setof drill.check_result
language sql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
  select
    'recovery_point',
    null,
    case
      when v.recovery_point is null then 'error'
      when v.recovery_point > v.failure_point + drill.get_policy('clock_skew') then 'fail'
      when v.loss <= v.objective then 'pass'
      -- A rare heartbeat is only a lower bound; the rows were not looked at.
      when not v.is_exact and not p_read_data then 'error'
      else 'fail'
    end,
    case
      when v.recovery_point is null
        then 'the recovery point is unknown: there is no heartbeat and no dated row of an append-only relation'
      when v.recovery_point > v.failure_point + drill.get_policy('clock_skew')
        then pg_catalog.format('the data reaches to %s (%s), which is after the failure point %s', v.recovery_point, v.source, v.failure_point)
      when v.loss <= v.objective
        then pg_catalog.format('the data reaches to %s (%s): %s before the failure point, within the RPO of %s', v.recovery_point, v.source, greatest(v.loss, interval '0'), v.objective)
      when not v.is_exact and not p_read_data
        then pg_catalog.format('the newest heartbeat is of %s, but heartbeats are rare here, so the loss is not known without looking at the data', v.recovery_point)
      else pg_catalog.format('the data reaches only to %s (%s): %s before the failure point, beyond the RPO of %s', v.recovery_point, v.source, v.loss, v.objective)
    end,
    case
      when v.recovery_point is null
        then 'Call drill.record_heartbeat() in production once a minute, for instance with pg_cron.'
      when v.recovery_point > v.failure_point + drill.get_policy('clock_skew')
        then 'Check that this is the right database and that the recovery stopped where it should; a past failure needs its moment (--failure-point, or the setting drill.failure_point).'
      when v.loss <= v.objective then null
      when not v.is_exact and not p_read_data
        then 'Verify at depth standard, and record a heartbeat once a minute in production.'
      else 'Restore to a later point, or give the moment of the failure (--failure-point, or the setting drill.failure_point) if it was not now.'
    end,
    pg_catalog.jsonb_build_object('rpo', v.objective, 'failure_point', v.failure_point),
    pg_catalog.jsonb_build_object('recovery_point', v.recovery_point, 'source', v.source, 'is_exact', v.is_exact, 'loss', v.loss)
  from (
    select
      r.*,
      f.failure_point,
      f.failure_point - r.recovery_point as loss,
      drill.get_policy('rpo') as objective
    from drill.recovery_point(p_read_data) as r
    cross join (
      select coalesce(
        p_failure_point,
        -- For psql: the checks that call this one take no argument.
        nullif(pg_catalog.current_setting('drill.failure_point', true), '')::timestamptz,
        drill.get_now()
      ) as failure_point
    ) as f
  ) as v
  union all
  select
    'recovery_point', null, 'fail',
    'the server is still in recovery: it is a standby, or the restore has not come to its end',
    'Wait for the recovery to end, or promote it: select pg_promote().',
    pg_catalog.to_jsonb('recovered'::text), pg_catalog.to_jsonb('in recovery'::text)
  where pg_catalog.pg_is_in_recovery()
  union all
  -- A time that the copy carries with it would make it judge itself.
  select
    'recovery_point', null, 'fail',
    pg_catalog.format('the database or a role of it sets %s', s.setting),
    'Take the setting away (alter database ... reset ...): only whoever verifies may say what now, the failure point and a copy are.',
    null, pg_catalog.to_jsonb(s.setting)
  from pg_catalog.pg_db_role_setting as d
  cross join lateral pg_catalog.unnest(d.setconfig) as s (setting)
  where s.setting like 'drill.%'
    and d.setdatabase in (0, (select b.oid from pg_catalog.pg_database as b where b.datname = pg_catalog.current_database()))
$$;

comment on function drill.verify_recovery_point(timestamptz, boolean) is
  'Whether the data lost between the recovery point and the failure point (null: the setting drill.failure_point, else now) stays within the RPO of the policy';

revoke all on function drill.verify_recovery_point(timestamptz, boolean) from public;
-- end copy of sql/recovery/verify_recovery_point.sql

-- begin copy of sql/baselines/baselines.sql
create table drill.baselines (
  baseline_id uuid primary key default gen_random_uuid(),
  captured_at timestamptz not null,
  captured_lsn pg_lsn not null,
  label text,
  schema_version text not null,
  installation_id uuid not null,
  system_identifier bigint not null,
  timeline_id integer not null,
  started_at timestamptz not null,
  database_name text not null,
  server_version text not null,
  policies jsonb not null,
  guards jsonb not null,
  partitioned_relations jsonb not null,
  isolation_policy jsonb not null default '{}',
  waivers jsonb not null default '[]'
);

comment on table drill.baselines is
  'Stored sets of facts of production, each at one moment; they travel in every backup';
comment on column drill.baselines.baseline_id is 'Random identity of the baseline';
comment on column drill.baselines.captured_at is 'The moment that the facts describe';
comment on column drill.baselines.captured_lsn is 'WAL insert position at that moment';
comment on column drill.baselines.label is 'Free text of whoever captured it';
comment on column drill.baselines.schema_version is 'Version of schema drill that captured it';
comment on column drill.baselines.installation_id is 'Installation of pgdrill, the same in production and its copies';
comment on column drill.baselines.system_identifier is 'Server that was production';
comment on column drill.baselines.timeline_id is 'Timeline of that server';
comment on column drill.baselines.started_at is 'Start time of that server, to recognise production as such';
comment on column drill.baselines.database_name is 'Name of production''s database';
comment on column drill.baselines.server_version is 'PostgreSQL version of production';
comment on column drill.baselines.policies is 'Policy durations of production: name to seconds';
comment on column drill.baselines.guards is 'Registered guards of production with their definitions, as drill.export_registrations() gives them';
comment on column drill.baselines.partitioned_relations is 'Registered partitioned tables of production, as drill.export_registrations() gives them';
comment on column drill.baselines.isolation_policy is 'What isolation demanded in production: kind to status';
comment on column drill.baselines.waivers is 'Waivers of production, as drill.export_registrations() gives them';

create index baselines_captured_at_idx on drill.baselines (captured_at desc);

revoke all on table drill.baselines from public;
-- end copy of sql/baselines/baselines.sql

-- begin copy of sql/baselines/baseline_relations.sql
create table drill.baseline_relations (
  baseline_id uuid not null references drill.baselines (baseline_id) on delete cascade,
  relation_name text not null,
  timestamp_column text,
  is_append_only boolean not null,
  tolerance numeric not null,
  recent_days bit(60),
  constraint baseline_relations_pkey primary key (baseline_id, relation_name)
);

comment on table drill.baseline_relations is 'The critical relations of a baseline, as they were registered then';
comment on column drill.baseline_relations.baseline_id is 'The baseline';
comment on column drill.baseline_relations.relation_name is 'Schema and table, quoted where needed';
comment on column drill.baseline_relations.timestamp_column is 'Column that dates a row, or null';
comment on column drill.baseline_relations.is_append_only is 'True when rows are never deleted';
comment on column drill.baseline_relations.tolerance is 'Tolerated share of difference of a settled bucket that is not append-only';
comment on column drill.baseline_relations.recent_days is 'Which of the last 60 days had rows, the day of the capture last; null without a timestamp column';

revoke all on table drill.baseline_relations from public;
-- end copy of sql/baselines/baseline_relations.sql

-- begin copy of sql/baselines/baseline_buckets.sql
create table drill.baseline_buckets (
  baseline_id uuid not null,
  relation_name text not null,
  bucket_name text not null,
  starts_at timestamptz,
  ends_at timestamptz,
  is_default boolean not null,
  row_count bigint not null,
  oldest_at timestamptz,
  newest_at timestamptz,
  constraint baseline_buckets_pkey primary key (baseline_id, relation_name, bucket_name),
  constraint baseline_buckets_relation_fkey foreign key (baseline_id, relation_name)
    references drill.baseline_relations (baseline_id, relation_name) on delete cascade,
  constraint baseline_buckets_row_count_check check (row_count >= 0)
);

comment on table drill.baseline_buckets is 'The facts of a baseline: one row per partition, or per table that has none';
comment on column drill.baseline_buckets.baseline_id is 'The baseline';
comment on column drill.baseline_buckets.relation_name is 'The critical relation';
comment on column drill.baseline_buckets.bucket_name is 'The partition, or the relation itself';
comment on column drill.baseline_buckets.starts_at is 'Lower bound of the partition; null for a table or a default partition';
comment on column drill.baseline_buckets.ends_at is 'Upper bound of the partition; null for a table or a default partition';
comment on column drill.baseline_buckets.is_default is 'True for the default partition';
comment on column drill.baseline_buckets.row_count is 'Exact number of rows';
comment on column drill.baseline_buckets.oldest_at is 'Oldest timestamp, null when there is none';
comment on column drill.baseline_buckets.newest_at is 'Newest timestamp, null when there is none';

revoke all on table drill.baseline_buckets from public;
-- end copy of sql/baselines/baseline_buckets.sql

-- begin copy of sql/baselines/_newest_baseline.sql
-- A baseline that a copy captured of itself would approve of any damage in it.
create or replace function drill._newest_baseline()
returns uuid
language sql
stable
set search_path = ''
as $$
  with candidate as (
    select
      b.baseline_id,
      b.captured_at,
      (b.system_identifier, b.timeline_id, b.database_name)
        = (i.system_identifier, i.timeline_id, i.database_name) as is_of_this_server,
      (b.started_at, b.database_name) = (i.started_at, i.database_name) as is_of_this_start
    from drill.baselines as b
    cross join drill.get_identity() as i
  )
  select c.baseline_id
  from candidate as c
  where not drill._is_copy()
    or not c.is_of_this_start
    and (
      not c.is_of_this_server
      or not exists (select from candidate as o where not o.is_of_this_server)
    )
  order by c.captured_at desc, c.baseline_id
  limit 1
$$;

comment on function drill._newest_baseline() is
  'Internal: the newest stored baseline; in a copy (setting drill.is_copy) those that it captured of itself left out';

revoke all on function drill._newest_baseline() from public;
-- end copy of sql/baselines/_newest_baseline.sql

-- begin copy of sql/baselines/capture_baseline.sql
-- A baseline with a hole would later pass for "production had nothing there", so
-- anything that cannot be measured ends the capture.
create or replace function drill.capture_baseline(p_label text default null)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_baseline_id uuid;
  v_bucket record;
begin
  if not exists (select from drill.critical_relations) then
    raise exception using
      errcode = 'RD005',
      message = 'cannot capture a baseline: no critical relation is registered',
      hint = 'Register what must be recoverable: select drill.register_critical_relation(''public.orders'', ''created_at'', true).';
  end if;

  insert into drill.baselines (
    captured_at, captured_lsn, label, schema_version, installation_id, system_identifier, timeline_id,
    started_at, database_name, server_version, policies, guards, partitioned_relations,
    isolation_policy, waivers
  )
  select
    drill.get_now(),
    pg_catalog.pg_current_wal_insert_lsn(),
    p_label,
    drill.schema_version(),
    i.installation_id,
    i.system_identifier,
    i.timeline_id,
    i.started_at,
    i.database_name,
    i.server_version,
    r.registrations -> 'policies',
    r.registrations -> 'guards',
    r.registrations -> 'partitioned_relations',
    r.registrations -> 'isolation_policy',
    r.registrations -> 'waivers'
  from drill.get_identity() as i
  cross join (select drill.export_registrations() as registrations) as r
  where i.installation_id is not null
  returning baseline_id into v_baseline_id;

  if v_baseline_id is null then
    raise exception using
      errcode = 'RD005',
      message = 'cannot capture a baseline: drill.installation has no row',
      hint = 'Install pgdrill again: its identity of this database is gone.';
  end if;

  insert into drill.baseline_relations (
    baseline_id, relation_name, timestamp_column, is_append_only, tolerance, recent_days
  )
  select
    v_baseline_id, c.relation_name, c.timestamp_column, c.is_append_only, c.tolerance,
    case
      when drill._critical_relation_problem(c.relation_name, c.timestamp_column) is null
        then drill._recent_days(c.relation_name, c.timestamp_column)
    end
  from drill.critical_relations as c;

  -- One statement, hence one snapshot for all counts.
  for v_bucket in
    select b.*
    from drill.list_buckets() as b
  loop
    if v_bucket.problem is not null then
      raise exception using
        errcode = 'RD005',
        message = format('cannot capture a baseline: %s %s', v_bucket.bucket_name, v_bucket.problem),
        hint = 'Correct that, or remove the relation from drill.critical_relations if it need not be recoverable.';
    end if;

    insert into drill.baseline_buckets (
      baseline_id, relation_name, bucket_name, starts_at, ends_at, is_default, row_count, oldest_at, newest_at
    )
    values (
      v_baseline_id, v_bucket.relation_name, v_bucket.bucket_name, v_bucket.starts_at, v_bucket.ends_at,
      v_bucket.is_default, v_bucket.row_count, v_bucket.oldest_at, v_bucket.newest_at
    );
  end loop;

  insert into drill.baseline_objects (
    baseline_id, object_kind, object_name, definition, relation_name, is_of_partition, problem
  )
  select v_baseline_id, o.object_kind, o.object_name, o.definition, o.relation_name, o.is_of_partition, o.problem
  from drill.list_objects() as o;

  -- Last: what it locks, it locks but for a moment.
  perform drill._write_heartbeat();

  return v_baseline_id;
end
$$;

comment on function drill.capture_baseline(text) is
  'Measures every critical relation, lists every object, and stores the facts as a baseline (with a heartbeat), giving its id; raises RD005 rather than store one with a hole';

revoke all on function drill.capture_baseline(text) from public;
-- end copy of sql/baselines/capture_baseline.sql

-- begin copy of sql/baselines/list_baselines.sql
create or replace function drill.list_baselines()
returns table (
  baseline_id uuid,
  captured_at timestamptz,
  captured_lsn pg_lsn,
  label text,
  database_name text,
  relation_count bigint,
  bucket_count bigint,
  row_count numeric
)
language sql
stable
set search_path = ''
as $$
  select
    b.baseline_id,
    b.captured_at,
    b.captured_lsn,
    b.label,
    b.database_name,
    (select pg_catalog.count(*) from drill.baseline_relations as r where r.baseline_id = b.baseline_id),
    pg_catalog.count(k.bucket_name),
    coalesce(pg_catalog.sum(k.row_count), 0)
  from drill.baselines as b
  left join drill.baseline_buckets as k on k.baseline_id = b.baseline_id
  group by b.baseline_id
  order by b.captured_at desc, b.baseline_id
$$;

comment on function drill.list_baselines() is
  'Stored baselines, newest first, with how much each holds';

revoke all on function drill.list_baselines() from public;
-- end copy of sql/baselines/list_baselines.sql

-- begin copy of sql/baselines/export_baseline.sql
-- Counts leave as text: a JSON number beyond 2^53 would be rounded by many readers.
create or replace function drill.export_baseline(p_baseline_id uuid default null)
returns jsonb
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
as $$
declare
  v_baseline_id uuid := p_baseline_id;
  v_document jsonb;
begin
  if v_baseline_id is null then
    v_baseline_id := drill._newest_baseline();
  end if;

  select pg_catalog.jsonb_build_object(
    'format', 'pgdrill-baseline',
    'format_version', 1,
    'baseline_id', b.baseline_id,
    'captured_at', b.captured_at,
    'captured_lsn', b.captured_lsn,
    'label', b.label,
    'schema_version', b.schema_version,
    'source', pg_catalog.jsonb_build_object(
      'installation_id', b.installation_id,
      'system_identifier', b.system_identifier::text,
      'timeline_id', b.timeline_id,
      'started_at', b.started_at,
      'database_name', b.database_name,
      'server_version', b.server_version
    ),
    'policies', b.policies,
    'guards', b.guards,
    'partitioned_relations', b.partitioned_relations,
    'isolation_policy', b.isolation_policy,
    'waivers', b.waivers,
    'objects', (
      select coalesce(
        pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'object_kind', o.object_kind,
            'object_name', o.object_name,
            'definition', o.definition,
            'relation_name', o.relation_name,
            'is_of_partition', o.is_of_partition,
            'problem', o.problem
          )
          order by o.object_kind collate "C", o.object_name collate "C"
        ),
        '[]'
      )
      from drill.baseline_objects as o
      where o.baseline_id = b.baseline_id
    ),
    'relations', (
      select pg_catalog.jsonb_agg(
        pg_catalog.jsonb_build_object(
          'relation_name', r.relation_name,
          'timestamp_column', r.timestamp_column,
          'is_append_only', r.is_append_only,
          'tolerance', r.tolerance::text,
          'recent_days', r.recent_days::text,
          -- A partitioned table without a partition has none.
          'buckets', (
            select coalesce(pg_catalog.jsonb_agg(
              pg_catalog.jsonb_build_object(
                'bucket_name', k.bucket_name,
                'starts_at', k.starts_at,
                'ends_at', k.ends_at,
                'is_default', k.is_default,
                'row_count', k.row_count::text,
                'oldest_at', k.oldest_at,
                'newest_at', k.newest_at
              )
              order by k.starts_at, k.bucket_name collate "C"
            ), '[]')
            from drill.baseline_buckets as k
            where k.baseline_id = r.baseline_id
              and k.relation_name = r.relation_name
          )
        )
        order by r.relation_name collate "C"
      )
      from drill.baseline_relations as r
      where r.baseline_id = b.baseline_id
    )
  )
  into v_document
  from drill.baselines as b
  where b.baseline_id = v_baseline_id;

  if v_document is null then
    raise exception using
      errcode = case when p_baseline_id is null then 'RD003' else 'RD004' end,
      message = case
        when p_baseline_id is null then 'no baseline is stored in this database'
        else format('no baseline %s is stored in this database', p_baseline_id)
      end,
      hint = 'In production run: select drill.capture_baseline(); drill.list_baselines() shows what is stored.';
  end if;

  return v_document;
end
$$;

comment on function drill.export_baseline(uuid) is
  'One baseline (null: the newest) as a JSON document, format pgdrill-baseline version 1; raises RD003 or RD004 when there is none';

revoke all on function drill.export_baseline(uuid) from public;
-- end copy of sql/baselines/export_baseline.sql

-- begin copy of sql/data/verify_row_counts.sql
-- For people with psql alone: the newest baseline that travelled with the copy
-- beside the counts of now. Judges only what needs no history: nothing that had
-- rows is empty, no bucket is missing, closed buckets of append-only relations are
-- equal, no append-only relation shrank since a baseline that the copy contains,
-- no other by more than its tolerance. Timestamps and growth are the command line's.
create or replace function drill.verify_row_counts()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
declare
  v_baseline record;
  v_bucket record;
  v_result drill.check_result;
begin
  select b.baseline_id, b.captured_at
  into v_baseline
  from drill.baselines as b
  where b.baseline_id = drill._newest_baseline();

  if not found then
    return next row(
      'row_counts', null, 'error',
      'no baseline travelled with this database, so its row counts have nothing to be compared with',
      'Use the command line with a baseline file: pgdrill verify --target NAME --baseline FILE.',
      null, null
    )::drill.check_result;
    return;
  end if;

  for v_bucket in
    select
      coalesce(f.bucket_name, k.bucket_name) as bucket_name,
      r.relation_name is not null as is_in_baseline,
      f.relation_name is not null as is_registered,
      r.is_append_only,
      greatest(1, r.tolerance * k.row_count) as tolerated_count,
      k.row_count as expected_count,
      f.row_count as actual_count,
      f.problem,
      coalesce(k.ends_at + drill.get_policy('settle_after') <= v_baseline.captured_at, false) as is_settled
    from (select b.* from drill.list_buckets() as b) as f
    full join (
      select k.*
      from drill.baseline_buckets as k
      where k.baseline_id = v_baseline.baseline_id
    ) as k
      on k.relation_name = f.relation_name
      and k.bucket_name = f.bucket_name
    left join drill.baseline_relations as r
      on r.baseline_id = v_baseline.baseline_id
      and r.relation_name = coalesce(k.relation_name, f.relation_name)
    order by 1
  loop
    v_result := row(
      'row_counts', v_bucket.bucket_name, 'pass',
      pg_catalog.format('%s has %s rows, the baseline of %s has %s', v_bucket.bucket_name, v_bucket.actual_count, v_baseline.captured_at, coalesce(v_bucket.expected_count::text, 'no such bucket')),
      null,
      pg_catalog.to_jsonb(v_bucket.expected_count::text), pg_catalog.to_jsonb(v_bucket.actual_count::text)
    );

    if v_bucket.problem is not null then
      v_result.status := 'error';
      v_result.detail := pg_catalog.format('%s %s', v_bucket.bucket_name, v_bucket.problem);
      v_result.hint := 'Make it readable for this role, then verify again.';
    elsif not v_bucket.is_in_baseline then
      v_result.status := 'error';
      v_result.detail := pg_catalog.format('%s is critical, but the baseline of %s does not know it', v_bucket.bucket_name, v_baseline.captured_at);
      v_result.hint := 'Capture a new baseline in production: select drill.capture_baseline().';
    elsif v_bucket.actual_count is null then
      v_result.status := 'fail';
      v_result.detail := pg_catalog.format('%s is missing: the baseline of %s has %s rows in it', v_bucket.bucket_name, v_baseline.captured_at, v_bucket.expected_count);
      v_result.hint := pg_catalog.format('Restore or attach %s.', v_bucket.bucket_name);
    elsif v_bucket.actual_count = 0 and v_bucket.expected_count > 0 then
      v_result.status := 'fail';
      v_result.detail := pg_catalog.format('%s is empty, the baseline of %s has %s rows', v_bucket.bucket_name, v_baseline.captured_at, v_bucket.expected_count);
      v_result.hint := pg_catalog.format('Restore the rows of %s.', v_bucket.bucket_name);
    elsif v_bucket.is_append_only and v_bucket.is_settled and v_bucket.actual_count <> v_bucket.expected_count
      or v_bucket.is_append_only and v_bucket.actual_count < v_bucket.expected_count
      or not v_bucket.is_append_only and v_bucket.actual_count < v_bucket.expected_count - v_bucket.tolerated_count
    then
      v_result.status := 'fail';
      v_result.detail := v_result.detail || case
        when not v_bucket.is_append_only then pg_catalog.format(': fewer than the tolerated %s', pg_catalog.trunc(v_bucket.tolerated_count))
        when v_bucket.is_settled then ': it is closed and append-only, so they must be equal'
        else ': an append-only relation cannot shrink'
      end;
      v_result.hint := pg_catalog.format('Find the lost or extra rows of %s; restore again if they are lost.', v_bucket.bucket_name);
    end if;

    return next v_result;
  end loop;
end
$$;

comment on function drill.verify_row_counts() is
  'Row counts of the critical relations against the newest baseline in this database: missing, emptied, shrunk, or changed although closed';

revoke all on function drill.verify_row_counts() from public;
-- end copy of sql/data/verify_row_counts.sql

-- Down Migration

drop function drill.verify_row_counts();
drop function drill.export_baseline(uuid);
drop function drill.list_baselines();
drop function drill.capture_baseline(text);
drop function drill._newest_baseline();
drop table drill.baseline_buckets;
drop table drill.baseline_relations;
drop table drill.baselines;
drop function drill.verify_recovery_point(timestamptz, boolean);
drop function drill.recovery_point(boolean);
drop function drill.record_heartbeat();
drop function drill._write_heartbeat();
drop table drill.heartbeats;
drop function drill.verify_critical_relations();
drop function drill.list_newest_timestamps();
drop function drill.list_row_counts();
drop function drill.list_buckets(boolean);
drop function drill._measure_buckets(boolean, boolean);
drop function drill._measure_query(text[], text, boolean, boolean);
drop function drill._recent_days(text, text);
drop function drill._critical_relation_problem(text, text);
drop function drill._has_index_on(oid, text);
drop function drill.import_registrations(jsonb);
drop function drill.export_registrations();
