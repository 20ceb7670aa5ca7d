create table drill.baseline_buckets (
  baseline_id uuid not null,
  relation_name text not null,
  bucket_name text not null,
  starts_at timestamptz,
  ends_at timestamptz,
  is_default boolean not null,
  row_count bigint not null,
  oldest_at timestamptz,
  newest_at timestamptz,
  constraint baseline_buckets_pkey primary key (baseline_id, relation_name, bucket_name),
  constraint baseline_buckets_relation_fkey foreign key (baseline_id, relation_name)
    references drill.baseline_relations (baseline_id, relation_name) on delete cascade,
  constraint baseline_buckets_row_count_check check (row_count >= 0)
);

comment on table drill.baseline_buckets is 'The facts of a baseline: one row per partition, or per table that has none';
comment on column drill.baseline_buckets.baseline_id is 'The baseline';
comment on column drill.baseline_buckets.relation_name is 'The critical relation';
comment on column drill.baseline_buckets.bucket_name is 'The partition, or the relation itself';
comment on column drill.baseline_buckets.starts_at is 'Lower bound of the partition; null for a table or a default partition';
comment on column drill.baseline_buckets.ends_at is 'Upper bound of the partition; null for a table or a default partition';
comment on column drill.baseline_buckets.is_default is 'True for the default partition';
comment on column drill.baseline_buckets.row_count is 'Exact number of rows';
comment on column drill.baseline_buckets.oldest_at is 'Oldest timestamp, null when there is none';
comment on column drill.baseline_buckets.newest_at is 'Newest timestamp, null when there is none';

revoke all on table drill.baseline_buckets from public;
