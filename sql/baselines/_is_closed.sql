-- Rows come late, by settle_after at most: until then sessions may just be writing, and what
-- they wrote may not be in the server's statistics.
create or replace function drill._is_closed(p_ends_at timestamptz, p_moment timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
  select coalesce(p_ends_at + drill.get_policy('settle_after') <= p_moment, false)
$$;

comment on function drill._is_closed(timestamptz, timestamptz) is
  'Internal: whether a partition that ends there is closed at a moment, so that a capture may take it over when nobody wrote into it; false without an end';

revoke all on function drill._is_closed(timestamptz, timestamptz) from public;
