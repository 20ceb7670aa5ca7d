-- Changed by every migration: the command line compares it with the migrations
-- it ships, so that an older or newer schema is seen before anything is believed.
create or replace function drill.schema_version()
returns text
language sql
immutable
set search_path = ''
as $$
  select '0009'
$$;

comment on function drill.schema_version() is
  'The number of the newest migration that made this schema';

revoke all on function drill.schema_version() from public;
