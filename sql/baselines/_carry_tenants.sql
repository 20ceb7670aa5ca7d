-- Counts per tenant and partition would be many, so there is one sum for all closed
-- partitions of a relation: it is taken over only when each of them is.
create or replace function drill._carry_tenants(p_baseline_id uuid, p_previous_id uuid)
returns text[]
language sql
volatile
set search_path = ''
as $$
  with closed as (
    select
      k.relation_name,
      pg_catalog.array_agg(distinct pg_catalog.format('%s %s', k.relation_name, k.partition_name)) as names
    from drill.baseline_buckets as k
    inner join drill.baseline_relations as o
      on o.baseline_id = k.baseline_id
      and o.relation_name = k.relation_name
    inner join drill.baseline_relations as r
      on r.baseline_id = p_baseline_id
      and r.relation_name = k.relation_name
      and (r.tenant_column, r.is_tenant_shown, r.is_secret, r.depth) = (o.tenant_column, o.is_tenant_shown, false, 'full')
      and (o.is_secret, o.depth) = (r.is_secret, r.depth)
    where k.baseline_id = p_previous_id
      and k.is_closed
    group by k.relation_name
    having pg_catalog.bool_and(exists (
      select
      from drill.baseline_buckets as n
      where n.baseline_id = p_baseline_id
        and n.relation_name = k.relation_name
        and n.partition_name = k.partition_name
        and n.is_carried
    ))
  ),
  tenant as (
    insert into drill.baseline_tenants (
      baseline_id, relation_name, tenant_key, row_count, newest_at, closed_row_count, closed_newest_at
    )
    select
      p_baseline_id, t.relation_name, t.tenant_key, t.closed_row_count, t.closed_newest_at, t.closed_row_count, t.closed_newest_at
    from drill.baseline_tenants as t
    inner join closed as c on c.relation_name = t.relation_name
    where t.baseline_id = p_previous_id
      and t.closed_row_count > 0
  )
  select coalesce(pg_catalog.array_agg(n.name), '{}')
  from closed as c
  cross join lateral pg_catalog.unnest(c.names) as n (name)
$$;

comment on function drill._carry_tenants(uuid, uuid) is
  'Internal: takes over from an earlier baseline the rows that tenants have in closed partitions, and gives these partitions, each behind its relation''s name and a blank; to be called when their buckets are taken over';

revoke all on function drill._carry_tenants(uuid, uuid) from public;
