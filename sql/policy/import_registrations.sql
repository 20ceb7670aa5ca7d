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

  insert into drill.critical_relations (
    relation_name, timestamp_column, is_append_only, tolerance, tenant_column, is_tenant_shown, is_secret, depth, profile
  )
  select
    c.relation_name, c.timestamp_column, c.is_append_only, c.tolerance, c.tenant_column, c.is_tenant_shown, c.is_secret, c.depth,
    'baseline'
  from pg_catalog.jsonb_to_recordset(p_registrations -> 'critical_relations') as c (
    relation_name text, timestamp_column text, is_append_only boolean, tolerance numeric, tenant_column text,
    is_tenant_shown boolean, is_secret boolean, depth text
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
