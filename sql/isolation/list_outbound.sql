-- One row per thing that can act on the outside when the copy runs, disarmed ones
-- included; what could not be looked at is a row with a problem. Facts only: what is
-- bad is said by drill.isolation_policy. Event triggers come first: what is done to
-- disarm the others would let them fire.
--
-- Statements are apart, not one text: alter system refuses to be one of several.
create or replace function drill.list_outbound()
returns table (
  kind text,
  object_kind text,
  object_name text,
  reaches text,
  is_armed boolean,
  mitigation text,
  remark text,
  disarming_statements text[],
  problem text
)
language plpgsql
stable
set search_path = ''
-- Off would take the backslashes out of the patterns.
set standard_conforming_strings = on
-- Compiling takes seconds, running what was compiled a moment.
set jit = off
as $$
#variable_conflict use_column
declare
  v_version integer := pg_catalog.current_setting('server_version_num')::integer;
  v_database_name text := pg_catalog.current_database();
  v_relation oid;
  v_home text;
  v_is_loaded boolean;
  v_has_alter_job boolean;
  v_text text;
  v_key text;
  v_value text;
  v_hosts text[];
  v_is_libpq boolean;
  v_is_disarmed boolean;
  v_options text[];
  v_statements text[];
  v_count bigint;
  v_object record;
  v_platform text;
  v_origin text;
