-- A baseline that is gone, or holds no objects, is no proof that nothing changed.
create or replace function drill.get_schema_changes(p_baseline_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_problem text;
  v_changes jsonb;
begin
  v_problem := case
    when p_baseline_id is null then 'it does not say against which baseline it was verified'
    when not exists (select from drill.baselines as b where b.baseline_id = p_baseline_id)
      then pg_catalog.format('its baseline %s is not stored here (any more)', p_baseline_id)
    when not exists (select from drill.baseline_objects as o where o.baseline_id = p_baseline_id)
      then pg_catalog.format('its baseline %s holds no objects', p_baseline_id)
  end;

  if v_problem is null then
    select pg_catalog.jsonb_agg(
      pg_catalog.jsonb_build_object('area', c.area, 'object_kind', c.object_kind, 'object_name', c.object_name, 'change', c.change)
      order by c.place
    )
    into v_changes
    from drill.list_schema_changes(p_baseline_id) with ordinality as c (area, object_kind, object_name, change, place);
  end if;

  return pg_catalog.jsonb_build_object(
    'baseline_id', p_baseline_id, 'problem', v_problem, 'changes', coalesce(v_changes, '[]')
  );
end
$$;

comment on function drill.get_schema_changes(uuid) is
  'The rows of drill.list_schema_changes() as a document, or the problem why nothing can be compared with that baseline';

revoke all on function drill.get_schema_changes(uuid) from public;
