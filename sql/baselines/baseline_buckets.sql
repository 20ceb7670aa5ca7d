create table drill.baseline_buckets (
  baseline_id uuid not null,
  relation_name text not null,
  partition_name text not null,
  bucket_name text not null,
  grain text not null,
  starts_at timestamptz,
  ends_at timestamptz,
  partition_starts_at timestamptz,
  partition_ends_at timestamptz,
  is_default boolean not null,
  row_count bigint not null,
  oldest_at timestamptz,
  newest_at timestamptz,
  fingerprint bigint,
  is_carried boolean not null default false,
  is_closed boolean not null default false,
  change_mark text,
  constraint baseline_buckets_pkey primary key (baseline_id, relation_name, bucket_name),
  constraint baseline_buckets_relation_fkey foreign key (baseline_id, relation_name)
    references drill.baseline_relations (baseline_id, relation_name) on delete cascade,
  constraint baseline_buckets_grain_check check (grain in ('partition', 'table', 'day', 'month', 'undated')),
  constraint baseline_buckets_row_count_check check (row_count >= 0)
);

comment on table drill.baseline_buckets is 'The facts of a baseline: one row per closed partition, and per day or month of what is newer or not partitioned';
comment on column drill.baseline_buckets.baseline_id is 'The baseline';
comment on column drill.baseline_buckets.relation_name is 'The critical relation';
comment on column drill.baseline_buckets.partition_name is 'The partition, or the relation itself';
comment on column drill.baseline_buckets.bucket_name is 'The partition alone, or with the day or month behind it';
comment on column drill.baseline_buckets.grain is 'How much it spans: partition, table (without a timestamp column), day, month, or undated (no finite timestamp)';
comment on column drill.baseline_buckets.starts_at is 'Where the bucket begins; null when it has no bounds';
comment on column drill.baseline_buckets.ends_at is 'Where the bucket ends; null when it has no bounds';
comment on column drill.baseline_buckets.partition_starts_at is 'Lower bound of the partition; null for a table or a default partition';
comment on column drill.baseline_buckets.partition_ends_at is 'Upper bound of the partition; null for a table or a default partition';
comment on column drill.baseline_buckets.is_default is 'True for the default partition';
comment on column drill.baseline_buckets.row_count is 'Exact number of rows';
comment on column drill.baseline_buckets.oldest_at is 'Oldest timestamp, null when there is none';
comment on column drill.baseline_buckets.newest_at is 'Newest timestamp, null when there is none';
comment on column drill.baseline_buckets.fingerprint is 'Fingerprint of the content, null when none was made';
comment on column drill.baseline_buckets.is_carried is 'True when it was taken over from the baseline before, because the partition had not changed since';
comment on column drill.baseline_buckets.is_closed is 'True when its partition was closed: what tenants have in it is in closed_row_count of drill.baseline_tenants';
comment on column drill.baseline_buckets.change_mark is 'What must be the same of its partition for the next capture to take it over: file, counters of changes, start of the server';

revoke all on table drill.baseline_buckets from public;
