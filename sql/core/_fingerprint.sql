-- Twelve digits: enough to see a change. Not a safe place for a weak secret, but
-- better than the secret.
create or replace function drill._fingerprint(p_text text)
returns text
language sql
stable
set search_path = ''
as $$
  select 'sha256 ' || pg_catalog.substr(
    pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(p_text, pg_catalog.getdatabaseencoding())), 'hex'), 1, 12
  )
$$;

comment on function drill._fingerprint(text) is
  'Internal: what stands for a text that must not be shown; equal texts have equal ones';

revoke all on function drill._fingerprint(text) from public;
