-- Reads the catalog, and of default partitions whether they hold a row.
create or replace function drill.verify_partitions()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
declare
  v_relation record;
  v_relation_oid oid;
  v_covered tstzmultirange;
  v_period_from timestamptz;
  v_period_to timestamptz;
  v_period_name text;
  v_step interval;
  v_bound_zone text;
  v_partition record;
  v_other record;
  v_partition_count bigint;
  v_names_without_leaf text[];
  v_is_cut_by_time boolean;
  v_pending_names text[];
  v_default_names text[];
  v_row_count bigint;
  v_result drill.check_result;
  v_is_any boolean := false;
begin
  for v_relation in
    select r.*
    from drill.partitioned_relations as r
    order by r.relation_name collate "C"
  loop
    v_is_any := true;
    v_relation_oid := drill._relation_oid(v_relation.relation_name);

    if v_relation_oid is null then
      return next row(
        'partitions', v_relation.relation_name, 'fail',
        pg_catalog.format('the partitioned table %s does not exist', v_relation.relation_name),
        case
          when v_relation.profile = 'opsmantik'
            then 'Restore it; or, when this is not OpsMantik''s database, run in production: delete from drill.partitioned_relations where profile = ''opsmantik''.'
          else pg_catalog.format('Restore it; or, when production has dropped it for good, run there: delete from drill.partitioned_relations where relation_name = %L.', v_relation.relation_name)
        end,
        pg_catalog.to_jsonb('exists'::text), pg_catalog.to_jsonb('missing'::text)
      )::drill.check_result;
      continue;
    end if;

    if not exists (select from pg_catalog.pg_partitioned_table as p where p.partrelid = v_relation_oid) then
      return next row(
        'partitions', v_relation.relation_name, 'fail',
        pg_catalog.format('%s is an ordinary table, not a partitioned one', v_relation.relation_name),
        'Restore the partitioned table with its partitions.',
        pg_catalog.to_jsonb('partitioned'::text), pg_catalog.to_jsonb('not partitioned'::text)
      )::drill.check_result;
      continue;
    end if;

    -- One that is partitioned again and has no leaf takes no row. Not asked of pg_partition_tree,
    -- which locks every partition.
    with recursive below as (
      select c.oid as child_oid, c.oid, c.relkind
      from pg_catalog.pg_inherits as i
      inner join pg_catalog.pg_class as c on c.oid = i.inhrelid
      where i.inhparent = v_relation_oid
        and c.relkind = 'p'
      union all
      select b.child_oid, c.oid, c.relkind
      from below as b
      inner join pg_catalog.pg_inherits as i on i.inhparent = b.oid
      inner join pg_catalog.pg_class as c on c.oid = i.inhrelid
      where not i.inhdetachpending
    )
    select coalesce(pg_catalog.array_agg(drill._relation_name(c.child_oid)), '{}')
    into v_names_without_leaf
    from (
      select b.child_oid
      from below as b
      group by b.child_oid
      having pg_catalog.bool_and(b.relkind = 'p')
    ) as c;

    -- Once, for all that follows.
    select
      pg_catalog.count(*) filter (where p.is_usable),
      pg_catalog.range_agg(pg_catalog.tstzrange(p.starts_at, p.ends_at)) filter (where p.is_usable),
      pg_catalog.count(*) filter (where not p.is_default and (p.starts_at is null or p.ends_at is null)) = 0,
      coalesce(pg_catalog.array_agg(p.partition_name) filter (where p.is_detach_pending), '{}'),
      coalesce(pg_catalog.array_agg(p.partition_name) filter (where p.is_default), '{}')
    into v_partition_count, v_covered, v_is_cut_by_time, v_pending_names, v_default_names
    from (
      select
        l.*,
        not l.is_default and not l.is_detach_pending and l.partition_name <> all (v_names_without_leaf) as is_usable
      from drill.list_partitions(v_relation.relation_name) as l
    ) as p;

    -- Dates know no zone: their periods begin at midnight of the bounds as they stand.
    select case a.atttypid when 'timestamptz'::regtype then v_relation.time_zone else 'UTC' end
    into v_bound_zone
    from pg_catalog.pg_partitioned_table as p
    inner join pg_catalog.pg_attribute as a
      on a.attrelid = p.partrelid
      and a.attnum = p.partattrs[0]
    where p.partrelid = v_relation_oid;
    v_bound_zone := coalesce(v_bound_zone, v_relation.time_zone);

    if not v_is_cut_by_time then
      return next row(
        'partitions', v_relation.relation_name, 'error',
        pg_catalog.format('the partitions of %s are not cut by time, so their periods cannot be judged', v_relation.relation_name),
        'Remove its row from drill.partitioned_relations: the period policy is for range partitions over a date or timestamp.',
        pg_catalog.to_jsonb(v_relation.period), null
      )::drill.check_result;
      continue;
    end if;

    return next row(
      'partitions', v_relation.relation_name, case when v_partition_count = 0 then 'fail' else 'pass' end,
      pg_catalog.format('%s has %s attached partitions', v_relation.relation_name, v_partition_count),
      case when v_partition_count = 0 then pg_catalog.format('Attach the partitions of %s again.', v_relation.relation_name) end,
      null, pg_catalog.to_jsonb(v_partition_count::text)
    )::drill.check_result;

    -- This period and the whole next one.
    v_step := case v_relation.period when 'quarter' then interval '3 months' else ('1 ' || v_relation.period)::interval end;
    for i in 0..1 loop
      v_period_from := (pg_catalog.date_trunc(v_relation.period, drill.get_now() at time zone v_relation.time_zone) + i * v_step)
        at time zone v_bound_zone;
      v_period_to := (pg_catalog.date_trunc(v_relation.period, drill.get_now() at time zone v_relation.time_zone) + (i + 1) * v_step)
        at time zone v_bound_zone;
      v_period_name := pg_catalog.format(
        '%s of %s',
        v_relation.period,
        pg_catalog.to_char(v_period_from at time zone v_bound_zone, 'YYYY-MM-DD')
      );
      v_result := row(
        'partitions', v_relation.relation_name, 'pass',
        pg_catalog.format('%s covers the %s %s', v_relation.relation_name, case i when 0 then 'current' else 'next' end, v_period_name),
        null,
        pg_catalog.to_jsonb(v_period_name), pg_catalog.to_jsonb('covered'::text)
      );
      if not coalesce(v_covered @> pg_catalog.tstzrange(v_period_from, v_period_to), false) then
        v_result.status := 'fail';
        v_result.detail := pg_catalog.format(
          '%s has no partition for the %s %s', v_relation.relation_name, case i when 0 then 'current' else 'next' end, v_period_name
        );
        v_result.hint := pg_catalog.format(
          'Create or attach the partition of %s from %s to %s, and see why the partition job did not.',
          v_relation.relation_name,
          pg_catalog.to_char(v_period_from at time zone v_bound_zone, 'YYYY-MM-DD'),
          pg_catalog.to_char(v_period_to at time zone v_bound_zone, 'YYYY-MM-DD')
        );
        v_result.actual := pg_catalog.to_jsonb('missing'::text);
      end if;
      return next v_result;
    end loop;

    -- A gap: the union of all bounds falls into more than one piece.
    v_other := null;
    for v_partition in
      select
        pg_catalog.upper(r.piece) as starts_at,
        pg_catalog.lead(pg_catalog.lower(r.piece)) over (order by r.piece) as ends_at
      from pg_catalog.unnest(v_covered) as r (piece)
      order by r.piece
    loop
      continue when v_partition.ends_at is null;
      v_other := v_partition;
      return next row(
        'partitions', v_relation.relation_name, 'fail',
        pg_catalog.format('the partitions of %s leave a gap from %s to %s', v_relation.relation_name, v_partition.starts_at, v_partition.ends_at),
        'Attach or restore the partition of that time: rows of it have nowhere to go, or went missing.',
        pg_catalog.to_jsonb('no gap'::text),
        pg_catalog.jsonb_build_object('from', v_partition.starts_at, 'to', v_partition.ends_at)
      )::drill.check_result;
    end loop;
    if v_other is null and v_partition_count > 0 then
      return next row(
        'partitions', v_relation.relation_name, 'pass',
        pg_catalog.format(
          'the partitions of %s leave no gap from %s to %s',
          v_relation.relation_name, pg_catalog.lower(v_covered), pg_catalog.upper(v_covered)
        ),
        null, null,
        pg_catalog.jsonb_build_object('from', pg_catalog.lower(v_covered), 'to', pg_catalog.upper(v_covered))
      )::drill.check_result;
    end if;

    -- Half detached, or detached and left lying about.
    for v_partition in
      select p.partition_name, true as is_pending, true as was_attached
      from pg_catalog.unnest(v_pending_names) as p (partition_name)
      union all
      -- One that production keeps detached, as an archive, is in no baseline.
      select
        drill._relation_name(c.oid), false,
        exists (
          select
          from drill.baseline_buckets as k
          where k.relation_name = v_relation.relation_name
            and k.bucket_name = drill._relation_name(c.oid)
        )
      from pg_catalog.pg_class as c
      where c.relkind in ('r', 'p', 'f')
        and not c.relispartition
        and c.oid <> v_relation_oid
        and c.relnamespace = (select o.relnamespace from pg_catalog.pg_class as o where o.oid = v_relation_oid)
        and c.relname ~ v_relation.name_pattern
      order by 1
    loop
      return next row(
        'partitions', v_partition.partition_name, case when v_partition.was_attached then 'fail' else 'warn' end,
        case
          when v_partition.is_pending
            then pg_catalog.format('the partition %s of %s is half detached', v_partition.partition_name, v_relation.relation_name)
          else pg_catalog.format('the table %s looks like a partition of %s but is not attached', v_partition.partition_name, v_relation.relation_name)
        end,
        case
          when v_partition.is_pending
            then pg_catalog.format('Run: alter table %s detach partition %s finalize, then attach it again.', v_relation.relation_name, v_partition.partition_name)
          else pg_catalog.format('Run: alter table %s attach partition %s for values from (...) to (...).', v_relation.relation_name, v_partition.partition_name)
        end,
        pg_catalog.to_jsonb('attached'::text), pg_catalog.to_jsonb('detached'::text)
      )::drill.check_result;
    end loop;

    for v_partition in
      select p.partition_name
      from pg_catalog.unnest(v_default_names) as p (partition_name)
    loop
      if exists (select from pg_catalog.pg_foreign_table as f where f.ftrelid = drill._relation_oid(v_partition.partition_name)) then
        return next row(
          'partitions', v_partition.partition_name, 'skip',
          pg_catalog.format('the default partition %s is a foreign table, so it was not looked into: its rows are another server''s', v_partition.partition_name),
          'Look there whether it is empty.',
          pg_catalog.to_jsonb('0'::text), null
        )::drill.check_result;
        continue;
      end if;
      begin
        execute pg_catalog.format('select pg_catalog.count(*) from %s', v_partition.partition_name) into v_row_count;
        return next row(
          'partitions', v_partition.partition_name, case when v_row_count = 0 then 'pass' else 'fail' end,
          pg_catalog.format('the default partition %s holds %s rows', v_partition.partition_name, v_row_count),
          case
            when v_row_count > 0
              then pg_catalog.format('Find why these rows have no partition of their own, create it, and move them out of %s.', v_partition.partition_name)
          end,
          pg_catalog.to_jsonb('0'::text), pg_catalog.to_jsonb(v_row_count::text)
        )::drill.check_result;
      exception
        when insufficient_privilege or lock_not_available then
          return next row(
            'partitions', v_partition.partition_name, 'error',
            pg_catalog.format('could not look into the default partition %s: %s', v_partition.partition_name, sqlerrm),
            pg_catalog.format('Run: grant select on %s to %I, or try again when nobody locks it.', v_partition.partition_name, current_user),
            null, null
          )::drill.check_result;
      end;
    end loop;
  end loop;

  if not v_is_any then
    select exists (select from pg_catalog.pg_partitioned_table) into v_is_any;
    return next row(
      'partitions', null, case when v_is_any then 'error' else 'skip' end,
      case
        when v_is_any then 'no partitioned table is registered, so none was looked at'
        else 'no partitioned table is registered, and there is none'
      end,
      'Register one: select drill.register_partitioned_relation(''public.orders'', ''month'').',
      null, null
    )::drill.check_result;
  end if;
end
$$;

comment on function drill.verify_partitions() is
  'Whether each registered partitioned table covers this and the next period without a gap, has none detached, and an empty default partition';

revoke all on function drill.verify_partitions() from public;
