create table drill.baseline_relations (
  baseline_id uuid not null references drill.baselines (baseline_id) on delete cascade,
  relation_name text not null,
  timestamp_column text,
  is_append_only boolean not null,
  tolerance numeric not null,
  recent_days bit(60),
  constraint baseline_relations_pkey primary key (baseline_id, relation_name)
);

comment on table drill.baseline_relations is 'The critical relations of a baseline, as they were registered then';
comment on column drill.baseline_relations.baseline_id is 'The baseline';
comment on column drill.baseline_relations.relation_name is 'Schema and table, quoted where needed';
comment on column drill.baseline_relations.timestamp_column is 'Column that dates a row, or null';
comment on column drill.baseline_relations.is_append_only is 'True when rows are never deleted';
comment on column drill.baseline_relations.tolerance is 'Tolerated share of difference of a settled bucket that is not append-only';
comment on column drill.baseline_relations.recent_days is 'Which of the last 60 days had rows, the day of the capture last; null without a timestamp column';

revoke all on table drill.baseline_relations from public;
