create or replace function drill.list_tenants(p_installation_id uuid default null, p_relation_name text default null)
returns table (relation_name text, tenant_key text, row_count bigint, newest_at timestamptz, problem text)
language sql
stable
set search_path = ''
as $$
  select t.relation_name, t.tenant_key, pg_catalog.sum(t.row_count)::bigint, pg_catalog.max(t.newest_at), t.problem
  from drill._measure_tenants(p_installation_id, p_relation_name) as t
  group by t.relation_name, t.tenant_key, t.problem
  order by t.relation_name collate "C", t.tenant_key collate "C"
$$;

comment on function drill.list_tenants(uuid, text) is
  'Rows and newest timestamp of each tenant of the critical relations that have a tenant column, are not secret and may be looked at in full; the key is a hash made with an installation (null: this one), or the raw id where is_tenant_shown';

revoke all on function drill.list_tenants(uuid, text) from public;
