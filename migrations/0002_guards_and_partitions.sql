-- Up Migration

-- begin copy of sql/policy/guards.sql
create table drill.guards (
  relation_name text not null,
  trigger_name text not null,
  function_name text not null,
  trigger_definition text,
  function_definition text,
  profile text not null default 'custom',
  is_trigger_ours boolean not null default false,
  is_function_ours boolean not null default false,
  constraint guards_pkey primary key (relation_name, trigger_name),
  constraint guards_relation_name_check check (
    relation_name = format('%I.%I', (parse_ident(relation_name))[1], (parse_ident(relation_name))[2])
  ),
  constraint guards_function_name_check check (
    function_name = format('%I.%I', (parse_ident(function_name))[1], (parse_ident(function_name))[2])
  )
);

comment on table drill.guards is
  'Triggers that must exist, be enabled, be unchanged and stand on every partition; fill it with drill.register_guard()';
comment on column drill.guards.relation_name is 'The guarded table, schema and name, quoted where needed';
comment on column drill.guards.trigger_name is 'Name of the trigger on that table, as the catalog has it';
comment on column drill.guards.function_name is 'The trigger function, schema and name, quoted where needed';
comment on column drill.guards.trigger_definition is 'Definition of the trigger when it was registered; null when it did not exist yet';
comment on column drill.guards.function_definition is 'Definition of the function when it was registered; null when it did not exist yet';
comment on column drill.guards.profile is 'Which profile registered it; custom for your own';
comment on column drill.guards.is_trigger_ours is 'True when pgdrill created the trigger, so that removing pgdrill removes it';
comment on column drill.guards.is_function_ours is 'True when pgdrill created the function, so that removing pgdrill removes it';

revoke all on table drill.guards from public;
-- end copy of sql/policy/guards.sql

