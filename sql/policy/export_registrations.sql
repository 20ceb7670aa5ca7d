-- Capture and verification state the registrations by this one function.
create or replace function drill.export_registrations()
returns jsonb
language sql
stable
set search_path = ''
set datestyle = 'ISO, YMD'
as $$
  select pg_catalog.jsonb_build_object(
    'policies', coalesce(
      (select pg_catalog.jsonb_object_agg(p.policy_name, pg_catalog.date_part('epoch', p.policy_value)) from drill.policy as p),
      '{}'
    ),
    'guards', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'relation_name', g.relation_name,
            'trigger_name', g.trigger_name,
            'function_name', g.function_name,
            'trigger_definition', g.trigger_definition,
            'function_definition', g.function_definition,
            'is_trigger_ours', g.is_trigger_ours
          )
          order by g.relation_name collate "C", g.trigger_name collate "C"
        )
        from drill.guards as g
      ),
      '[]'
    ),
    'partitioned_relations', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'relation_name', r.relation_name,
            'period', r.period,
            'time_zone', r.time_zone,
            'name_pattern', r.name_pattern
          )
          order by r.relation_name collate "C"
        )
        from drill.partitioned_relations as r
      ),
      '[]'
    ),
    'critical_relations', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'relation_name', c.relation_name,
            'timestamp_column', c.timestamp_column,
            'is_append_only', c.is_append_only,
            'tolerance', c.tolerance::text,
            'tenant_column', c.tenant_column,
            'is_tenant_shown', c.is_tenant_shown,
            'is_secret', c.is_secret,
            'depth', c.depth
          )
          order by c.relation_name collate "C"
        )
        from drill.critical_relations as c
      ),
      '[]'
    ),
    'isolation_policy', coalesce(
      (select pg_catalog.jsonb_object_agg(i.kind, i.status) from drill.isolation_policy as i),
      '{}'
    ),
    'waivers', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'check_name', w.check_name,
            'object_name', w.object_name,
            'reason', w.reason,
            'owner', w.owner,
            'until', w.until::text
          )
          order by w.check_name collate "C", w.object_name collate "C"
        )
        from drill.waivers as w
      ),
      '[]'
    )
  )
$$;

comment on function drill.export_registrations() is
  'What is registered here: policies (in seconds), guards with their definitions, partitioned tables, critical relations, what isolation demands, waivers';

revoke all on function drill.export_registrations() from public;
