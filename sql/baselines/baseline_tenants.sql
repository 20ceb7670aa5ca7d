create table drill.baseline_tenants (
  baseline_id uuid not null,
  relation_name text not null,
  tenant_key text not null,
  row_count bigint not null,
  newest_at timestamptz,
  closed_row_count bigint not null default 0,
  closed_newest_at timestamptz,
  constraint baseline_tenants_pkey primary key (baseline_id, relation_name, tenant_key),
  constraint baseline_tenants_relation_fkey foreign key (baseline_id, relation_name)
    references drill.baseline_relations (baseline_id, relation_name) on delete cascade
);

comment on table drill.baseline_tenants is 'Rows of each tenant in a baseline of depth full';
comment on column drill.baseline_tenants.baseline_id is 'The baseline';
comment on column drill.baseline_tenants.relation_name is 'The critical relation';
comment on column drill.baseline_tenants.tenant_key is 'Hash of the tenant, or its raw id where that is allowed';
comment on column drill.baseline_tenants.row_count is 'Exact number of rows';
comment on column drill.baseline_tenants.newest_at is 'Newest timestamp, null when there is none';
comment on column drill.baseline_tenants.closed_row_count is 'Those of its rows that lie in closed partitions: the next capture may take them over';
comment on column drill.baseline_tenants.closed_newest_at is 'Newest timestamp among these';

revoke all on table drill.baseline_tenants from public;