begin
  -- Event triggers.
  if exists (select from pg_catalog.pg_event_trigger) then
    return query
      select
        'event_trigger', 'event trigger', pg_catalog.quote_ident(t.evtname), f.reaches, t.evtenabled <> 'D',
        case when t.evtenabled = 'R' then 'it fires only in sessions with session_replication_role = replica' end,
        null::text, array[pg_catalog.format('alter event trigger %I disable', t.evtname)], null::text
      from pg_catalog.pg_event_trigger as t
      inner join drill._posting_functions() as f on f.function_oid = t.evtfoid
      order by t.evtname collate "C";
  end if;

  -- Jobs of pg_cron. Without the right to see its setting it is there, since otherwise there is no setting to see.
  begin
    v_home := nullif(pg_catalog.current_setting('cron.database_name', true), '');
    v_is_loaded := v_home is not null;
  exception
    when insufficient_privilege then
      v_is_loaded := true;
  end;
  -- Not to_regclass: it is refused where the role may not use the schema.
  select c.oid
  into v_relation
  from pg_catalog.pg_class as c
  inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where n.nspname = 'cron'
    and c.relname = 'job'
    and c.relkind in ('r', 'p');

  if v_relation is not null then
    v_has_alter_job := exists (
      select
      from pg_catalog.pg_proc as p
      inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
      where n.nspname = 'cron'
        and p.proname = 'alter_job'
    );
    begin
      -- By to_jsonb: names and the flag came with later versions.
      for v_object in
        execute
          'select j.jobid, j.command, j.database, pg_catalog.to_jsonb(j) ->> ''jobname'' as jobname,'
          ' coalesce((pg_catalog.to_jsonb(j) ->> ''active'')::boolean, true) as is_active'
          ' from cron.job as j order by j.jobid'
      loop
        return query
          select
            'cron_job', 'cron job', coalesce(pg_catalog.quote_ident(v_object.jobname), v_object.jobid::text),
            drill._url_host(v_object.command), v_object.is_active,
            case
              when not v_is_loaded
                then 'pg_cron is not loaded, so it cannot run now, but as soon as pg_cron is'
              when v_home <> v_database_name
                then pg_catalog.format('the pg_cron of this server takes its jobs from the database %I, so this one does not run', v_home)
              when not exists (select from pg_catalog.pg_database as d where d.datname = v_object.database)
                then pg_catalog.format('it cannot run now: this server has no database %I', v_object.database)
            end,
            case when v_object.database <> v_database_name then pg_catalog.format('It runs in the database %I.', v_object.database) end,
            array[
              case
                when v_has_alter_job then pg_catalog.format('select cron.alter_job(job_id := %s, active := false)', v_object.jobid)
                else pg_catalog.format('update cron.job set active = false where jobid = %s', v_object.jobid)
              end
            ],
            null::text;
      end loop;

      -- pg_cron lets a user see only the user's own jobs.
      if pg_catalog.row_security_active(v_relation) then
        return query
          select
            'cron_job', 'table', 'cron.job', null::text, null::boolean, null::text,
            pg_catalog.format('Look as a superuser, or run: alter role %I bypassrls.', current_user), array[]::text[],
            'row level security of cron.job hides the jobs of other users';
      end if;
    exception
      when insufficient_privilege or undefined_column or lock_not_available then
        return query
          select
            'cron_job', 'table', 'cron.job', null::text, null::boolean, null::text,
            pg_catalog.format('Run: grant usage on schema cron to %1$I; grant select on cron.job to %1$I. And look as a superuser or a role with bypassrls.', current_user),
            array[]::text[], sqlerrm;
    end;
  elsif v_is_loaded then
    return query
      select
        'cron_job', 'table', 'cron.job', null::text, null::boolean, null::text,
        pg_catalog.format(
          'Connect to %s as a superuser and run: select jobid, jobname from cron.job where database = %L and active. Disarm them with cron.alter_job.',
          coalesce('the database ' || pg_catalog.quote_ident(v_home), 'the database that cron.database_name names'), v_database_name
        ),
        array[]::text[], 'pg_cron is loaded and keeps its jobs in another database';
  end if;

  -- Subscriptions. The connection string holds a password: only hosts leave.
  for v_object in
    select s.oid, s.subname, s.subenabled
    from pg_catalog.pg_subscription as s
    inner join pg_catalog.pg_database as d on d.oid = s.subdbid
    where d.datname = v_database_name
    order by s.subname collate "C"
  loop
    v_text := null;
    if pg_catalog.has_column_privilege('pg_catalog.pg_subscription'::regclass, 'subconninfo', 'select') then
      execute 'select s.subconninfo from pg_catalog.pg_subscription as s where s.oid = $1' into v_text using v_object.oid;
    end if;
    v_value := null;
    if v_text ~* '^\s*postgres(ql)?://' then
      v_value := drill._url_host(v_text);
    else
      -- All pairs in order, so that what looks like one inside a quoted password is none.
      select pg_catalog.string_agg(pg_catalog.btrim(m.pair [2], ''''), ', ')
      into v_value
      from pg_catalog.regexp_matches(v_text, '([a-z_]+)\s*=\s*(''(?:[^''\\]|\\.)*''|(?:[^\s''\\]|\\.)*)', 'gi') as m (pair)
      where pg_catalog.lower(m.pair [1]) in ('host', 'hostaddr');
    end if;
    return query
      select
        'subscription', 'subscription', pg_catalog.quote_ident(v_object.subname),
        case when v_value ~ '^[A-Za-z0-9._:,/@ -]+$' then v_value end, v_object.subenabled,
        case
          when pg_catalog.current_setting('max_logical_replication_workers') = '0'
            then 'max_logical_replication_workers is 0, so it cannot run now'
        end,
        pg_catalog.format('Before it is dropped, run: alter subscription %I set (slot_name = none). Otherwise the slot of its source is dropped with it.', v_object.subname),
        array[pg_catalog.format('alter subscription %I disable', v_object.subname)], null::text;
  end loop;

  -- Triggers. The clones on partitions follow the trigger of the parent; before PostgreSQL 15 a renamed one does not
  -- know its clones any more, and each is named by itself.
  return query
    with recursive posting as materialized (
      select f.function_oid, f.reaches
      from drill._posting_functions() as f
    ),
    root as (
      select t.oid as root_oid, t.oid, t.tgrelid, t.tgname, t.tgenabled
      from pg_catalog.pg_trigger as t
      where t.tgparentid = 0
        and (
          t.tgconstraint = 0
          or exists (select from pg_catalog.pg_constraint as c where c.oid = t.tgconstraint and c.contype = 't')
        )
        and t.tgfoid in (select f.function_oid from posting as f)
    ),
    member as (
      select r.root_oid, r.oid, r.tgrelid, r.tgname, r.tgenabled
      from root as r
      union all
      select m.root_oid, t.oid, t.tgrelid, t.tgname, t.tgenabled
      from member as m
      inner join pg_catalog.pg_trigger as t on t.tgparentid = m.oid
    ),
    tree as (
      select
        m.root_oid,
        pg_catalog.bool_or(m.tgenabled <> 'D') as is_armed,
        pg_catalog.bool_and(m.tgenabled in ('D', 'R')) as is_replica_only,
        pg_catalog.count(distinct m.tgname) = 1 as is_uniform,
        pg_catalog.array_agg(
          pg_catalog.format('alter table only %s disable trigger %I', drill._relation_name(m.tgrelid), m.tgname)
          order by drill._relation_name(m.tgrelid) collate "C"
        ) filter (where m.tgenabled <> 'D' or m.oid = m.root_oid) as single_statements
      from member as m
      group by m.root_oid
    ),
    described as (
      select
        drill._relation_name(t.tgrelid) as relation_name, t.tgname, c.relkind, t.tgfoid, r.is_armed, r.is_replica_only,
        r.is_uniform, r.single_statements, drill._url_host(pg_catalog.encode(t.tgargs, 'escape')) as host_of_arguments
      from tree as r
      inner join pg_catalog.pg_trigger as t on t.oid = r.root_oid
      inner join pg_catalog.pg_class as c on c.oid = t.tgrelid
    )
    select
      'webhook_trigger', 'trigger', d.relation_name || '.' || pg_catalog.quote_ident(d.tgname),
      coalesce(d.host_of_arguments, f.reaches),
      -- The address of these is in their arguments and nowhere else.
      d.is_armed and not (
        d.host_of_arguments ~* '\.invalid$'
        and p.proname = 'http_request'
        and n.nspname = 'supabase_functions'
      ),
      case when d.is_armed and d.is_replica_only then 'it fires only in sessions with session_replication_role = replica' end,
      null::text,
      case
        when d.relkind = 'v' then array[pg_catalog.format('drop trigger %I on %s', d.tgname, d.relation_name)]
        when d.is_uniform then array[pg_catalog.format('alter table %s disable trigger %I', d.relation_name, d.tgname)]
        else d.single_statements
      end,
      null::text
    from described as d
    inner join posting as f on f.function_oid = d.tgfoid
    inner join pg_catalog.pg_proc as p on p.oid = d.tgfoid
    inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    order by d.relation_name collate "C", d.tgname collate "C";

  -- Requests that wait. Deleted, not truncated: pg_net lets more roles do that.
  select c.oid
  into v_relation
  from pg_catalog.pg_class as c
  inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where n.nspname = 'net'
    and c.relname = 'http_request_queue'
    and c.relkind in ('r', 'p');
  if v_relation is not null then
    begin
      execute
        'select pg_catalog.count(*), pg_catalog.string_agg(distinct drill._url_host(pg_catalog.to_jsonb(q) ->> ''url''), '', '')'
        ' from net.http_request_queue as q'
      into v_count, v_text;
      return query
        select
          'request_queue', 'table', 'net.http_request_queue',
          case when pg_catalog.length(v_text) > 200 then pg_catalog.left(v_text, 200) || ' ...' else v_text end,
          v_count > 0, null::text,
          case when v_count > 0 then pg_catalog.format('Requests that wait: %s.', v_count) end,
          array['delete from net.http_request_queue'], null::text;
      if pg_catalog.row_security_active(v_relation) then
        return query
          select
            'request_queue', 'table', 'net.http_request_queue', null::text, null::boolean, null::text,
            pg_catalog.format('Look as a superuser, or run: alter role %I bypassrls.', current_user), array[]::text[],
            'row level security of net.http_request_queue hides requests';
      end if;
    exception
      when insufficient_privilege or lock_not_available then
        return query
          select
            'request_queue', 'table', 'net.http_request_queue', null::text, null::boolean, null::text,
            pg_catalog.format('Run: grant usage on schema net to %1$I; grant select on net.http_request_queue to %1$I.', current_user),
            array[]::text[], sqlerrm;
    end;
  end if;

  -- Foreign servers. What a wrapper reads on this machine, as file_fdw does, is not outside; a wrapper without a
  -- handler serves no foreign table, and counts if it names a host, for dblink.
  for v_object in
    select
      s.oid, s.srvname, w.fdwhandler,
      coalesce(s.srvoptions, array[]::text[]) as options,
      e.extname in ('postgres_fdw', 'dblink')
        or v.proname in ('postgres_fdw_validator', 'dblink_fdw_validator', 'postgresql_fdw_validator') as is_libpq,
      coalesce(
        (
          select
            pg_catalog.array_agg(
              pg_catalog.format(
                'drop user mapping for %s server %I',
                case m.umuser when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(m.umuser)) end, s.srvname
              )
              order by m.usename collate "C"
            )
          from pg_catalog.pg_user_mappings as m
          where m.srvid = s.oid
        ),
        array[]::text[]
      ) as mapping_statements
    from pg_catalog.pg_foreign_server as s
    inner join pg_catalog.pg_foreign_data_wrapper as w on w.oid = s.srvfdw
    left join pg_catalog.pg_proc as h on h.oid = w.fdwhandler
    left join pg_catalog.pg_proc as v on v.oid = w.fdwvalidator
    left join pg_catalog.pg_depend as d
      on d.classid = 'pg_catalog.pg_foreign_data_wrapper'::regclass
      and d.objid = w.oid
      and d.refclassid = 'pg_catalog.pg_extension'::regclass
      and d.deptype = 'e'
    left join pg_catalog.pg_extension as e on e.oid = d.refobjid
    where coalesce(h.proname, '') not in ('file_fdw_handler', 'sqlite_fdw_handler', 'cstore_fdw_handler', 'parquet_fdw_handler', 'duckdb_fdw_handler')
    order by s.srvname collate "C"
  loop
    v_is_libpq := coalesce(v_object.is_libpq, false);
    v_hosts := array[]::text[];
    v_options := array[]::text[];
    v_statements := array[]::text[];
    v_is_disarmed := true;
    foreach v_text in array v_object.options loop
      v_key := pg_catalog.split_part(v_text, '=', 1);
      v_value := pg_catalog.substr(v_text, pg_catalog.strpos(v_text, '=') + 1);
      if v_is_libpq and v_key in ('hostaddr', 'service') then
        v_is_disarmed := false;
        v_options := v_options || pg_catalog.format('drop %I', v_key);
        if v_key = 'hostaddr' then
          v_hosts := v_hosts || pg_catalog.string_to_array(v_value, ',');
        end if;
      elsif v_is_libpq and v_key = 'host' then
        v_is_disarmed := v_is_disarmed and v_value ~* '^[^,]*\.invalid(,[^,]*\.invalid)*$';
        v_options := v_options || pg_catalog.format('set host %L', 'disarmed.invalid');
        v_hosts := v_hosts || pg_catalog.string_to_array(v_value, ',');
      elsif not v_is_libpq
        and pg_catalog.lower(v_key) in (
          'host', 'hostname', 'hostaddr', 'address', 'addresses', 'server', 'servername', 'dbserver', 'svr_address', 'url', 'uri',
          'api_url', 'base_url', 'endpoint', 'endpoint_url', 'broker', 'brokers'
        )
      then
        -- What stands before the host, as in https:// or the // of Oracle, stays.
        v_value := coalesce(
          drill._url_host(v_value),
          (pg_catalog.regexp_match(v_value, '^(?://)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?:[:/?,].*)?$'))[1],
          ''
        );
        v_is_disarmed := v_is_disarmed and v_value ~* '\.invalid$';
        v_hosts := v_hosts || v_value;
        v_options := v_options || pg_catalog.format(
          'set %I %L', v_key, coalesce((pg_catalog.regexp_match(v_text, '^[^=]*=([a-z0-9+.:-]*://|//)', 'i'))[1], '') || 'disarmed.invalid'
        );
      end if;
    end loop;

    if v_is_libpq and not exists (select from pg_catalog.unnest(v_object.options) as o (pair) where o.pair like 'host=%') then
      v_is_disarmed := false;
      v_options := v_options || pg_catalog.format('add host %L', 'disarmed.invalid');
    end if;
    if pg_catalog.cardinality(v_options) > 0 then
      v_statements := array[
        pg_catalog.format('alter server %I options (%s)', v_object.srvname, pg_catalog.array_to_string(v_options, ', '))
      ];
    elsif v_object.fdwhandler = 0 then
      continue;
    else
      -- Its wrapper knows the way without any option, as those for the API of one company do.
      v_is_disarmed := false;
      v_statements := v_object.mapping_statements;
    end if;

    return query
      select
        'foreign_server', 'foreign server', pg_catalog.quote_ident(v_object.srvname),
        case
          when pg_catalog.cardinality(v_hosts) = 0 and v_is_libpq and 'drop service' <> all (v_options) then 'this machine'
          else (
            select pg_catalog.string_agg(distinct h.name, ', ' order by h.name)
            from pg_catalog.unnest(v_hosts) as h (name)
            where h.name ~ '^[A-Za-z0-9._:/@[\]-]+$'
          )
        end,
        not v_is_disarmed,
        case
          when v_is_libpq and 'drop service' <> all (v_options)
            and not exists (
              select
              from pg_catalog.unnest(v_hosts) as h (name)
              where h.name !~* '^(localhost|127(\.[0-9]+){3}|::1|[/@].*)$'
            )
            then 'it reaches only the machine that the server runs on'
          when pg_catalog.cardinality(v_statements) = 0
            then 'it has no user mapping, so nobody can log in through one'
        end,
        case
          when pg_catalog.cardinality(v_statements) = 0
            then pg_catalog.format('If the copy does not need it, run: drop server %I cascade. That drops its foreign tables, too.', v_object.srvname)
        end,
        v_statements, null::text;
  end loop;

  -- Archiving. The command may hold keys: at most a host leaves. It belongs to the server, so a copy beside
  -- production finds production's own, which must stay.
  v_text := pg_catalog.current_setting('archive_mode');
  v_value := nullif(pg_catalog.current_setting('archive_library', true), '');
  v_key := case when v_value is null then 'archive_command' else 'archive_library' end;
  v_is_disarmed := v_text = 'off'
    or v_value is null
    and pg_catalog.current_setting('archive_command') ~ '^\s*(|\(disabled\)|:|cd \.|exit( 0)?;?|(/usr)?(/bin/)?true)\s*$';
  begin
    v_origin := case
      when exists (
        select
        from drill.baselines as b
        cross join drill.get_identity() as i
        where b.baseline_id = drill._newest_baseline()
          and b.system_identifier = i.system_identifier
          and b.started_at = i.started_at
          and b.database_name <> i.database_name
      )
        then 'The newest baseline was captured'
      -- The first backup holds no baseline, as its own is made from the same snapshot; a heartbeat it holds.
      when exists (
        select
        from drill.heartbeats as h
        cross join drill.get_identity() as i
        where h.system_identifier = i.system_identifier
          and h.started_at = i.started_at
          and h.database_name <> i.database_name
      )
        then 'A heartbeat was recorded'
    end;
  exception
    when insufficient_privilege then
      null; -- Nothing is known, so it is judged like any other.
  end;
  -- Those of whom it is known that they archive every instance by themselves, and let nobody change it.
  select pg_catalog.min(p.platform)
  into v_platform
  from (
    values
      ('supabase_admin', 'Supabase'), ('rdsadmin', 'Amazon RDS'), ('cloudsqladmin', 'Google Cloud SQL'), ('azuresu', 'Azure')
  ) as p (role_name, platform)
  inner join pg_catalog.pg_roles as r on r.rolname = p.role_name;
  return query
    select
      'archiving', 'setting', v_key,
      case
        when not v_is_disarmed and v_value is null
          then coalesce(
            drill._url_host(pg_catalog.current_setting('archive_command')),
            (pg_catalog.regexp_match(pg_catalog.current_setting('archive_command'), '\s[a-z0-9._-]+@([A-Za-z0-9.-]+):'))[1]
          )
      end,
      not v_is_disarmed and v_origin is null,
      case
        when v_platform is not null
          then pg_catalog.format('%s archives each instance for itself and lets nobody change that', v_platform)
      end,
      pg_catalog.concat_ws(
        ' ',
        case
          when v_text = 'off' then 'Archiving is off.'
          when v_is_disarmed then 'What archives ships nothing.'
          when v_origin is not null then v_origin || ' in another database of this running server, so what it archives is production''s own.'
        end,
        case
          when not v_is_disarmed and v_origin is null and s.source = 'command line'
            then pg_catalog.format('%s is set on the command line of the server: start it with -c archive_mode=off.', v_key)
          when not v_is_disarmed and v_origin is null and v_platform is null
            then 'Not the empty string, with which WAL would pile up.'
        end,
        case when a.archived_count > 0 then pg_catalog.format('WAL files archived since the statistics were reset: %s.', a.archived_count) end
      ),
      case
        when v_platform is not null or v_origin is not null or s.source = 'command line' then array[]::text[]
        else pg_catalog.array_remove(
          array[
            case when v_version >= 150000 and v_value is not null then 'alter system set archive_library = ''''' end,
            'alter system set archive_command = ''/bin/true''',
            'select pg_catalog.pg_reload_conf()'
          ],
          null
        )
      end,
      null::text
    from pg_catalog.pg_settings as s
    cross join pg_catalog.pg_stat_archiver as a
    where s.name = v_key;
end
$$;

comment on function drill.list_outbound() is
  'What of this database can act on the outside: event triggers, cron jobs, subscriptions, triggers that post, requests that wait, foreign servers, archiving; with the host and the statements that disarm it';

revoke all on function drill.list_outbound() from public;
