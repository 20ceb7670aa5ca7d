-- Only the host leaves: neither user nor password, nor path and query, which hold
-- tokens as often. A host that is put together elsewhere, as in 'https://' || x, is
-- none, and the next URL is looked at.
create or replace function drill._url_host(p_text text)
returns text
language sql
immutable
set search_path = ''
-- Off would take the backslashes out of the pattern.
set standard_conforming_strings = on
as $$
  select (
    pg_catalog.regexp_match(
      p_text,
      '[a-z][a-z0-9+.-]*://(?:[^/?#\s''"]*@)?([a-z0-9._-]+|\[[0-9a-f:.]+\])(?=[:/?#''"\s\\]|$)',
      'i'
    )
  )[1]
$$;

comment on function drill._url_host(text) is
  'Internal: the host of the first URL in a text that has one; null when there is none';

revoke all on function drill._url_host(text) from public;
