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
