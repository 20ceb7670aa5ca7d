-- Asked by trying: on a standby the setting of the primary decides, which cannot be seen.
create or replace function drill._is_commit_tracked()
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  perform pg_catalog.pg_xact_commit_timestamp('3'::xid);
  return true;
exception
  when object_not_in_prerequisite_state then
    return false;
end
$$;

comment on function drill._is_commit_tracked() is
  'Internal: whether this server knows when transactions committed (track_commit_timestamp)';

revoke all on function drill._is_commit_tracked() from public;
