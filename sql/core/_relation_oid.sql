-- Like to_regclass, but for whoever may not use the schema: to_regclass raises an
-- error then, which would end a check over many relations for the sake of one.
-- plpgsql keeps its plan for the session: this is called for each partition, and planning takes longer than looking.
create or replace function drill._relation_oid(p_relation_name text)
returns oid
language plpgsql
stable
set search_path = ''
as $$
declare
  v_parts text[];
begin
  -- What parse_ident() would raise an error for is the name of nothing: a row of a copy must not end the check of all others.
  if p_relation_name ~* '^([a-z_][a-z0-9_$]*|"([^"]|"")+")\.([a-z_][a-z0-9_$]*|"([^"]|"")+")$' then
    v_parts := pg_catalog.parse_ident(p_relation_name);
  end if;

  return (
    select c.oid
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = v_parts[1]
      and c.relname = v_parts[2]
  );
end
$$;

comment on function drill._relation_oid(text) is
  'Internal: the relation of a qualified name, quoted where needed; null when there is none';

revoke all on function drill._relation_oid(text) from public;
