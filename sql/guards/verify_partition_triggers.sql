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
