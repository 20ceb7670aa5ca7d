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
