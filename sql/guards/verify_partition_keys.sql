-- Reads every row of the tables that it judges, once, through the parent: a role
-- needs no privilege on partitions. Times are compared as clocks of the
-- registered zone show them, the zone in which keys are cut. Partitions that are
-- foreign tables are left out, and their siblings then read one by one.
--
-- The first look has one row for each key: its oldest and newest times tell whether
-- any is wrong, at a fraction of the price of judging row by row, and "execute into"
-- runs with parallel workers, which the cursor of a loop would not. Only where
-- something is wrong the rows are counted one by one.
create or replace function drill.verify_partition_keys()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
as $$
declare
  v_relation record;
  v_partition record;
  v_step interval;
  v_problem text;
  v_hint text;
  v_source text;
  v_happened_at text;
  v_row_count bigint;
  v_partition_count bigint;
  v_is_any_wrong boolean;
begin
  if not exists (select from drill.partitioned_relations) then
    return next row(
      'partition_keys', null, 'skip',
      'no partitioned table is registered, so no partition key was looked at',
      'Register one: select drill.register_partitioned_relation(''public.orders'', ''month'').',
      null, null
    )::drill.check_result;
  end if;

  for v_relation in
    select
      r.*,
      o.oid as relation_oid,
      c.timestamp_column,
      c.relation_name is not null as is_critical,
      p.partrelid is not null as is_partitioned,
      a.attname as key_column,
      a.atttypid as key_type,
      s.atttypid as timestamp_type,
      -- Only a guard's key is known to be the first day of a period; another date may be any day.
      exists (
        select
        from drill.guards as g
        where g.relation_name = r.relation_name
          and (
            g.function_definition is null
            or pg_catalog.strpos(pg_catalog.concat_ws(' ', g.function_definition, g.trigger_definition), pg_catalog.replace(a.attname, '"', '""')) > 0
          )
      ) as is_guarded
    from drill.partitioned_relations as r
    cross join lateral (select drill._relation_oid(r.relation_name) as oid) as o
    left join drill.critical_relations as c on c.relation_name = r.relation_name
    left join pg_catalog.pg_partitioned_table as p on p.partrelid = o.oid
    left join pg_catalog.pg_attribute as a
      on a.attrelid = o.oid
      and a.attnum = p.partattrs[0]
      and a.attnum > 0
    left join pg_catalog.pg_attribute as s
      on s.attrelid = o.oid
      and s.attname = c.timestamp_column
      and not s.attisdropped
    order by r.relation_name collate "C"
  loop
    v_hint := null;
    v_problem := case
      when v_relation.relation_oid is null then null
      when not v_relation.is_partitioned then 'it is not partitioned'
      when not v_relation.is_critical or v_relation.timestamp_column is null
        then 'it is not registered as a critical relation with a timestamp column'
      when v_relation.key_type is distinct from 'date'::regtype then 'its first partition key is not a date column'
      when v_relation.key_column = v_relation.timestamp_column
        then 'its partition key is the timestamp itself, which PostgreSQL holds right'
      when not v_relation.is_guarded
        then pg_catalog.format('no registered guard sets %I, so any day may be right', v_relation.key_column)
    end;
    if v_problem is not null then
      v_hint := case
        when not v_relation.is_critical or v_relation.timestamp_column is null
          then pg_catalog.format('Register it: select drill.register_critical_relation(%L, ''created_at'', true).', v_relation.relation_name)
        when v_relation.is_partitioned and v_relation.key_type = 'date'::regtype and v_relation.key_column <> v_relation.timestamp_column
          then pg_catalog.format('If a trigger sets it, register that: select drill.register_guard(%L, ''the_trigger'').', v_relation.relation_name)
      end;
      return next row(
        'partition_keys', v_relation.relation_name, 'skip',
        pg_catalog.format('the keys of %s were not looked at: %s', v_relation.relation_name, v_problem),
        v_hint, null, null
      )::drill.check_result;
      continue;
    end if;

    v_problem := drill._critical_relation_problem(v_relation.relation_name, v_relation.timestamp_column);
    if v_problem is not null then
      return next row(
        'partition_keys', v_relation.relation_name, case when v_relation.relation_oid is null then 'fail' else 'error' end,
        pg_catalog.format('the keys of %s were not looked at: it %s', v_relation.relation_name, v_problem),
        case
          when v_relation.relation_oid is null and v_relation.profile = 'opsmantik'
            then 'Restore it; or, when this is not OpsMantik''s database, run in production: delete from drill.partitioned_relations where profile = ''opsmantik''.'
          when v_relation.relation_oid is null
            then pg_catalog.format('Restore it; or, when production has dropped it for good, run there: delete from drill.partitioned_relations where relation_name = %L.', v_relation.relation_name)
          else pg_catalog.format('Make %s readable for %I, or correct its row in drill.critical_relations.', v_relation.relation_name, current_user)
        end,
        pg_catalog.to_jsonb('readable'::text), pg_catalog.to_jsonb(v_problem)
      )::drill.check_result;
      continue;
    end if;

    v_step := case v_relation.period when 'quarter' then interval '3 months' else ('1 ' || v_relation.period)::interval end;
    v_happened_at := case
      -- The same, without a look into the list of zones for each row.
      when v_relation.timestamp_type = 'timestamptz'::regtype and v_relation.time_zone = 'UTC'
        then pg_catalog.format('pg_catalog.timezone(interval ''0'', t.%I)', v_relation.timestamp_column)
      when v_relation.timestamp_type = 'timestamptz'::regtype
        then pg_catalog.format('pg_catalog.timezone(%L, t.%I)', v_relation.time_zone, v_relation.timestamp_column)
      else pg_catalog.format('t.%I::timestamp', v_relation.timestamp_column)
    end;
    begin
      v_source := drill._local_source(
        v_relation.relation_oid, array['tableoid', v_relation.key_column, v_relation.timestamp_column]
      );
      execute pg_catalog.format(
        'select coalesce(pg_catalog.sum(b.row_count), 0), pg_catalog.count(distinct b.partition_oid),'
        ' coalesce(pg_catalog.bool_or('
        '   b.key is null or b.key <> k.starts_at or b.oldest_at < k.starts_at or b.newest_at >= k.starts_at + %4$L::interval * 2'
        ' ), false)'
        ' from ('
        '   select t.tableoid as partition_oid, t.%1$I as key, pg_catalog.count(*) as row_count,'
        '     pg_catalog.min(%3$s) as oldest_at, pg_catalog.max(%3$s) as newest_at'
        '   from %2$s as t'
        '   group by t.tableoid, t.%1$I'
        ' ) as b'
        ' cross join lateral (select pg_catalog.date_trunc(%5$L, b.key::timestamp) as starts_at) as k',
        v_relation.key_column, v_source, v_happened_at, v_step, v_relation.period
      ) into v_row_count, v_partition_count, v_is_any_wrong;
      perform drill._refuse_rewritten(array[v_relation.relation_name]);

      if not v_is_any_wrong then
        return next row(
          'partition_keys', v_relation.relation_name, 'pass',
          pg_catalog.format(
            'all %s rows of %s, in %s partitions with rows, have the first day of a %s as %I and a %I that fits',
            v_row_count, v_relation.relation_name, v_partition_count, v_relation.period, v_relation.key_column,
            v_relation.timestamp_column
          ),
          null, null, pg_catalog.to_jsonb(v_row_count::text)
        )::drill.check_result;
        continue;
      end if;

      for v_partition in
        execute pg_catalog.format(
          'select drill._relation_name(b.partition_oid) as partition_name, b.row_count, b.odd_count, b.early_count, b.late_count'
          ' from ('
          '   select t.tableoid as partition_oid, pg_catalog.count(*) as row_count,'
          '     pg_catalog.count(*) filter (where t.%1$I is null or t.%1$I <> k.starts_at) as odd_count,'
          '     pg_catalog.count(*) filter (where k.happened_at < k.starts_at) as early_count,'
          '     pg_catalog.count(*) filter (where k.happened_at >= k.starts_at + %4$L::interval * 2) as late_count'
          '   from %2$s as t'
          '   cross join lateral (select pg_catalog.date_trunc(%5$L, t.%1$I::timestamp) as starts_at, %3$s as happened_at) as k'
          '   group by t.tableoid'
          ' ) as b'
          ' where b.odd_count + b.early_count + b.late_count > 0'
          ' order by 1',
          v_relation.key_column, v_source, v_happened_at, v_step, v_relation.period
        )
      loop
        return next row(
          'partition_keys', v_partition.partition_name, 'fail',
          pg_catalog.format(
            'of %s rows in %s, %s',
            v_partition.row_count,
            v_partition.partition_name,
            pg_catalog.concat_ws(
              ', ',
              case when v_partition.odd_count > 0 then pg_catalog.format('%s have a %I that is not the first day of a %s', v_partition.odd_count, v_relation.key_column, v_relation.period) end,
              case when v_partition.early_count > 0 then pg_catalog.format('%s have a %I before the %s of their %I', v_partition.early_count, v_relation.timestamp_column, v_relation.period, v_relation.key_column) end,
              case when v_partition.late_count > 0 then pg_catalog.format('%s have a %I more than one %s after that of their %I', v_partition.late_count, v_relation.timestamp_column, v_relation.period, v_relation.key_column) end
            )
          ),
          pg_catalog.format(
            'See whether the guard fires (select * from drill.verify_guards_fire()), then, if it is the same in production, correct the rows there; list them with: select * from %s where %I <> date_trunc(%L, %I)::date or %I < %I.',
            v_partition.partition_name, v_relation.key_column, v_relation.period, v_relation.key_column,
            v_relation.timestamp_column, v_relation.key_column
          ),
          pg_catalog.jsonb_build_object('odd', '0', 'early', '0', 'late', '0'),
          pg_catalog.jsonb_build_object(
            'odd', v_partition.odd_count::text, 'early', v_partition.early_count::text, 'late', v_partition.late_count::text
          )
        )::drill.check_result;
      end loop;
    exception
      when insufficient_privilege or lock_not_available or serialization_failure then
        return next row(
          'partition_keys', v_relation.relation_name, 'error',
          pg_catalog.format('the keys of %s were not looked at: %s', v_relation.relation_name, sqlerrm),
          case
            when sqlstate = '40001' then 'Verify again when nobody changes it.'
            else pg_catalog.format('Run: grant select on %s to %I, or try again when nobody locks it.', v_relation.relation_name, current_user)
          end,
          null, null
        )::drill.check_result;
    end;
  end loop;
end
$$;

comment on function drill.verify_partition_keys() is
  'Whether rows of registered partitioned tables sit under the key that their guard gives: the first day of the period, and a timestamp of it or the next';

revoke all on function drill.verify_partition_keys() from public;
