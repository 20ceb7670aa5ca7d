create table drill.critical_relations (
  relation_name text primary key,
  timestamp_column text,
  is_append_only boolean not null,
  tolerance numeric not null default 0,
  profile text not null default 'custom',
  constraint critical_relations_relation_name_check check (
    relation_name = format('%I.%I', (parse_ident(relation_name))[1], (parse_ident(relation_name))[2])
  ),
  constraint critical_relations_tolerance_check check (tolerance between 0 and 1)
);

comment on table drill.critical_relations is
  'What must be recoverable: the tables that baselines count and that a restored database has to hold';
comment on column drill.critical_relations.relation_name is 'Schema and table, quoted where needed, such as public.sessions';
comment on column drill.critical_relations.timestamp_column is 'Column (timestamptz, timestamp or date) that says when a row came; null when there is none';
comment on column drill.critical_relations.is_append_only is 'True when rows are never deleted, so that a closed bucket must keep its count; false when they may be';
comment on column drill.critical_relations.tolerance is 'Share of a settled bucket''s rows (0 to 1) that may differ, for tables that are not append-only';
comment on column drill.critical_relations.profile is 'Which profile registered it; custom for your own';

revoke all on table drill.critical_relations from public;
