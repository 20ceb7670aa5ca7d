-- One row per aspect when it is right, one per object when it is not. Reads the
-- catalog, statistics and sizes, and no table of the user's.
create or replace function drill.verify_physical()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
as $$
declare
  v_database_name constant text := pg_catalog.quote_ident(pg_catalog.current_database());
  v_version integer := pg_catalog.current_setting('server_version_num')::integer;
  v_is_in_recovery boolean := pg_catalog.pg_is_in_recovery();
  v_object record;
  v_count bigint;
  v_bad_count bigint;
  v_actual_version text;
  v_text text;
begin
  -- The collation of the database itself.
  begin
    if v_version >= 150000 then
      execute
        'select d.datcollversion as recorded, pg_catalog.pg_database_collation_actual_version(d.oid) as provided'
        ' from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database()'
      into strict v_object;
      return next row(
        'physical', case when v_object.recorded is distinct from v_object.provided then v_database_name end,
        case
          when v_object.recorded is not distinct from v_object.provided then 'pass'
          when v_object.recorded is null then 'warn'
          else 'fail'
        end,
        case
          when v_object.recorded is null and v_object.provided is null
            then pg_catalog.format('the collation of the database %s has no versions, so it cannot have changed', v_database_name)
          when v_object.recorded is not distinct from v_object.provided
            then pg_catalog.format('the collation of the database %s has the recorded version %s', v_database_name, v_object.recorded)
          when v_object.recorded is null
            then pg_catalog.format('the version of the collation of the database %s was never recorded, so nobody can tell whether it changed to %s', v_database_name, v_object.provided)
          else pg_catalog.format('the collation of the database %s was version %s, and this server provides %s: indexes over text may be in the wrong order', v_database_name, v_object.recorded, coalesce(v_object.provided, 'none'))
        end,
        case
          when v_object.recorded is distinct from v_object.provided
            then pg_catalog.format('Restore on a server with production''s version, or run in this order: reindex database %1$s; alter database %1$s refresh collation version.', v_database_name)
        end,
        pg_catalog.to_jsonb(v_object.recorded), pg_catalog.to_jsonb(v_object.provided)
      )::drill.check_result;
    else
      return next row(
        'physical', null, 'skip', 'PostgreSQL 14 does not record the version of a database''s own collation', null, null, null
      )::drill.check_result;
    end if;
  exception
    when others then
      return next row(
        'physical', v_database_name, 'error',
        pg_catalog.format('could not ask for the version of the collation of the database %s: %s (SQLSTATE %s)', v_database_name, sqlerrm, sqlstate),
        'Restore on a server that is built with production''s collation library.', null, null
      )::drill.check_result;
  end;

  -- Other collations, as far as anything is stored with them: a view is not.
  v_count := 0;
  v_bad_count := 0;
  for v_object in
    select
      c.oid,
      pg_catalog.format('%I.%I', n.nspname, c.collname) as collation_name,
      c.collversion as recorded
    from pg_catalog.pg_collation as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.collnamespace
    where c.collprovider <> 'd'
      and exists (
        select
        from pg_catalog.pg_depend as d
        left join pg_catalog.pg_class as r
          on d.classid = 'pg_catalog.pg_class'::regclass
          and r.oid = d.objid
        where d.refclassid = 'pg_catalog.pg_collation'::regclass
          and d.refobjid = c.oid
          and (
            r.relkind in ('r', 'p', 'm', 'i', 'I')
            or d.classid in ('pg_catalog.pg_type'::regclass, 'pg_catalog.pg_constraint'::regclass)
          )
      )
    order by n.nspname collate "C", c.collname collate "C"
  loop
    v_count := v_count + 1;
    begin
      v_actual_version := pg_catalog.pg_collation_actual_version(v_object.oid);
      if v_object.recorded is distinct from v_actual_version then
        v_bad_count := v_bad_count + 1;
        return next row(
          'physical', v_object.collation_name, case when v_object.recorded is null then 'warn' else 'fail' end,
          case
            when v_object.recorded is null
              then pg_catalog.format('the version of the collation %s was never recorded, so nobody can tell whether it changed to %s', v_object.collation_name, v_actual_version)
            else pg_catalog.format('the collation %s was version %s, and this server provides %s: indexes with it may be in the wrong order', v_object.collation_name, v_object.recorded, coalesce(v_actual_version, 'none'))
          end,
          pg_catalog.format('Restore on a server with production''s version, or reindex every index with this collation, and then run: alter collation %s refresh version.', v_object.collation_name),
          pg_catalog.to_jsonb(v_object.recorded), pg_catalog.to_jsonb(v_actual_version)
        )::drill.check_result;
      end if;
    exception
      when others then
        v_bad_count := v_bad_count + 1;
        return next row(
          'physical', v_object.collation_name, 'error',
          pg_catalog.format('could not ask for the version of the collation %s: %s (SQLSTATE %s)', v_object.collation_name, sqlerrm, sqlstate),
          'Restore on a server that is built with production''s collation library.', null, null
        )::drill.check_result;
    end;
  end loop;
  if v_bad_count = 0 then
    return next row(
      'physical', null, case when v_count = 0 then 'skip' else 'pass' end,
      case
        when v_count = 0 then 'nothing is stored with another collation than the database''s own'
        else pg_catalog.format('each other collation in use has the recorded version (%s in all)', v_count)
      end,
      null, null, null
    )::drill.check_result;
  end if;

  -- The counter is null without checksums. It counts pages that were read.
  select
    pg_catalog.sum(s.checksum_failures) as checksum_failures,
    pg_catalog.to_char(pg_catalog.max(s.checksum_last_failure) at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') as last_failure
  into v_object
  from pg_catalog.pg_stat_database as s
  where s.datid = 0
    or s.datname = pg_catalog.current_database();
  return next row(
    'physical', case when v_object.checksum_failures > 0 then v_database_name end,
    case
      when pg_catalog.current_setting('data_checksums') <> 'on' then 'warn'
      when v_object.checksum_failures is null then 'error'
      when v_object.checksum_failures > 0 then 'fail'
      else 'pass'
    end,
    case
      when pg_catalog.current_setting('data_checksums') <> 'on'
        then 'could not look for damaged pages: data checksums are off'
      when v_object.checksum_failures is null
        then pg_catalog.format('could not look for damaged pages: the server counts none for the database %s', v_database_name)
      when v_object.checksum_failures > 0
        then pg_catalog.format('%s damaged pages were read in the database %s and the shared catalogs, the last at %s', v_object.checksum_failures, v_database_name, v_object.last_failure)
      else 'no page that was read since the server started to count has a wrong checksum'
    end,
    case
      when pg_catalog.current_setting('data_checksums') <> 'on'
        then 'Without checksums damage shows only in contents. With the server stopped, pg_checksums --enable turns them on.'
      when v_object.checksum_failures is null
        then 'Set track_counts to on, and verify again.'
      when v_object.checksum_failures > 0
        then 'The log of the server names the pages. Restore again from another backup, and test the disk.'
    end,
    pg_catalog.to_jsonb('0'::text), pg_catalog.to_jsonb(v_object.checksum_failures::text)
  )::drill.check_result;

  -- A crash, and so every physical copy, empties unlogged tables. The size tells
  -- without reading: such a table has no page.
  v_count := 0;
  v_bad_count := 0;
  for v_object in
    select c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) as relation_name
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.relkind = 'r'
      and c.relpersistence = 'u'
    order by n.nspname collate "C", c.relname collate "C"
  loop
    v_count := v_count + 1;
    begin
      if pg_catalog.pg_relation_size(v_object.oid::regclass) = 0 then
        v_bad_count := v_bad_count + 1;
        return next row(
          'physical', v_object.relation_name, 'warn',
          pg_catalog.format('the unlogged table %s is empty: a physical copy never has its rows', v_object.relation_name),
          pg_catalog.format('Fill %s again if production has rows in it. If they matter, run in production: alter table %s set logged.', v_object.relation_name, v_object.relation_name),
          null, pg_catalog.to_jsonb('empty'::text)
        )::drill.check_result;
      end if;
    exception
      when lock_not_available then
        v_bad_count := v_bad_count + 1;
        return next row(
          'physical', v_object.relation_name, 'error',
          pg_catalog.format('could not look at the unlogged table %s: somebody has locked it', v_object.relation_name),
          'Verify again when nobody locks it.', null, null
        )::drill.check_result;
    end;
  end loop;
  if v_bad_count = 0 then
    return next row(
      'physical', null, case when v_count = 0 then 'skip' else 'pass' end,
      case
        when v_count = 0 then 'there is no unlogged table'
        else pg_catalog.format('no unlogged table is empty (%s in all)', v_count)
      end,
      null, null, null
    )::drill.check_result;
  end if;

  return query
    select
      'physical', v.view_name, 'fail'::drill.check_status,
      pg_catalog.format('the materialized view %s is not populated, so reading it is an error', v.view_name),
      pg_catalog.format('Run: refresh materialized view %s.', v.view_name),
      pg_catalog.to_jsonb('populated'::text), pg_catalog.to_jsonb('not populated'::text)
    from (
      select pg_catalog.format('%I.%I', n.nspname, c.relname) as view_name
      from pg_catalog.pg_class as c
      inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where c.relkind = 'm'
        and not c.relispopulated
    ) as v
    order by v.view_name collate "C";
  if not found then
    select pg_catalog.count(*) into v_count from pg_catalog.pg_class as c where c.relkind = 'm';
    return next row(
      'physical', null, case when v_count = 0 then 'skip' else 'pass' end,
      case
        when v_count = 0 then 'there is no materialized view'
        else pg_catalog.format('each materialized view is populated (%s in all)', v_count)
      end,
      null, null, null
    )::drill.check_result;
  end if;

  -- pg_stats shows nothing of a table that the role may not read or whose rows a
  -- policy hides: of such a table nothing is known. reltuples is -1 before the
  -- first analyze, but index builds set it, too; 0 means that a vacuum or analyze
  -- found no row in the pages of then.
  begin
    with analyzed as (
      select distinct s.schemaname, s.tablename
      from pg_catalog.pg_stats as s
    ),
    filled as (
      select
        pg_catalog.format('%I.%I', n.nspname, c.relname) as relation_name,
        a.tablename is not null as is_analyzed,
        pg_catalog.has_schema_privilege(n.oid, 'usage')
          and pg_catalog.has_any_column_privilege(c.oid, 'select')
          and not pg_catalog.row_security_active(c.oid) as is_visible
      from pg_catalog.pg_class as c
      inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      left join analyzed as a
        on a.schemaname = n.nspname
        and a.tablename = c.relname
      where c.relkind in ('r', 'm')
        and c.relpersistence <> 't'
        and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'drill', 'drill_migrations')
        and case
          when a.tablename is not null then true
          when c.reltuples = 0 then pg_catalog.pg_relation_size(c.oid::regclass) > c.relpages::bigint * pg_catalog.current_setting('block_size')::bigint
          else pg_catalog.pg_relation_size(c.oid::regclass) > 0
        end
        and exists (
          select
          from pg_catalog.pg_attribute as t
          where t.attrelid = c.oid
            and t.attnum > 0
            and not t.attisdropped
            and coalesce(t.attstattarget, -1) <> 0
        )
        and not exists (
          select
          from pg_catalog.pg_depend as d
          where d.classid = 'pg_catalog.pg_class'::regclass
            and d.objid = c.oid
            and d.deptype = 'e'
        )
    )
    select
      pg_catalog.count(*) as filled_count,
      pg_catalog.count(*) filter (where f.is_visible and not f.is_analyzed) as missing_count,
      pg_catalog.count(*) filter (where not f.is_visible and not f.is_analyzed) as hidden_count,
      (pg_catalog.array_agg(f.relation_name order by f.relation_name collate "C") filter (where f.is_visible and not f.is_analyzed))[1:10] as missing_names
    into v_object
    from filled as f;
    v_text := pg_catalog.array_to_string(v_object.missing_names, ', ');
    return next row(
      'physical', null,
      case
        when v_object.missing_count + v_object.hidden_count > 0 then 'warn'
        when v_object.filled_count = 0 then 'skip'
        else 'pass'
      end,
      case
        when v_object.missing_count > 0
          then pg_catalog.format('%s of %s tables with rows have no planner statistics, so queries may be slow: %s', v_object.missing_count, v_object.filled_count, v_text)
            || case when v_object.missing_count > 10 then ' and others' else '' end
            || case when v_object.hidden_count > 0 then pg_catalog.format('; %s more could not be looked at', v_object.hidden_count) else '' end
        when v_object.hidden_count > 0
          then pg_catalog.format('could not look for planner statistics of %s of %s tables with rows: %I may not read them', v_object.hidden_count, v_object.filled_count, current_user)
        when v_object.filled_count = 0
          then 'there is no table with rows'
        else pg_catalog.format('each table with rows has planner statistics (%s in all)', v_object.filled_count)
      end,
      case
        when v_object.missing_count > 10 then 'Run: analyze.'
        when v_object.missing_count > 0 then pg_catalog.format('Run: analyze %s.', v_text)
        when v_object.hidden_count > 0
          then pg_catalog.format('Run: grant pg_read_all_data to %I, or analyze the whole database to be sure.', current_user)
      end,
      pg_catalog.to_jsonb('0'::text), pg_catalog.to_jsonb(v_object.missing_count::text)
    )::drill.check_result;
  exception
    -- Asking for a size waits for whoever rewrites the table.
    when lock_not_available then
      return next row(
        'physical', null, 'error', 'could not look for planner statistics: somebody has locked a table',
        'Verify again when nobody locks a table.', null, null
      )::drill.check_result;
  end;

  return next row(
    'physical', null, case when v_is_in_recovery then 'fail' else 'pass' end,
    case
      when v_is_in_recovery then 'the server is still in recovery, so it takes no writes and may still change'
      else 'recovery has ended'
    end,
    case
      when v_is_in_recovery then 'If the recovery has reached its target, run: select pg_promote(). Then verify again.'
    end,
    pg_catalog.to_jsonb('ended'::text), pg_catalog.to_jsonb(case when v_is_in_recovery then 'in recovery' else 'ended' end)
  )::drill.check_result;

  -- Settings, not this transaction: pgdrill reads in a read-only one. A role that
  -- may not write anything is meant to be read-only.
  return query
    select
      'physical', s.object_name, 'fail'::drill.check_status,
      pg_catalog.format('%s has %s, so writes are refused', s.object_name, s.setting),
      s.hint,
      pg_catalog.to_jsonb('default_transaction_read_only=off'::text), pg_catalog.to_jsonb(s.setting)
    from (
      select
        coalesce(
          nullif(pg_catalog.concat_ws(' in ', 'role ' || pg_catalog.quote_ident(r.rolname), 'database ' || pg_catalog.quote_ident(d.datname)), ''),
          'every role'
        ) as object_name,
        e.setting,
        case
          when s.setrole = 0 and s.setdatabase = 0
            then 'Run: alter role all reset default_transaction_read_only.'
          else pg_catalog.format(
            'Run: alter %s reset default_transaction_read_only; then connect anew.',
            pg_catalog.concat_ws(' in ', 'role ' || pg_catalog.quote_ident(r.rolname), 'database ' || pg_catalog.quote_ident(d.datname))
          )
        end as hint
      from pg_catalog.pg_db_role_setting as s
      cross join lateral pg_catalog.unnest(s.setconfig) as e (setting)
      left join pg_catalog.pg_roles as r on r.oid = s.setrole
      left join pg_catalog.pg_database as d on d.oid = s.setdatabase
      where (s.setdatabase = 0 or d.datname = pg_catalog.current_database())
        and pg_catalog.lower(e.setting) like 'default\_transaction\_read\_only=%'
        and pg_catalog.split_part(e.setting, '=', 2)::boolean
        and (
          s.setrole = 0
          or exists (
            select
            from pg_catalog.pg_class as c
            inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p')
              and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'drill', 'drill_migrations')
              and pg_catalog.has_table_privilege(s.setrole, c.oid, 'insert, update, delete')
          )
        )
      union all
      -- What a new session gets of the server, when nothing above says so.
      select
        'this server', 'default_transaction_read_only=on',
        'Run: alter system reset default_transaction_read_only; select pg_reload_conf(); and look for it in postgresql.conf.'
      from pg_catalog.pg_settings as g
      where g.name = 'default_transaction_read_only'
        and g.reset_val = 'on'
        and g.source not in ('client', 'database', 'user', 'database user', 'global')
    ) as s
    order by s.object_name collate "C";
  if not found then
    return next row(
      'physical', null, 'pass', 'neither the server, nor the database, nor a role that may write is read-only by default', null, null, null
    )::drill.check_result;
  end if;

  return query
    select
      'physical', pg_catalog.quote_literal(p.gid), 'fail'::drill.check_status,
      pg_catalog.format('the prepared transaction %L of %s by %I was never finished: it keeps its locks and holds up vacuum', p.gid, pg_catalog.to_char(p.prepared at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'), p.owner),
      pg_catalog.format('Run: rollback prepared %L. If its coordinator says that it was committed, run: commit prepared %L.', p.gid, p.gid),
      pg_catalog.to_jsonb('none'::text), pg_catalog.to_jsonb(p.gid)
    from pg_catalog.pg_prepared_xacts as p
    where p.database = pg_catalog.current_database()
    order by p.gid collate "C";
  if not found then
    return next row(
      'physical', null, 'pass', 'there is no prepared transaction', null, null, null
    )::drill.check_result;
  end if;

  -- PostgreSQL refuses writes some millions before 2^31.
  return query
    select
      'physical', case when a.age > 1500000000 then v_database_name end,
      (case when a.age > 2000000000 then 'fail' when a.age > 1500000000 then 'warn' else 'pass' end)::drill.check_status,
      pg_catalog.format('the oldest %s of the database %s is %s old, and at 2,147,483,648 writes end', a.kind, v_database_name, pg_catalog.to_char(a.age, 'FM9,999,999,999')),
      case when a.age > 1500000000 then pg_catalog.format('Run as superuser in the database %s: vacuum freeze.', v_database_name) end,
      pg_catalog.to_jsonb('1500000000'::text), pg_catalog.to_jsonb(a.age::text)
    from (
      select 'transaction id' as kind, pg_catalog.age(d.datfrozenxid) as age
      from pg_catalog.pg_database as d
      where d.datname = pg_catalog.current_database()
      union all
      select 'multixact id', pg_catalog.mxid_age(d.datminmxid)
      from pg_catalog.pg_database as d
      where d.datname = pg_catalog.current_database()
    ) as a
    order by a.kind desc;
end
$$;

comment on function drill.verify_physical() is
  'Whether the restored server is sound: collation versions, checksums, unlogged tables, materialized views, statistics, recovery, read-only, prepared transactions, wraparound';

revoke all on function drill.verify_physical() from public;
