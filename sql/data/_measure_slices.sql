-- The settings are those that the text of a value depends on, so that fingerprints
-- are the same in every session. The memory is for a table with rows on more days
-- than the planner expects; compiling the query costs more than it saves. With
-- row_security off a policy that would hide rows is an error and not a smaller count.
-- return query runs with parallel workers, a cursor would not.
create or replace function drill._measure_slices(
  p_bucket_names text[],
  p_are_sliced boolean[],
  p_timestamp_column text,
  p_with_fingerprint boolean,
  p_moment timestamptz
)
returns table (
  bucket_name text,
  slice_name text,
  starts_at timestamptz,
  ends_at timestamptz,
  row_count bigint,
  oldest_at timestamptz,
  newest_at timestamptz,
  fingerprint bigint
)
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
set lc_monetary = 'C'
set quote_all_identifiers = off
set row_security = off
set jit = off
set work_mem = '32MB'
as $$
begin
  return query execute
    'select $1[q.position], q.slice_name, q.starts_at, q.ends_at, q.row_count, q.oldest_at, q.newest_at, q.fingerprint from ('
    || drill._slice_query(p_bucket_names, p_are_sliced, p_timestamp_column, p_with_fingerprint, p_moment)
    || ') as q order by q.position, q.starts_at, q.slice_name collate "C"'
    using p_bucket_names;
  perform drill._refuse_rewritten(p_bucket_names);
end
$$;

comment on function drill._measure_slices(text[], boolean[], text, boolean, timestamptz) is
  'Internal: counts, oldest and newest timestamps and fingerprints of buckets (partitions or a whole table) of one relation, each whole or by day near the moment and by month elsewhere; raises when one cannot be read';

revoke all on function drill._measure_slices(text[], boolean[], text, boolean, timestamptz) from public;