-- begin copy of sql/guards/register_guard.sql
-- Also the way to accept an intended change of a guard: registering again
-- records the definitions of now.
create or replace function drill.register_guard(p_relation_name text, p_trigger_name text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_trigger record;
begin
  select
    drill._relation_name(t.tgrelid) as relation_name,
    t.tgname as trigger_name,
    pg_catalog.format('%I.%I', n.nspname, p.proname) as function_name,
    drill._trigger_definition(t.oid) as trigger_definition,
    pg_catalog.pg_get_functiondef(p.oid) as function_definition
  into v_trigger
  from pg_catalog.pg_trigger as t
  inner join pg_catalog.pg_proc as p on p.oid = t.tgfoid
  inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
  where t.tgrelid = pg_catalog.to_regclass(p_relation_name)
    and t.tgname = p_trigger_name;

  if not found then
    raise exception using
      errcode = 'RD007',
      message = format(
        'cannot register the guard: there is no trigger %s on %s',
        coalesce(pg_catalog.quote_ident(p_trigger_name), 'null'),
        coalesce(p_relation_name, 'null')
      ),
      hint = 'Create the trigger first, and name the table with its schema.';
  end if;

  insert into drill.guards as g (relation_name, trigger_name, function_name, trigger_definition, function_definition)
  values (
    v_trigger.relation_name, v_trigger.trigger_name, v_trigger.function_name,
    v_trigger.trigger_definition, v_trigger.function_definition
  )
  on conflict (relation_name, trigger_name) do update
  set
    function_name = excluded.function_name,
    trigger_definition = excluded.trigger_definition,
    function_definition = excluded.function_definition;

  -- Guards may share a function: what is accepted for one is accepted for all.
  update drill.guards as g
  set function_definition = v_trigger.function_definition
  where g.function_name = v_trigger.function_name;
end
$$;

comment on function drill.register_guard(text, text) is
  'Registers a trigger as a guard, or accepts its present definition as the right one: table with schema, trigger name';

revoke all on function drill.register_guard(text, text) from public;
-- end copy of sql/guards/register_guard.sql

-- begin copy of sql/guards/verify_partition_triggers.sql
-- Looks at what the name of a trigger does not tell: its state on every single
-- partition, the function that it calls, its definition, and the function's body.
-- A partition's trigger is found through tgparentid, never by name or
-- tgisinternal: PostgreSQL 14 marks inherited triggers as internal.
create or replace function drill.verify_partition_triggers()
returns setof drill.check_result
language sql
stable
set search_path = ''
as $$
  with recursive guard as (
    select
      g.*,
      -- Not to_regclass and to_regprocedure: they raise an error for whoever may not use the schema.
      (
        select c.oid
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = (pg_catalog.parse_ident(g.relation_name))[1]
          and c.relname = (pg_catalog.parse_ident(g.relation_name))[2]
      ) as relation_oid,
      (
        select p.oid
        from pg_catalog.pg_proc as p
        inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
        where n.nspname = (pg_catalog.parse_ident(g.function_name))[1]
          and p.proname = (pg_catalog.parse_ident(g.function_name))[2]
          and p.pronargs = 0
      ) as function_oid
    from drill.guards as g
  ),
  -- The guarded table, and every partition below it at any depth. Not asked of
  -- pg_partition_tree, which locks each of them.
  member as (
    select g.relation_name, g.trigger_name, g.relation_oid as member_oid, true as is_parent
    from guard as g
    where g.relation_oid is not null
    union all
    select m.relation_name, m.trigger_name, i.inhrelid, false
    from member as m
    inner join pg_catalog.pg_inherits as i on i.inhparent = m.member_oid
    inner join pg_catalog.pg_class as c on c.oid = i.inhrelid
    where c.relispartition
      and not i.inhdetachpending
  ),
  -- The trigger on the table, and the clones that PostgreSQL made of it.
  guard_trigger as (
    select
      g.relation_name, g.trigger_name, t.oid as trigger_oid, t.tgrelid, t.tgenabled, t.tgfoid
    from guard as g
    inner join pg_catalog.pg_trigger as t
      on t.tgrelid = g.relation_oid
      and t.tgname = g.trigger_name
    union all
    select
      p.relation_name, p.trigger_name, t.oid, t.tgrelid, t.tgenabled, t.tgfoid
    from guard_trigger as p
    inner join pg_catalog.pg_trigger as t on t.tgparentid = p.trigger_oid
  ),
  finding as (
    select
      m.is_parent,
      g.trigger_name,
      pg_catalog.format('%I.%I', mn.nspname, mc.relname) as member_name,
      g.function_name,
      g.trigger_definition,
      t.trigger_oid,
      t.tgenabled,
      case t.tgenabled
        when 'O' then 'enabled'
        when 'A' then 'enabled always'
        when 'R' then 'enabled for replication only'
        when 'D' then 'disabled'
      end as state,
      pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname) as actual_function_name,
      case when m.is_parent then drill._trigger_definition(t.trigger_oid) end as actual_definition,
      g.relation_name
    from member as m
    inner join guard as g using (relation_name, trigger_name)
    -- Joined: a call of drill._relation_name for each of a thousand partitions would be half of the time.
    inner join pg_catalog.pg_class as mc on mc.oid = m.member_oid
    inner join pg_catalog.pg_namespace as mn on mn.oid = mc.relnamespace
    left join guard_trigger as t
      on t.relation_name = m.relation_name
      and t.trigger_name = m.trigger_name
      and t.tgrelid = m.member_oid
    left join pg_catalog.pg_proc as p on p.oid = t.tgfoid
    left join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
  ),
  trigger_result as (
    select
      f.member_name || '.' || pg_catalog.quote_ident(f.trigger_name) as object_name,
      case
        when f.trigger_oid is null then 'fail'
        when f.tgenabled not in ('O', 'A') then 'fail'
        when f.actual_function_name <> f.function_name then 'fail'
        when f.is_parent and f.trigger_definition is null then 'error'
        when f.is_parent and f.actual_definition <> f.trigger_definition then 'fail'
        else 'pass'
      end as status,
      case
        when f.trigger_oid is null
          then pg_catalog.format('the trigger %I is missing on %s', f.trigger_name, f.member_name)
        when f.tgenabled not in ('O', 'A')
          then pg_catalog.format('the trigger %I on %s is %s', f.trigger_name, f.member_name, f.state)
        when f.actual_function_name <> f.function_name
          then pg_catalog.format('the trigger %I on %s calls %s instead of %s', f.trigger_name, f.member_name, f.actual_function_name, f.function_name)
        when f.is_parent and f.trigger_definition is null
          then pg_catalog.format('the right definition of the trigger %I on %s was never recorded, so nobody can tell whether it changed', f.trigger_name, f.member_name)
        when f.is_parent and f.actual_definition <> f.trigger_definition
          then pg_catalog.format('the trigger %I on %s has another definition than the registered one', f.trigger_name, f.member_name)
        else pg_catalog.format('the trigger %I on %s is %s and calls %s', f.trigger_name, f.member_name, f.state, f.function_name)
      end as detail,
      case
        when f.trigger_oid is null and f.is_parent
          then pg_catalog.format('Create it again: %s.', coalesce(f.trigger_definition, 'see your migrations'))
        when f.trigger_oid is null
          then pg_catalog.format('Drop and create the trigger on %s, so that its partitions get it too.', f.relation_name)
        when f.tgenabled not in ('O', 'A')
          then pg_catalog.format('Run: alter table %s enable trigger %I.', f.member_name, f.trigger_name)
        when f.actual_function_name <> f.function_name or f.is_parent and f.actual_definition <> f.trigger_definition
          then pg_catalog.format('Restore it: %s. If the change is intended in production, run there: select drill.register_guard(%L, %L).', f.trigger_definition, f.relation_name, f.trigger_name)
        when f.is_parent and f.trigger_definition is null
          then pg_catalog.format('In production run: select drill.register_guard(%L, %L).', f.relation_name, f.trigger_name)
      end as hint,
      pg_catalog.jsonb_build_object(
        'state', 'enabled',
        'function', f.function_name,
        'definition', case when f.is_parent then f.trigger_definition end
      ) as expected,
      pg_catalog.jsonb_build_object(
        'state', coalesce(f.state, 'missing'),
        'function', f.actual_function_name,
        'definition', f.actual_definition
      ) as actual,
      f.is_parent
    from finding as f
  ),
  guard_function as (
    select
      g.function_name,
      g.function_oid,
      min(g.relation_name) as relation_name,
      min(g.trigger_name) as trigger_name,
      min(g.function_definition) as function_definition,
      case when g.function_oid is not null then pg_catalog.pg_get_functiondef(g.function_oid) end as actual_definition
    from guard as g
    group by g.function_name, g.function_oid
  ),
  function_result as (
    select
      f.function_name || '()' as object_name,
      case
        when f.function_oid is null then 'fail'
        when f.function_definition is null then 'error'
        when f.actual_definition <> f.function_definition then 'fail'
        else 'pass'
      end as status,
      case
        when f.function_oid is null
          then pg_catalog.format('the guard function %s() does not exist', f.function_name)
        when f.function_definition is null
          then pg_catalog.format('the right definition of %s() was never recorded, so nobody can tell whether it changed', f.function_name)
        when f.actual_definition <> f.function_definition
          then pg_catalog.format('the guard function %s() is not the registered one: its body or its settings changed', f.function_name)
        else pg_catalog.format('the guard function %s() is unchanged', f.function_name)
      end as detail,
      case
        when f.function_definition is null
          then pg_catalog.format('Create it by your migrations, then run in production: select drill.register_guard(%L, %L).', f.relation_name, f.trigger_name)
        when f.function_oid is null or f.actual_definition <> f.function_definition
          then pg_catalog.format('Create it again from drill.guards.function_definition. If the change is intended in production, run there: select drill.register_guard(%L, %L).', f.relation_name, f.trigger_name)
      end as hint,
      pg_catalog.to_jsonb(f.function_definition) as expected,
      pg_catalog.to_jsonb(f.actual_definition) as actual
    from guard_function as f
  ),
  -- With session_replication_role = replica ordinary triggers stay silent although
  -- each of them looks enabled.
  role_setting as (
    select
      coalesce(
        'role ' || pg_catalog.quote_ident(r.rolname),
        'database ' || pg_catalog.quote_ident(pg_catalog.current_database())
      ) as object_name,
      e.setting
    from pg_catalog.pg_db_role_setting as s
    cross join lateral pg_catalog.unnest(s.setconfig) as e (setting)
    left join pg_catalog.pg_roles as r on r.oid = s.setrole
    where s.setdatabase in (0, (select d.oid from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database()))
      and e.setting like 'session\_replication\_role=%'
      and e.setting <> 'session_replication_role=origin'
    union all
    select 'this session', 'session_replication_role=' || pg_catalog.current_setting('session_replication_role')
    where pg_catalog.current_setting('session_replication_role') <> 'origin'
  )
  select 'partition_triggers', g.relation_name, 'fail',
    pg_catalog.format('the guarded table %s does not exist', g.relation_name),
    case
      when g.profile = 'opsmantik'
        then 'Restore it; or, when this is not OpsMantik''s database, run in production: delete from drill.guards where profile = ''opsmantik''.'
      else pg_catalog.format('Restore it; or, when production has dropped it for good, run there: delete from drill.guards where relation_name = %L.', g.relation_name)
    end,
    pg_catalog.to_jsonb('exists'::text), pg_catalog.to_jsonb('missing'::text)
  from guard as g
  where g.relation_oid is null
  union all
  (
    select 'partition_triggers', t.object_name, t.status, t.detail, t.hint, t.expected, t.actual
    from trigger_result as t
    order by t.is_parent desc, t.object_name collate "C"
  )
  union all
  select 'partition_triggers', f.object_name, f.status, f.detail, f.hint, f.expected, f.actual
  from function_result as f
  union all
  select 'partition_triggers', s.object_name, 'fail',
    pg_catalog.format('%s has %s: guard triggers do not fire', s.object_name, s.setting),
    pg_catalog.format('Run: alter %s reset session_replication_role, and connect anew.', s.object_name),
    pg_catalog.to_jsonb('session_replication_role=origin'::text), pg_catalog.to_jsonb(s.setting)
  from role_setting as s
  union all
  -- Without any trigger there is nothing to guard; with triggers, somebody has to
  -- say which of them must hold.
  select 'partition_triggers', null, case when u.is_any then 'error' else 'skip' end,
    case
      when u.is_any then 'no guard is registered, so no trigger was looked at'
      else 'no guard is registered, and no table has a trigger'
    end,
    'Register the triggers that must hold: select drill.register_guard(''public.orders'', ''orders_set_month'').',
    null, null
  from (
    select exists (
      select
      from pg_catalog.pg_trigger as t
      where t.tgconstraint = 0
    ) as is_any
  ) as u
  where not exists (select from drill.guards)
