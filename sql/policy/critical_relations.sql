create table drill.critical_relations (
  relation_name text primary key,
  timestamp_column text,
  is_append_only boolean not null,
  tolerance numeric not null default 0,
  tenant_column text,
  is_tenant_shown boolean not null default false,
  is_secret boolean not null default false,
  depth text not null default 'full',
  profile text not null default 'custom',
  constraint critical_relations_relation_name_check check (
    relation_name = format('%I.%I', (parse_ident(relation_name))[1], (parse_ident(relation_name))[2])
  ),
  constraint critical_relations_tolerance_check check (tolerance between 0 and 1),
  constraint critical_relations_depth_check check (depth in ('standard', 'full'))
);

comment on table drill.critical_relations is
  'What must be recoverable: the tables that baselines count and that a restored database has to hold';
comment on column drill.critical_relations.relation_name is 'Schema and table, quoted where needed, such as public.sessions';
comment on column drill.critical_relations.timestamp_column is 'Column (timestamptz, timestamp or date) that says when a row came; null when there is none';
comment on column drill.critical_relations.is_append_only is 'True when rows are never deleted, so that a closed bucket must keep its count; false when they may be';
comment on column drill.critical_relations.tolerance is 'Share of a settled bucket''s rows (0 to 1) that may differ, for tables that are not append-only';
comment on column drill.critical_relations.tenant_column is 'Column that says whose row it is, to count rows by tenant at depth full; null: not counted';
comment on column drill.critical_relations.is_tenant_shown is 'True when the raw id of a tenant may leave the database; else a hash does';
comment on column drill.critical_relations.is_secret is 'True when not even a hash of the content may leave the database: rows are only counted';
comment on column drill.critical_relations.depth is 'full, or standard: its content is never fingerprinted, whatever the depth of the verification';
comment on column drill.critical_relations.profile is 'Which profile registered it; custom for your own';

revoke all on table drill.critical_relations from public;
