-- How each column enters the fingerprint of its row. A type's own hash is used
-- where it tells all values of the type apart and is the same on every server;
-- any other type goes by its text. That is why these go by text although
-- PostgreSQL can hash them: enum and regclass (hashed by oid), interval (24 hours
-- = 1 day), jsonb (5 = -5, and elements 32 apart cancel each other out), arrays
-- (shape, and an element hashes like a column), composites, ranges, "char" (signed
-- on some processors only).
-- Three are turned before they are hashed. numeric: its hash knows neither sign
-- nor scale, so both become the seed; and it ends with the weight of the digits, not
-- mixed, so that of two columns 5, 50000 would be 50000, 5: all but the first of a table
-- are hashed once more. bigint: its hash has 32 bits, -1 = 4294967295; as a seed it
-- counts in full. timestamptz: no function takes it before PostgreSQL 18; moved by an
-- interval of nothing it is a timestamp.
-- The text is concat's: a cast to text could be somebody's own function. Whoever
-- runs the expression pins the settings that text depends on, see _measure_slices.
--
-- A chained column is hashed with the hash of the columns before it as the seed:
-- that is the cheapest way to combine, and a stand-in for null lets the chain go
-- on. Its expression is given without its end, which is the seed and a bracket. The
-- others are null for null and have a seed made of their name.
create or replace function drill._fingerprint_columns(p_relation oid, p_alias text)
returns table (column_name text, type_name text, way text, is_chained boolean, expression text)
language sql
stable
set search_path = ''
as $$
  with recursive type as (
    select a.attname, a.atttypid as oid, 1 as depth
    from pg_catalog.pg_attribute as a
    where a.attrelid = p_relation
      and a.attnum > 0
      and not a.attisdropped
      and a.attgenerated = ''
    union all
    select d.attname, t.typbasetype, d.depth + 1
    from type as d
    inner join pg_catalog.pg_type as t on t.oid = d.oid
    where t.typtype = 'd'
  ),
  base as (
    select
      b.attname,
      b.oid,
      pg_catalog.row_number() over (partition by b.oid order by b.attname::text collate "C") as position
    from (
      select distinct on (d.attname) d.attname, d.oid
      from type as d
      order by d.attname, d.depth desc
    ) as b
  ),
  form (type, way, is_chained, template) as (
    values
      ('boolean'::regtype::oid, 'hash', true, 'pg_catalog.hashint4extended(coalesce(%1$s::pg_catalog.int4, 2), '),
      ('smallint'::regtype, 'hash', true, 'pg_catalog.hashint4extended(coalesce(%1$s::pg_catalog.int4, 65536), '),
      ('integer'::regtype, 'hash', false, 'pg_catalog.hashint4extended(%1$s, %2$s)'),
      ('bigint'::regtype, 'hash', false, 'pg_catalog.hashint4extended(%3$s, %1$s)'),
      ('oid'::regtype, 'hash', false, 'pg_catalog.hashoidextended(%1$s, %2$s)'),
      ('real'::regtype, 'hash', false, 'pg_catalog.hashfloat4extended(%1$s, %2$s)'),
      ('double precision'::regtype, 'hash', false, 'pg_catalog.hashfloat8extended(%1$s, %2$s)'),
      -- NaN and the infinities have no scale, hence go by text.
      (
        'numeric'::regtype, 'hash', false,
        '%5$spg_catalog.hash_numeric_extended(%1$s, case when %1$s < 0 then (-1 - %3$s)::pg_catalog.int8 - pg_catalog.scale(%1$s)'
        ' else %3$s::pg_catalog.int8 + pg_catalog.scale(%1$s) end)%6$s,'
        ' case when %1$s is not null then pg_catalog.hashtextextended(pg_catalog.concat(%1$s) collate pg_catalog."C", %2$s) end'
      ),
      ('text'::regtype, 'hash', true, 'pg_catalog.hashtextextended(coalesce(%1$s, %4$L) collate pg_catalog."C", '),
      ('character varying'::regtype, 'hash', true, 'pg_catalog.hashtextextended(coalesce(%1$s, %4$L) collate pg_catalog."C", '),
      ('bpchar'::regtype, 'hash', true, 'pg_catalog.hashbpcharextended(coalesce(%1$s, %4$L) collate pg_catalog."C", '),
      ('uuid'::regtype, 'hash', true, 'pg_catalog.uuid_hash_extended(coalesce(%1$s, %4$L), '),
      ('name'::regtype, 'hash', false, 'pg_catalog.hashnameextended(%1$s, %2$s)'),
      -- Before PostgreSQL 18 the hash function of bytea cannot be called; that of a record can.
      ('bytea'::regtype, 'hash', false, 'pg_catalog.hash_record_extended(row(%1$s), %2$s)'),
      ('inet'::regtype, 'hash', false, 'pg_catalog.hashinetextended(%1$s, %2$s)'),
      ('cidr'::regtype, 'hash', false, 'pg_catalog.hashinetextended(%1$s, %2$s)'),
      ('macaddr'::regtype, 'hash', false, 'pg_catalog.hashmacaddrextended(%1$s, %2$s)'),
      ('macaddr8'::regtype, 'hash', false, 'pg_catalog.hashmacaddr8extended(%1$s, %2$s)'),
      ('time'::regtype, 'hash', false, 'pg_catalog.time_hash_extended(%1$s, %2$s)'),
      -- Three numbers that no date has.
      (
        'date'::regtype, 'hash', true,
        'pg_catalog.hashint4extended(case when pg_catalog.isfinite(%1$s) then %1$s - ''2000-01-01''::pg_catalog.date'
        ' when %1$s = ''infinity'' then 2147483647 when %1$s = ''-infinity'' then -2147483647 else -2147483646 end, '
      ),
      ('timestamp'::regtype, 'hash', false, 'pg_catalog.timestamp_hash_extended(%1$s, %2$s)'),
      (
        'timestamptz'::regtype, 'hash', false,
        'pg_catalog.timestamp_hash_extended(pg_catalog.timezone(''0''::pg_catalog.interval, %1$s), %2$s)'
      ),
      -- The same text as concat's, sooner.
      (
        'jsonb'::regtype, 'text', true,
        'pg_catalog.hashtextextended(coalesce(pg_catalog.textin(pg_catalog.jsonb_out(%1$s)), %4$L) collate pg_catalog."C", '
      )
  )
  select
    b.attname::text,
    t.typname::text,
    coalesce(f.way, 'text'),
    coalesce(f.is_chained, true),
    pg_catalog.format(
      coalesce(
        f.template,
        -- "is not null" would be false of a composite that has one null field.
        'pg_catalog.hashtextextended(case when %1$s is distinct from null then pg_catalog.concat(%1$s) else %4$L end'
        ' collate pg_catalog."C", '
      ),
      pg_catalog.format('%I.%I', p_alias, b.attname),
      pg_catalog.format('%L::pg_catalog.int8', n.seed),
      n.seed & 2147483647,
      'd1c1f6a0-6f0b-4c59-9a5e-3b1e2f7c8d94',
      case when b.position > 1 then 'pg_catalog.hashint4extended(0, ' else '' end,
      case when b.position > 1 then ')' else '' end
    )
  from base as b
  inner join pg_catalog.pg_type as t on t.oid = b.oid
  left join form as f on f.type = b.oid
  cross join lateral (
    select pg_catalog.hashtextextended(b.attname::text collate "C", 0) as seed
  ) as n
  order by b.attname::text collate "C"
$$;

comment on function drill._fingerprint_columns(oid, text) is
  'Internal: the columns that a row''s fingerprint is made of, in the order of their names, with base type, way (hash or text), and the SQL expression of a 64-bit number';

revoke all on function drill._fingerprint_columns(oid, text) from public;
