create table drill.baseline_objects (
  baseline_id uuid not null references drill.baselines (baseline_id) on delete cascade,
  object_kind text not null,
  object_name text not null,
  definition text not null,
  relation_name text,
  is_of_partition boolean not null,
  problem text,
  constraint baseline_objects_pkey primary key (baseline_id, object_kind, object_name)
);

comment on table drill.baseline_objects is 'The objects of a baseline with their definitions, as drill.list_objects() gave them';
comment on column drill.baseline_objects.baseline_id is 'The baseline';
comment on column drill.baseline_objects.object_kind is 'Table, column, index, function, grant and so on';
comment on column drill.baseline_objects.object_name is 'Qualified name, quoted where needed';
comment on column drill.baseline_objects.definition is 'Stable text of its definition';
comment on column drill.baseline_objects.relation_name is 'The table that it is or is part of, or null';
comment on column drill.baseline_objects.is_of_partition is 'True when that table is a partition';
comment on column drill.baseline_objects.problem is 'Why objects of this kind could not be read; null for an object';

revoke all on table drill.baseline_objects from public;
