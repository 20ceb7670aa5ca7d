create table drill.partitioned_relations (
  relation_name text primary key,
  period text not null,
  time_zone text not null default 'UTC',
  name_pattern text,
  profile text not null default 'custom',
  constraint partitioned_relations_relation_name_check check (
    relation_name = format('%I.%I', (parse_ident(relation_name))[1], (parse_ident(relation_name))[2])
  ),
  constraint partitioned_relations_period_check check (
    period in ('day', 'week', 'month', 'quarter', 'year')
  )
);

comment on table drill.partitioned_relations is
  'Tables partitioned by time, and how far ahead their partitions must reach; fill it with drill.register_partitioned_relation()';
comment on column drill.partitioned_relations.relation_name is 'The partitioned table, schema and name, quoted where needed';
comment on column drill.partitioned_relations.period is 'Length of a period: day, week (from Monday), month, quarter or year; this one and the next must be covered';
comment on column drill.partitioned_relations.time_zone is 'Zone in which the periods begin at midnight';
comment on column drill.partitioned_relations.name_pattern is 'Regular expression of the partitions'' names; finds one that is detached but still there; null to leave that out';
comment on column drill.partitioned_relations.profile is 'Which profile registered it; custom for your own';

revoke all on table drill.partitioned_relations from public;
