-- One row per object of the database, its definition as lines of text that two
-- healthy copies share: no oids, no physical order, none of the names that a restore
-- makes anew (clones of constraints, internal triggers). Definitions are deparsed
-- under an empty search_path and fixed formats, with fingerprints in place of what
-- plainly is a credential. One pass per catalog, nothing per object; no lock stronger
-- than ACCESS SHARE, which deparsing takes.
--
-- relation_name tells which table an object is or is part of, so that a comparison
-- says once that a table is gone, and lets the partition job's normal work pass.
-- problem is null where the object was read; else it says in words what stood in the
-- way of reading any object of that kind.
--
-- Without jit: it would compile hundreds of expressions that run for a moment. With memory to sort all of them.
create or replace function drill.list_objects()
returns table (
  object_kind text, object_name text, definition text, relation_name text, is_of_partition boolean, problem text
)
language sql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
set lc_monetary = 'C'
set quote_all_identifiers = off
set standard_conforming_strings = on
set jit = off
set work_mem = '64MB'
as $$
  with object as (
    select o.*, null::text as problem from drill._list_relation_objects() as o
    union all
    select o.*, null from drill._list_schema_objects() as o
    union all
    select o.*, null from drill._list_access_objects() as o
    union all
    select o.* from drill._list_optional_objects() as o
  ),
  -- PostgreSQL's own name for a role that is gone is its oid.
  named as (
    select
      o.object_kind,
      case
        when o.object_name like '%unknown (OID=%'
          then pg_catalog.regexp_replace(o.object_name, 'unknown \(OID=\d+\)', 'a dropped role', 'g')
        else o.object_name
      end as name,
      case
        when o.definition like '%unknown (OID=%'
          then pg_catalog.regexp_replace(o.definition, 'unknown \(OID=\d+\)', 'a dropped role', 'g')
        else coalesce(o.definition, '')
      end as definition,
      o.relation_name,
      o.is_of_partition,
      o.problem
    from object as o
  ),
  -- Some 30,000 characters each, or one definition that is longer.
  chunked as materialized (
    select n.*, pg_catalog.sum(pg_catalog.length(n.definition)) over (rows unbounded preceding) / 30000 as chunk
    from named as n
  ),
  secret (pattern) as (
    values ('eyJ|bearer|authorization|://|passw|[kr]_live_|[kr]_test_|sb_secret_|sk-|whsec_|gh[pousr]_|github_pat_|xox|AKIA|AIza|SG\.|PRIVATE KEY')
  ),
  -- A long text is searched ten times as fast as the same in many short ones.
  suspicious as materialized (
    select c.chunk
    from chunked as c
    group by c.chunk
    having pg_catalog.string_agg(c.definition, E'\n') ~* (select s.pattern from secret as s)
  )
  -- Two roles that were dropped while their grants remained have one name.
  select distinct on (c.object_kind collate "C", c.name collate "C")
    c.object_kind,
    c.name,
    case
      when u.chunk is not null and c.definition ~* (select s.pattern from secret as s) then drill._mask_secrets(c.definition)
      else c.definition
    end,
    c.relation_name,
    c.is_of_partition,
    c.problem
  from chunked as c
  left join suspicious as u on u.chunk = c.chunk
  order by c.object_kind collate "C", c.name collate "C", c.definition collate "C"
$$;

comment on function drill.list_objects() is
  'Every object of the database with its definition in a stable text form, for comparison with a baseline, and what could not be read; members of extensions and the inside of managed schemas left out';

revoke all on function drill.list_objects() from public;
