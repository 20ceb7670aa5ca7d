create table drill.baseline_relations (
  baseline_id uuid not null references drill.baselines (baseline_id) on delete cascade,
  relation_name text not null,
  timestamp_column text,
  is_append_only boolean not null,
  tolerance numeric not null,
  tenant_column text,
  is_tenant_shown boolean not null,
  is_secret boolean not null,
  depth text not null,
  recipe text,
  constraint baseline_relations_pkey primary key (baseline_id, relation_name)
);

comment on table drill.baseline_relations is 'The critical relations of a baseline, as they were registered then';
comment on column drill.baseline_relations.baseline_id is 'The baseline';
comment on column drill.baseline_relations.relation_name is 'Schema and table, quoted where needed';
comment on column drill.baseline_relations.timestamp_column is 'Column that dates a row, or null';
comment on column drill.baseline_relations.is_append_only is 'True when rows are never deleted';
comment on column drill.baseline_relations.tolerance is 'Tolerated share of difference of a settled bucket that is not append-only';
comment on column drill.baseline_relations.tenant_column is 'Column that says whose row it is, or null';
comment on column drill.baseline_relations.is_tenant_shown is 'True when tenants are stored by their raw id';
comment on column drill.baseline_relations.is_secret is 'True when rows were only counted';
comment on column drill.baseline_relations.depth is 'How deep it may be looked at: standard or full';
comment on column drill.baseline_relations.recipe is 'How its fingerprints were made; null when it has none';

revoke all on table drill.baseline_relations from public;