$$;

comment on function drill.verify_partition_triggers() is
  'Whether each registered guard trigger exists, is enabled, calls the right unchanged function, on its table and on every partition';

revoke all on function drill.verify_partition_triggers() from public;
-- end copy of sql/guards/verify_partition_triggers.sql

-- begin copy of sql/guards/install_opsmantik_guards.sql
-- Creates the two guards of the OpsMantik profile where their tables stand and
-- the trigger is missing, touches none that is there, and registers both. Run it
-- again once the tables exist. Their names are common: a relation that lacks the
-- guarded columns is another application's and is left alone. Text in quotes
-- below is what gets installed. With the setting drill.install_guards = off it only
-- registers: a restored copy must be judged, not mended.
create or replace function drill.install_opsmantik_guards()
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_guard record;
  v_relation regclass;
  v_is_function_new boolean;
  v_is_trigger_new boolean;
begin
  for v_guard in
    select *
    from (
      values
        (
          'public.sessions',
          'sessions_set_created_month',
          'public.trg_sessions_set_created_month',
          'before insert or update of created_at, created_month',
          array['created_at', 'created_month'],
          $body$
begin
  -- The month in UTC, whatever zone the session uses: partitions are cut by it.
  new.created_month := pg_catalog.date_trunc('month', new.created_at at time zone 'UTC')::date;
  return new;
end
$body$
        ),
        (
          'public.events',
          'events_set_session_month_from_session',
          'public.trg_events_set_session_month_from_session',
          'before insert or update of session_id, session_month, site_id',
          array['session_id', 'session_month', 'site_id'],
          $body$
declare
  v_session record;
begin
  -- An event lives beside its session, also when it happens after midnight of
  -- the month's last day, and belongs to the site of its session.
  select s.created_month, s.site_id
  into v_session
  from public.sessions as s
  where s.id = new.session_id
  order by s.created_month desc
  limit 1;

  if not found then
    raise exception using
      errcode = 'foreign_key_violation',
      message = 'the session of the event does not exist';
  end if;

  new.session_month := v_session.created_month;
  new.site_id := v_session.site_id;
  return new;
end
$body$
        )
    ) as g (relation_name, trigger_name, function_name, event, column_names, body)
  loop
    select c.oid
    into v_relation
    from pg_catalog.pg_class as c
    where c.oid = pg_catalog.to_regclass(v_guard.relation_name)
      and pg_catalog.current_setting('drill.install_guards', true) is distinct from 'off'
      and c.relkind in ('r', 'p')
      and not exists (
        select
        from pg_catalog.unnest(v_guard.column_names) as n (column_name)
        where not exists (
          select
          from pg_catalog.pg_attribute as a
          where a.attrelid = c.oid
            and a.attname = n.column_name
            and not a.attisdropped
        )
      );
    v_is_function_new := false;
    v_is_trigger_new := false;

    if v_relation is not null and not exists (
      select
      from pg_catalog.pg_trigger as t
      where t.tgrelid = v_relation
        and t.tgname = v_guard.trigger_name
    ) then
      if pg_catalog.to_regprocedure(v_guard.function_name || '()') is null then
        execute pg_catalog.format(
          'create function %s() returns trigger language plpgsql set search_path = '''' as %L',
          v_guard.function_name, v_guard.body
        );
        execute pg_catalog.format('revoke all on function %s() from public', v_guard.function_name);
        execute pg_catalog.format(
          'comment on function %s() is %L',
          v_guard.function_name, 'Gives the row the right partition key; installed by pgdrill'
        );
        v_is_function_new := true;
      end if;

      execute pg_catalog.format(
        'create trigger %I %s on %s for each row execute function %s()',
        v_guard.trigger_name, v_guard.event, v_guard.relation_name, v_guard.function_name
      );
      v_is_trigger_new := true;
    end if;

    insert into drill.guards as g (relation_name, trigger_name, function_name, profile)
    values (v_guard.relation_name, v_guard.trigger_name, v_guard.function_name, 'opsmantik')
    on conflict (relation_name, trigger_name) do nothing;

    -- Recorded once: a later run must not bless a guard that was changed meanwhile.
    if v_relation is not null and exists (
      select
      from drill.guards as g
      where g.relation_name = v_guard.relation_name
        and g.trigger_name = v_guard.trigger_name
        and g.trigger_definition is null
    ) then
      perform drill.register_guard(v_guard.relation_name, v_guard.trigger_name);
    end if;

    update drill.guards as g
    set
      is_function_ours = g.is_function_ours or v_is_function_new,
      is_trigger_ours = g.is_trigger_ours or v_is_trigger_new
    where g.relation_name = v_guard.relation_name
      and g.trigger_name = v_guard.trigger_name
      and (v_is_function_new or v_is_trigger_new);
  end loop;
end
$$;

comment on function drill.install_opsmantik_guards() is
  'Creates the guard triggers of sessions and events where the tables stand and the trigger is missing, and registers them; safe to repeat';

revoke all on function drill.install_opsmantik_guards() from public;
-- end copy of sql/guards/install_opsmantik_guards.sql

-- begin copy of sql/policy/partitioned_relations.sql
create table drill.partitioned_relations (
  relation_name text primary key,
  period text not null,
  time_zone text not null default 'UTC',
  name_pattern text,
  profile text not null default 'custom',
  constraint partitioned_relations_relation_name_check check (
    relation_name = format('%I.%I', (parse_ident(relation_name))[1], (parse_ident(relation_name))[2])
  ),
  constraint partitioned_relations_period_check check (
    period in ('day', 'week', 'month', 'quarter', 'year')
  )
);

comment on table drill.partitioned_relations is
  'Tables partitioned by time, and how far ahead their partitions must reach; fill it with drill.register_partitioned_relation()';
comment on column drill.partitioned_relations.relation_name is 'The partitioned table, schema and name, quoted where needed';
comment on column drill.partitioned_relations.period is 'Length of a period: day, week (from Monday), month, quarter or year; this one and the next must be covered';
comment on column drill.partitioned_relations.time_zone is 'Zone in which the periods begin at midnight';
comment on column drill.partitioned_relations.name_pattern is 'Regular expression of the partitions'' names; finds one that is detached but still there; null to leave that out';
comment on column drill.partitioned_relations.profile is 'Which profile registered it; custom for your own';

revoke all on table drill.partitioned_relations from public;
-- end copy of sql/policy/partitioned_relations.sql

-- begin copy of sql/partitions/register_partitioned_relation.sql
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
-- end copy of sql/partitions/register_partitioned_relation.sql

-- begin copy of sql/partitions/list_partitions.sql
-- Bounds are stored as an expression, so they are read as text; the settings of
-- this function fix how that text looks. With several key columns the first
-- one, time, decides. MINVALUE and MAXVALUE become infinity.
create or replace function drill.list_partitions(p_relation_name text)
returns table (
  partition_name text,
  is_default boolean,
  starts_at timestamptz,
  ends_at timestamptz,
  is_detach_pending boolean
)
language sql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
  -- Materialized, or the expression would be deparsed anew at each of the ten places
  -- that look at it. Joined, for a call of drill._relation_name per partition is as dear.
  with partition as materialized (
    select
      pg_catalog.format('%I.%I', n.nspname, c.relname) as partition_name,
      pg_catalog.pg_get_expr(c.relpartbound, c.oid) as expression,
      i.inhdetachpending
    from pg_catalog.pg_inherits as i
    inner join pg_catalog.pg_class as c on c.oid = i.inhrelid
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    inner join pg_catalog.pg_partitioned_table as p on p.partrelid = i.inhparent
    where i.inhparent = drill._relation_oid(p_relation_name)
  ),
  bound as materialized (
    select
      p.*,
      pg_catalog.substring(p.expression, 'FROM \((MINVALUE|''[^'']*'')') as lower_bound,
      pg_catalog.substring(p.expression, 'TO \((MAXVALUE|''[^'']*'')') as upper_bound
    from partition as p
  )
  select
    b.partition_name,
    b.expression = 'DEFAULT',
    case
      when b.lower_bound = 'MINVALUE' then '-infinity'::timestamptz
      when b.lower_bound ~ '^''-?(\d+-\d+-\d+|infinity)' then pg_catalog.btrim(b.lower_bound, '''')::timestamptz
    end,
    case
      when b.upper_bound = 'MAXVALUE' then 'infinity'::timestamptz
      when b.upper_bound ~ '^''-?(\d+-\d+-\d+|infinity)' then pg_catalog.btrim(b.upper_bound, '''')::timestamptz
    end,
    b.inhdetachpending
  from bound as b
  order by b.expression = 'DEFAULT', 3, b.partition_name collate "C"
$$;

comment on function drill.list_partitions(text) is
  'The direct partitions of a table with their bounds as points in time (null when they are not times)';

revoke all on function drill.list_partitions(text) from public;
-- end copy of sql/partitions/list_partitions.sql

-- begin copy of sql/partitions/verify_partitions.sql
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
-- end copy of sql/partitions/verify_partitions.sql

-- begin copy of sql/partitions/opsmantik_partitions.sql
insert into drill.partitioned_relations (relation_name, period, name_pattern, profile)
values
  ('public.sessions', 'month', '^sessions_\d{4}_\d{2}$', 'opsmantik'),
  ('public.events', 'month', '^events_\d{4}_\d{2}$', 'opsmantik')
on conflict (relation_name) do nothing;
-- end copy of sql/partitions/opsmantik_partitions.sql

-- Where the tables stand already; elsewhere call it again once they do.
select drill.install_opsmantik_guards();

-- Down Migration

-- Guards that pgdrill created go with it; those that were there stay. No cascade:
-- what somebody built on them stops the removal with an error that names it.
do $$
declare
  v_guard record;
begin
  for v_guard in
    select g.*
    from drill.guards as g
  loop
    if v_guard.is_trigger_ours and pg_catalog.to_regclass(v_guard.relation_name) is not null then
      execute pg_catalog.format('drop trigger if exists %I on %s', v_guard.trigger_name, v_guard.relation_name);
    end if;
    if v_guard.is_function_ours then
      execute pg_catalog.format('drop function if exists %s()', v_guard.function_name);
    end if;
  end loop;
end
$$;

drop function drill.verify_partitions();
drop function drill.list_partitions(text);
drop function drill.register_partitioned_relation(text, text, text, text);
drop table drill.partitioned_relations;
drop function drill.install_opsmantik_guards();
drop function drill.verify_partition_triggers();
drop function drill.register_guard(text, text);
drop table drill.guards;
