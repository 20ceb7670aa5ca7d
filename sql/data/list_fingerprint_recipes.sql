create or replace function drill.list_fingerprint_recipes()
returns table (relation_name text, recipe text)
language sql
stable
set search_path = ''
as $$
  select
    c.relation_name,
    case when c.depth = 'full' and not c.is_secret then drill._fingerprint_recipe(drill._relation_oid(c.relation_name)) end
  from drill.critical_relations as c
  order by c.relation_name collate "C"
$$;

comment on function drill.list_fingerprint_recipes() is
  'How the fingerprints of each critical relation are made, null where none is: two fingerprints can be compared only when these are equal';

revoke all on function drill.list_fingerprint_recipes() from public;
