-- Up Migration

-- begin copy of sql/policy/export_registrations.sql
-- Capture and verification state the registrations by this one function.
create or replace function drill.export_registrations()
returns jsonb
language sql
stable
set search_path = ''
set datestyle = 'ISO, YMD'
as $$
  select pg_catalog.jsonb_build_object(
    'policies', coalesce(
      (select pg_catalog.jsonb_object_agg(p.policy_name, pg_catalog.date_part('epoch', p.policy_value)) from drill.policy as p),
      '{}'
    ),
    'guards', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'relation_name', g.relation_name,
            'trigger_name', g.trigger_name,
            'function_name', g.function_name,
            'trigger_definition', g.trigger_definition,
            'function_definition', g.function_definition,
            'is_trigger_ours', g.is_trigger_ours
          )
          order by g.relation_name collate "C", g.trigger_name collate "C"
        )
        from drill.guards as g
      ),
      '[]'
    ),
    'partitioned_relations', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'relation_name', r.relation_name,
            'period', r.period,
            'time_zone', r.time_zone,
            'name_pattern', r.name_pattern
          )
          order by r.relation_name collate "C"
        )
        from drill.partitioned_relations as r
      ),
      '[]'
    ),
    'critical_relations', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'relation_name', c.relation_name,
            'timestamp_column', c.timestamp_column,
            'is_append_only', c.is_append_only,
            'tolerance', c.tolerance::text,
            'tenant_column', c.tenant_column,
            'is_tenant_shown', c.is_tenant_shown,
            'is_secret', c.is_secret,
            'depth', c.depth
          )
          order by c.relation_name collate "C"
        )
        from drill.critical_relations as c
      ),
      '[]'
    ),
    'isolation_policy', coalesce(
      (select pg_catalog.jsonb_object_agg(i.kind, i.status) from drill.isolation_policy as i),
      '{}'
    ),
    'waivers', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'check_name', w.check_name,
            'object_name', w.object_name,
            'reason', w.reason,
            'owner', w.owner,
            'until', w.until::text
          )
          order by w.check_name collate "C", w.object_name collate "C"
        )
        from drill.waivers as w
      ),
      '[]'
    )
  )
$$;

comment on function drill.export_registrations() is
  'What is registered here: policies (in seconds), guards with their definitions, partitioned tables, critical relations, what isolation demands, waivers';

revoke all on function drill.export_registrations() from public;
-- end copy of sql/policy/export_registrations.sql

-- begin copy of sql/policy/import_registrations.sql
-- For a copy whose backup did not hold schema drill: what counts as right is what
-- production had, never what the copy has now. The document is the part of a
-- baseline that drill.export_registrations() gave.
create or replace function drill.import_registrations(p_registrations jsonb)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  if p_registrations is null or not p_registrations ?& array['policies', 'guards', 'partitioned_relations', 'critical_relations'] then
    raise exception using
      errcode = 'RD007',
      message = 'cannot import registrations: the document lacks policies, guards, partitioned_relations or critical_relations',
      hint = 'Give what drill.export_registrations() wrote in production.';
  end if;

  delete from drill.guards;
  delete from drill.partitioned_relations;
  delete from drill.critical_relations;
  delete from drill.waivers;

  insert into drill.policy (policy_name, policy_value, description)
  select p.key, pg_catalog.make_interval(secs => p.value::double precision), 'From a baseline'
  from pg_catalog.jsonb_each_text(p_registrations -> 'policies') as p
  on conflict (policy_name) do update
  set policy_value = excluded.policy_value;

  -- Whatever trigger is here was not made by pgdrill, so that its removal leaves it.
  insert into drill.guards (relation_name, trigger_name, function_name, trigger_definition, function_definition, profile)
  select g.relation_name, g.trigger_name, g.function_name, g.trigger_definition, g.function_definition, 'baseline'
  from pg_catalog.jsonb_to_recordset(p_registrations -> 'guards') as g (
    relation_name text, trigger_name text, function_name text, trigger_definition text, function_definition text
  );

  insert into drill.partitioned_relations (relation_name, period, time_zone, name_pattern, profile)
  select r.relation_name, r.period, r.time_zone, r.name_pattern, 'baseline'
  from pg_catalog.jsonb_to_recordset(p_registrations -> 'partitioned_relations') as r (
    relation_name text, period text, time_zone text, name_pattern text
  );

  insert into drill.critical_relations (
    relation_name, timestamp_column, is_append_only, tolerance, tenant_column, is_tenant_shown, is_secret, depth, profile
  )
  select
    c.relation_name, c.timestamp_column, c.is_append_only, c.tolerance, c.tenant_column, c.is_tenant_shown, c.is_secret, c.depth,
    'baseline'
  from pg_catalog.jsonb_to_recordset(p_registrations -> 'critical_relations') as c (
    relation_name text, timestamp_column text, is_append_only boolean, tolerance numeric, tenant_column text,
    is_tenant_shown boolean, is_secret boolean, depth text
  );

  -- Baselines of older versions have neither; then the defaults stay.
  insert into drill.isolation_policy (kind, status, description)
  select i.key, i.value, 'From a baseline'
  from pg_catalog.jsonb_each_text(p_registrations -> 'isolation_policy') as i
  on conflict (kind) do update
  set status = excluded.status;

  insert into drill.waivers (check_name, object_name, reason, owner, until)
  select w.check_name, w.object_name, w.reason, w.owner, w.until
  from pg_catalog.jsonb_to_recordset(p_registrations -> 'waivers') as w (
    check_name text, object_name text, reason text, owner text, until date
  );
end
$$;

comment on function drill.import_registrations(jsonb) is
  'Replaces what is registered here by what production had, from its baseline; for a copy into which pgdrill was installed after the restore';

revoke all on function drill.import_registrations(jsonb) from public;
-- end copy of sql/policy/import_registrations.sql

-- begin copy of sql/data/_has_index_on.sql
create or replace function drill._has_index_on(p_relation oid, p_column_name text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select
    from pg_catalog.pg_index as i
    inner join pg_catalog.pg_class as c on c.oid = i.indexrelid
    inner join pg_catalog.pg_am as m on m.oid = c.relam
    inner join pg_catalog.pg_attribute as a
      on a.attrelid = i.indrelid
      and a.attnum = i.indkey[0]
    where i.indrelid = p_relation
      and i.indisvalid
      and i.indpred is null
      and m.amname = 'btree'
      and a.attname = p_column_name
  )
$$;

comment on function drill._has_index_on(oid, text) is
  'Internal: whether a valid, complete btree index begins with the column, so that its ends are cheap to read';

revoke all on function drill._has_index_on(oid, text) from public;
-- end copy of sql/data/_has_index_on.sql

-- begin copy of sql/data/_local_source.sql
-- What stands behind FROM to read a table without asking another server: the table itself, or, when some of what lies
-- below it is a foreign table, all the rest one by one. A foreign table's rows are in no backup of this server.
-- Not asked of pg_partition_tree, which locks every partition.
create or replace function drill._local_source(p_relation oid, p_columns text[])
returns text
language sql
stable
set search_path = ''
as $$
  with recursive below as (
    select p_relation as relation_oid
    union
    select i.inhrelid
    from below as b
    inner join pg_catalog.pg_inherits as i on i.inhparent = b.relation_oid
    where not i.inhdetachpending
  )
  select case
    when pg_catalog.bool_or(c.relkind = 'f') then '(' || pg_catalog.string_agg(
      pg_catalog.format(
        'select %s from only %s as t',
        (select pg_catalog.string_agg(pg_catalog.format('t.%I', u.name), ', ' order by u.ordinality) from pg_catalog.unnest(p_columns) with ordinality as u (name, ordinality)),
        drill._relation_name(c.oid)
      ),
      ' union all ' order by c.oid
    ) filter (where c.relkind <> 'f') || ')'
    else drill._relation_name(p_relation)
  end
  from below as b
  inner join pg_catalog.pg_class as c on c.oid = b.relation_oid
$$;

comment on function drill._local_source(oid, text[]) is
  'Internal: what to select these columns from so that no foreign partition is read: the table, or its other partitions';

revoke all on function drill._local_source(oid, text[]) from public;
-- end copy of sql/data/_local_source.sql

-- begin copy of sql/data/_critical_relation_problem.sql
create or replace function drill._critical_relation_problem(p_relation_name text, p_timestamp_column text)
returns text
language sql
stable
set search_path = ''
as $$
  select case
    when r.relation_oid is null
      then 'does not exist'
    -- A materialized view is computed, and a foreign table is another server's: both could look like the table they replaced.
    when c.relkind not in ('r', 'p')
      then 'is not a table'
    when not pg_catalog.has_schema_privilege(c.relnamespace, 'usage')
      then pg_catalog.format('cannot be read: grant usage on schema %s to %I', c.relnamespace::regnamespace, current_user)
    when not pg_catalog.has_table_privilege(r.relation_oid, 'select')
      then pg_catalog.format('cannot be read: grant select on %s to %I', p_relation_name, current_user)
    -- A policy would hide rows from the count without a word.
    when pg_catalog.row_security_active(r.relation_oid)
      then pg_catalog.format('cannot be counted: row level security hides rows from %I, which needs bypassrls', current_user)
    -- Direct partitions are measured one by one, so those can be left out; what lies deeper would be read with its parent.
    when deep.foreign_oid is not null
      then pg_catalog.format(
        'cannot be counted without reading another server: %s, a foreign table, is below %s; register the other partitions one by one instead',
        drill._relation_name(deep.foreign_oid), drill._relation_name(deep.parent_oid)
      )
    when p_timestamp_column is null
      then null
    when a.attnum is null
      then pg_catalog.format('has no column %I', p_timestamp_column)
    when a.atttypid not in ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
      then pg_catalog.format('has a column %I of type %s, which is not a timestamp', p_timestamp_column, pg_catalog.format_type(a.atttypid, a.atttypmod))
  end
  from (select drill._relation_oid(p_relation_name) as relation_oid) as r
  left join pg_catalog.pg_class as c on c.oid = r.relation_oid
  left join pg_catalog.pg_attribute as a
    on a.attrelid = r.relation_oid
    and a.attname = p_timestamp_column
    and not a.attisdropped
  left join lateral (
    with recursive below as (
      select i.inhrelid, i.inhparent, 1 as level
      from pg_catalog.pg_inherits as i
      where i.inhparent = r.relation_oid
      union all
      select i.inhrelid, i.inhparent, b.level + 1
      from below as b
      inner join pg_catalog.pg_inherits as i on i.inhparent = b.inhrelid
    )
    select b.inhrelid as foreign_oid, b.inhparent as parent_oid
    from below as b
    inner join pg_catalog.pg_foreign_table as f on f.ftrelid = b.inhrelid
    where b.level > 1
      or c.relkind = 'r'
    order by b.inhrelid
    limit 1
  ) as deep on true
$$;

comment on function drill._critical_relation_problem(text, text) is
  'Internal: why a critical relation cannot be measured by the present role, or null when it can';

revoke all on function drill._critical_relation_problem(text, text) from public;
-- end copy of sql/data/_critical_relation_problem.sql

-- begin copy of sql/data/_refuse_rewritten.sql
-- TRUNCATE and the forms of ALTER TABLE that write a table anew do not heed
-- snapshots: who took one before sees an empty table afterwards, and would count 0
-- rows. So does a table look that was put under the name of another one. The
-- catalog is read with the snapshot, the functions tell what is there now. To be asked
-- while the locks are held with which the tables were read. A partitioned table has no
-- file of its own: its partitions have.
create or replace function drill._refuse_rewritten(p_relation_names text[])
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_rewritten text;
begin
  with recursive below as (
    select n.name, drill._relation_oid(n.name) as relation_oid, true as is_named
    from pg_catalog.unnest(p_relation_names) as n (name)
    union all
    select b.name, i.inhrelid, false
    from below as b
    inner join pg_catalog.pg_inherits as i on i.inhparent = b.relation_oid
  )
  select pg_catalog.min(b.name collate "C")
  into v_rewritten
  from below as b
  left join pg_catalog.pg_class as c on c.oid = b.relation_oid
  where b.is_named and pg_catalog.to_regclass(b.name) is distinct from b.relation_oid
    or c.relkind not in ('p', 'f') and c.relfilenode is distinct from pg_catalog.pg_relation_filenode(c.oid);

  if v_rewritten is not null then
    raise exception using
      errcode = 'serialization_failure',
      message = format('%s was truncated, written anew or replaced meanwhile: repeat this', v_rewritten);
  end if;
end
$$;

comment on function drill._refuse_rewritten(text[]) is
  'Internal: raises a serialization failure when one of these relations, itself or a partition of it, was truncated, written anew or replaced since the snapshot of the calling query, so that reading it with that snapshot tells nothing';

revoke all on function drill._refuse_rewritten(text[]) from public;
-- end copy of sql/data/_refuse_rewritten.sql

-- begin copy of sql/data/_fingerprint_columns.sql
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
-- end copy of sql/data/_fingerprint_columns.sql

-- begin copy of sql/data/_fingerprint_expression.sql
-- hash_record_extended(row(...)) is not used: it is linear, so that the sum over rows
-- would not see two rows swap the values of one column, nor a number and an element
-- of an array change places. Here each row ends with a hash whose seed is all that
-- came before: the last of a single chain, or else one of nothing. A seed counts
-- with all of its 64 bits, unlike a bigint that is hashed.
-- A chain has 50 columns at most: a deeper nesting is too much for the parser.
create or replace function drill._fingerprint_expression(p_relation oid, p_alias text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  c_chain_length constant integer := 50;
  v_expression text;
  v_chain record;
  v_chain_count integer := 0;
begin
  select coalesce(pg_catalog.string_agg('coalesce(' || c.expression || ', 0)', ' # ' order by c.column_name collate "C"), '0')
  into v_expression
  from drill._fingerprint_columns(p_relation, p_alias) as c
  where not c.is_chained;

  for v_chain in
    select
      (c.position - 1) / c_chain_length as number,
      pg_catalog.string_agg(c.expression, '' order by c.position desc) as calls,
      pg_catalog.string_agg(')', '') as ends
    from (
      select f.expression, pg_catalog.row_number() over (order by f.column_name collate "C") as position
      from drill._fingerprint_columns(p_relation, p_alias) as f
      where f.is_chained
    ) as c
    group by (c.position - 1) / c_chain_length
    order by (c.position - 1) / c_chain_length
  loop
    v_expression := case v_chain.number
      when 0 then v_chain.calls || v_expression || v_chain.ends
      else v_expression || ' # ' || v_chain.calls || v_chain.number || v_chain.ends
    end;
    v_chain_count := v_chain_count + 1;
  end loop;

  return case
    when v_chain_count = 1 then v_expression
    else pg_catalog.format('pg_catalog.hashint4extended(0, %s)', v_expression)
  end;
end
$$;

comment on function drill._fingerprint_expression(oid, text) is
  'Internal: the SQL expression of a row''s 64-bit fingerprint, never null, for a query that has the table under this alias; the sum over rows is the fingerprint of a set';

revoke all on function drill._fingerprint_expression(oid, text) from public;
-- end copy of sql/data/_fingerprint_expression.sql

-- begin copy of sql/data/_fingerprint_recipe.sql
-- The hash of a constant stands for the byte order of the processor, which the
-- hashes of texts depend on, and for any server that hashes in its own way. Names are
-- quoted always: when they must be is not the same in all versions.
create or replace function drill._fingerprint_recipe(p_relation oid)
returns text
language sql
stable
set search_path = ''
as $$
  select pg_catalog.concat_ws(
    ' ',
    'v1',
    pg_catalog.getdatabaseencoding(),
    pg_catalog.hashtextextended('pgdrill' collate "C", 0),
    (
      select pg_catalog.string_agg(
        pg_catalog.format('"%s":%s:%s', pg_catalog.replace(c.column_name, '"', '""'), c.type_name, c.way),
        ',' order by c.column_name collate "C"
      )
      from drill._fingerprint_columns(p_relation, 't') as c
    )
  )
$$;

comment on function drill._fingerprint_recipe(oid) is
  'Internal: how fingerprints of the table are made: version, encoding, check value, then name, base type and way of each column; only fingerprints of the same recipe can be compared';

revoke all on function drill._fingerprint_recipe(oid) from public;
-- end copy of sql/data/_fingerprint_recipe.sql

-- begin copy of sql/data/_fold_fingerprint.sql
-- sum(bigint) is numeric and without limit; kept are its last 64 bits, as a signed
-- number. Folding a sum of folded sums gives the same, so days add up to months.
create or replace function drill._fold_fingerprint(p_sum numeric)
returns bigint
language sql
immutable
parallel safe
set search_path = ''
as $$
  select (
    pg_catalog.mod(
      pg_catalog.mod(coalesce(p_sum, 0) + 9223372036854775808, 18446744073709551616) + 18446744073709551616,
      18446744073709551616
    ) - 9223372036854775808
  )::bigint
$$;

comment on function drill._fold_fingerprint(numeric) is
  'Internal: a sum of fingerprints as one fingerprint, modulo 2^64; 0 for no rows';

revoke all on function drill._fold_fingerprint(numeric) from public;
-- end copy of sql/data/_fold_fingerprint.sql

-- begin copy of sql/data/_slice_query.sql
-- One scan of a bucket, whole or cut into slices: days near p_moment, months
-- before and after. p_moment is the baseline's own on both sides, so that the
-- slices of a copy are those of production.
--
-- The innermost query ends in "offset '0'" so that the planner does not look
-- through it: it then expects 200 days and hashes them in parallel, instead of a
-- group per row and a sort on disk. With the plain number 0 it would give up
-- parallelism. Days are cut by date_bin, which is mere arithmetic; months are put
-- together from the few days that come out, above the union: a second grouping
-- within a branch would keep the branches from being spread over workers.
--
-- Partitions of one table have the same columns, so one expression serves them all.
--
-- Without fingerprints an index that begins with the column spares the rows:
-- they are counted slice by slice between its bounds.
create or replace function drill._slice_query(
  p_bucket_names text[],
  p_are_sliced boolean[],
  p_timestamp_column text,
  p_with_fingerprint boolean,
  p_moment timestamptz
)
returns text
language sql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
  with expression as materialized (
    select case when p_with_fingerprint then drill._fingerprint_expression(drill._relation_oid(p_bucket_names[1]), 't') end as fingerprint
  )
  select
    'select g.position, n.slice_name, pg_catalog.date_trunc(u.unit, g.day) as starts_at,'
    ' pg_catalog.date_trunc(u.unit, g.day) + (''1 '' || u.unit)::interval as ends_at,'
    ' pg_catalog.sum(g.row_count)::bigint as row_count, pg_catalog.min(g.oldest_at) as oldest_at, pg_catalog.max(g.newest_at) as newest_at,'
    || case when p_with_fingerprint then ' drill._fold_fingerprint(pg_catalog.sum(g.fingerprint))' else ' null::bigint' end
    || ' as fingerprint from ('
    || pg_catalog.string_agg(
      pg_catalog.format(
        case
          when not b.is_sliced or p_timestamp_column is null
            then
              'select %1$s as position, true as is_whole, null::timestamptz as day, pg_catalog.count(*) as row_count,'
              || case
                when p_timestamp_column is null
                  then ' null::timestamptz as oldest_at, null::timestamptz as newest_at,'
                when b.has_index and not p_with_fingerprint
                  then
                    ' (select t.%3$I::timestamptz from %2$s as t where t.%3$I is not null order by t.%3$I limit 1) as oldest_at,'
                    ' (select t.%3$I::timestamptz from %2$s as t where t.%3$I is not null order by t.%3$I desc limit 1) as newest_at,'
                else ' pg_catalog.min(t.%3$I)::timestamptz as oldest_at, pg_catalog.max(t.%3$I)::timestamptz as newest_at,'
              end
              || case when p_with_fingerprint then ' pg_catalog.sum(%9$s)' else ' null::numeric' end
              || ' as fingerprint from %2$s as t'
          when b.has_index and not p_with_fingerprint
            then
              'select %1$s as position, false as is_whole, s.starts_at as day, c.row_count, c.oldest_at::timestamptz, c.newest_at::timestamptz,'
              ' null::numeric as fingerprint'
              ' from ('
              'select (select t.%3$I from %2$s as t where t.%3$I > ''-infinity'' and t.%3$I < ''infinity'' order by t.%3$I limit 1)::timestamptz as first_at,'
              ' (select t.%3$I from %2$s as t where t.%3$I > ''-infinity'' and t.%3$I < ''infinity'' order by t.%3$I desc limit 1)::timestamptz as last_at'
              ') as e'
              ' cross join lateral ('
              'select d as starts_at, d + interval ''1 day'' as ends_at'
              ' from pg_catalog.generate_series(greatest(pg_catalog.date_trunc(''day'', e.first_at), %6$L::timestamptz),'
              ' least(e.last_at, %7$L::timestamptz - interval ''1 microsecond''), interval ''1 day'') as d'
              ' union all select m, m + interval ''1 month'''
              ' from pg_catalog.generate_series(greatest(pg_catalog.date_trunc(''month'', e.first_at), ''0001-01-01''::timestamptz),'
              ' least(e.last_at, %6$L::timestamptz - interval ''1 microsecond''), interval ''1 month'') as m'
              ' union all select m, m + interval ''1 month'''
              ' from pg_catalog.generate_series(greatest(pg_catalog.date_trunc(''month'', e.first_at), %7$L::timestamptz),'
              ' least(e.last_at, ''9999-12-31''::timestamptz), interval ''1 month'') as m'
              ') as s'
              ' cross join lateral ('
              'select pg_catalog.count(*) as row_count,'
              ' (select t.%3$I from %2$s as t where t.%3$I >= s.starts_at::%4$s and t.%3$I < s.ends_at::%4$s order by t.%3$I limit 1) as oldest_at,'
              ' (select t.%3$I from %2$s as t where t.%3$I >= s.starts_at::%4$s and t.%3$I < s.ends_at::%4$s order by t.%3$I desc limit 1) as newest_at'
              ' from %2$s as t where t.%3$I >= s.starts_at::%4$s and t.%3$I < s.ends_at::%4$s'
              ') as c'
              ' where c.row_count > 0'
              ' union all select %1$s, false, x.day::timestamptz, x.row_count, x.oldest_at::timestamptz, x.newest_at::timestamptz, null::numeric'
              ' from ('
              'select null::%4$s as day, pg_catalog.count(*) as row_count, null::%4$s as oldest_at, null::%4$s as newest_at from %2$s as t where t.%3$I is null'
              ' union all select ''-infinity'', pg_catalog.count(*), pg_catalog.min(t.%3$I), pg_catalog.max(t.%3$I) from %2$s as t where t.%3$I = ''-infinity'''
              ' union all select ''0001-12-31 BC'', pg_catalog.count(*), pg_catalog.min(t.%3$I), pg_catalog.max(t.%3$I) from %2$s as t'
              ' where t.%3$I > ''-infinity'' and t.%3$I < %5$L'
              ' union all select %8$L, pg_catalog.count(*), pg_catalog.min(t.%3$I), pg_catalog.max(t.%3$I) from %2$s as t'
              ' where t.%3$I >= %8$L and t.%3$I < ''infinity'''
              ' union all select ''infinity'', pg_catalog.count(*), pg_catalog.min(t.%3$I), pg_catalog.max(t.%3$I) from %2$s as t where t.%3$I = ''infinity'''
              ') as x'
              ' where x.row_count > 0'
          else
            'select %1$s as position, false as is_whole, d.day::timestamptz as day, pg_catalog.count(*) as row_count,'
            ' pg_catalog.min(d.at)::timestamptz as oldest_at, pg_catalog.max(d.at)::timestamptz as newest_at,'
            || case when p_with_fingerprint then ' pg_catalog.sum(d.fingerprint)' else ' null::numeric' end
            || ' as fingerprint from ('
            'select case when t.%3$I >= %5$L and t.%3$I < %8$L then '
            || case b.type_name when 'date' then 't.%3$I' else 'pg_catalog.date_bin(interval ''1 day'', t.%3$I, %5$L)' end
            || ' when t.%3$I > ''-infinity'' and t.%3$I < %5$L then ''0001-12-31 BC'' when t.%3$I >= %8$L and t.%3$I < ''infinity'' then %8$L'
            ' else t.%3$I end as day, t.%3$I as at'
            || case when p_with_fingerprint then ', %9$s as fingerprint' else '' end
            || ' from %2$s as t offset ''0'''
            ') as d group by d.day'
        end,
        b.position,
        b.bucket_name,
        p_timestamp_column,
        b.type_name,
        case b.type_name when 'timestamptz' then '0001-01-01 00:00:00+00' else '0001-01-01' end,
        w.starts_at,
        w.ends_at,
        case b.type_name when 'timestamptz' then '10000-01-01 00:00:00+00' else '10000-01-01' end,
        x.fingerprint
      ),
      ' union all ' order by b.position
    )
    || pg_catalog.format(
      ') as g'
      ' cross join lateral ('
      'select case when g.day >= %1$L and g.day < %2$L then ''day'''
      ' when g.day >= ''0001-01-01 00:00:00+00'' and g.day < ''10000-01-01 00:00:00+00'' then ''month'' end as unit'
      ') as u'
      ' cross join lateral ('
      'select case when u.unit = ''day'' then pg_catalog.to_char(g.day, ''YYYY-MM-DD'') when u.unit = ''month'' then pg_catalog.to_char(g.day, ''YYYY-MM'')'
      ' when g.is_whole then ''all'' when g.day is null then ''null'' when not pg_catalog.isfinite(g.day) then g.day::text'
      ' when g.day < ''0001-01-01 00:00:00+00'' then ''before 0001'' else ''from 10000'' end as slice_name'
      ') as n'
      ' group by g.position, n.slice_name, pg_catalog.date_trunc(u.unit, g.day), pg_catalog.date_trunc(u.unit, g.day) + (''1 '' || u.unit)::interval',
      pg_catalog.min(w.starts_at),
      pg_catalog.min(w.ends_at)
    )
  from (
    select
      u.bucket_name,
      u.is_sliced,
      u.position,
      drill._has_index_on(r.relation_oid, p_timestamp_column) as has_index,
      (
        select t.typname
        from pg_catalog.pg_attribute as a
        inner join pg_catalog.pg_type as t on t.oid = a.atttypid
        where a.attrelid = r.relation_oid
          and a.attname = p_timestamp_column
          and not a.attisdropped
      ) as type_name
    from rows from (
      pg_catalog.unnest(p_bucket_names),
      pg_catalog.unnest(p_are_sliced)
    ) with ordinality as u (bucket_name, is_sliced, position)
    cross join lateral (select drill._relation_oid(u.bucket_name) as relation_oid) as r
  ) as b
  cross join expression as x
  cross join (
    select
      pg_catalog.date_trunc('month', p_moment) - interval '2 months' as starts_at,
      pg_catalog.date_trunc('month', p_moment) + interval '2 months' as ends_at
  ) as w
$$;

comment on function drill._slice_query(text[], boolean[], text, boolean, timestamptz) is
  'Internal: the query that measures some buckets of one relation, each whole or in slices of time: position, slice, its bounds, count, oldest, newest, fingerprint; bucket names are quoted already';

revoke all on function drill._slice_query(text[], boolean[], text, boolean, timestamptz) from public;
-- end copy of sql/data/_slice_query.sql

-- begin copy of sql/data/_measure_slices.sql
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
-- end copy of sql/data/_measure_slices.sql

-- begin copy of sql/data/_measure_buckets.sql
-- Exact counts, never statistics: n_live_tup is 0 in a physical copy.
-- Stable, so that all of its queries see the one snapshot of the calling
-- statement, whatever the isolation level. A relation that cannot be measured
-- gives a row with its problem, and the rest goes on. Takes ACCESS SHARE locks, those
-- of a hundred partitions at a time.
--
-- The partitions of a relation are measured by one query, a hundred at a time:
-- as branches of a union all they are spread over parallel workers, which one
-- query per partition cannot use and a group by tableoid uses badly. When that query
-- fails, each partition of it is measured alone, so that the problem is laid at the
-- right door.
create or replace function drill._measure_buckets(
  p_depth text,
  p_as_of timestamptz,
  p_carried_names text[] default '{}',
  p_relation_name text default null,
  p_partition_names text[] default null
)
returns table (
  relation_name text,
  partition_name text,
  bucket_name text,
  grain text,
  starts_at timestamptz,
  ends_at timestamptz,
  partition_starts_at timestamptz,
  partition_ends_at timestamptz,
  is_default boolean,
  row_count bigint,
  oldest_at timestamptz,
  newest_at timestamptz,
  fingerprint bigint,
  problem text
)
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
#variable_conflict use_column
declare
  c_batch_size constant integer := 100;
  v_relation record;
  v_partitions jsonb;
  v_has_partitions boolean;
  v_batch jsonb;
  v_names text[];
  v_are_sliced boolean[];
  v_with_fingerprint boolean;
  v_slices jsonb;
  v_more jsonb;
  v_problem text;
  v_partition jsonb;
begin
  if p_depth is null or p_depth not in ('quick', 'standard', 'full') then
    raise exception using
      errcode = 'RD006',
      message = format('%s is not a depth', coalesce(pg_catalog.quote_literal(p_depth), 'null')),
      hint = 'The depths are quick (names and bounds), standard (counts and timestamps too) and full (fingerprints too).';
  end if;

  for v_relation in
    select
      c.relation_name,
      c.timestamp_column,
      c.depth,
      c.is_secret,
      drill._critical_relation_problem(c.relation_name, c.timestamp_column) as problem
    from drill.critical_relations as c
    where p_relation_name is null
      or c.relation_name = p_relation_name
    order by c.relation_name collate "C"
  loop
    if v_relation.problem is not null then
      return query
        select
          v_relation.relation_name, v_relation.relation_name, v_relation.relation_name, 'table', null::timestamptz, null::timestamptz,
          null::timestamptz, null::timestamptz, false, null::bigint, null::timestamptz, null::timestamptz, null::bigint,
          v_relation.problem;
      continue;
    end if;

    v_with_fingerprint := p_depth = 'full' and v_relation.depth = 'full' and not v_relation.is_secret;

    -- Once for each relation, not for each batch. What ended before the days begin is closed: one bucket.
    -- A foreign partition is another server's, so it is in no backup of this one.
    v_problem := null;
    begin
      select
        coalesce(
          pg_catalog.jsonb_agg(
            pg_catalog.jsonb_build_object(
              'partition_name', p.partition_name,
              'starts_at', p.starts_at,
              'ends_at', p.ends_at,
              'is_default', p.is_default,
              'is_partition', true,
              'is_sliced', v_relation.timestamp_column is not null
                and not coalesce(p.ends_at <= pg_catalog.date_trunc('month', p_as_of) - interval '2 months', false)
            )
            order by p.position
          ) filter (
            where v_relation.relation_name || ' ' || p.partition_name <> all (p_carried_names || f.names)
              and (p_partition_names is null or p.partition_name = any (p_partition_names))
          ),
          '[]'
        ),
        pg_catalog.count(p.partition_name) > 0
      into v_partitions, v_has_partitions
      from (
        select coalesce(
          pg_catalog.array_agg(pg_catalog.format('%s %I.%I', v_relation.relation_name, n.nspname, c.relname)),
          '{}'
        ) as names
        from pg_catalog.pg_inherits as i
        inner join pg_catalog.pg_class as c on c.oid = i.inhrelid and c.relkind = 'f'
        inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where i.inhparent = drill._relation_oid(v_relation.relation_name)
      ) as f
      left join drill.list_partitions(v_relation.relation_name) with ordinality
        as p (partition_name, is_default, starts_at, ends_at, is_detach_pending, position) on true;
    exception
      -- Not swallowed: bounds are read under a lock, and somebody may hold one partition.
      when others then
        v_problem := pg_catalog.format('has partitions that cannot be looked at: %s (SQLSTATE %s)', sqlerrm, sqlstate);
    end;
    if v_problem is not null then
      return query
        select
          v_relation.relation_name, v_relation.relation_name, v_relation.relation_name, 'table', null::timestamptz, null::timestamptz,
          null::timestamptz, null::timestamptz, false, null::bigint, null::timestamptz, null::timestamptz, null::bigint, v_problem;
      continue;
    end if;

    -- A plain table, or a partitioned one that has no partition.
    if not v_has_partitions then
      v_partitions := pg_catalog.jsonb_build_array(
        pg_catalog.jsonb_build_object(
          'partition_name', v_relation.relation_name,
          'is_default', false,
          'is_partition', false,
          'is_sliced', v_relation.timestamp_column is not null
        )
      );
    end if;

    for v_start in 0..pg_catalog.jsonb_array_length(v_partitions) - 1 by c_batch_size loop
      select
        pg_catalog.jsonb_agg(e.value order by e.ordinality),
        pg_catalog.array_agg(e.value ->> 'partition_name' order by e.ordinality),
        pg_catalog.array_agg((e.value ->> 'is_sliced')::boolean order by e.ordinality)
      into v_batch, v_names, v_are_sliced
      from pg_catalog.jsonb_array_elements(v_partitions) with ordinality as e
      where e.ordinality between v_start + 1 and v_start + c_batch_size;

      v_slices := case when p_depth = 'quick' then '[]'::jsonb end;
      if v_slices is null then
        begin
          -- Whole and cut buckets in one query without fingerprints would be measured without parallel workers.
          select coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(s)), '[]')
          into v_slices
          from (
            select
              pg_catalog.array_agg(n.name order by n.position) as names,
              pg_catalog.array_agg(n.is_sliced order by n.position) as are_sliced
            from rows from (pg_catalog.unnest(v_names), pg_catalog.unnest(v_are_sliced)) with ordinality as n (name, is_sliced, position)
            group by case when not v_with_fingerprint then n.is_sliced end
          ) as g
          cross join lateral drill._measure_slices(
            g.names, g.are_sliced, v_relation.timestamp_column, v_with_fingerprint, p_as_of
          ) as s;
          -- What was measured is in a variable, which stays; the locks go. All of them together, one for
          -- each partition and each of its indexes, would be more than the server has room for.
          raise exception using errcode = 'transaction_rollback', message = 'measured';
        exception
          -- Not swallowed: each partition is tried alone below, and says its problem.
          when others then
            null;
        end;
      end if;

      if v_slices is null then
        v_slices := '[]';
        for v_partition in
          select e.value
          from pg_catalog.jsonb_array_elements(v_batch) as e
        loop
          v_more := null;
          v_problem := null;
          begin
            select coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(s)), '[]')
            into v_more
            from drill._measure_slices(
              array[v_partition ->> 'partition_name'], array[(v_partition ->> 'is_sliced')::boolean],
              v_relation.timestamp_column, v_with_fingerprint, p_as_of
            ) as s;
          exception
            -- Not swallowed: the row says that this partition could not be looked at.
            when others then
              v_problem := pg_catalog.format('%s (SQLSTATE %s)', sqlerrm, sqlstate);
          end;
          v_slices := v_slices || case
            when v_problem is null then v_more
            else pg_catalog.jsonb_build_array(
              pg_catalog.jsonb_build_object('bucket_name', v_partition ->> 'partition_name', 'slice_name', 'all', 'problem', v_problem)
            )
          end;
        end loop;
      end if;

      return query
        select
          v_relation.relation_name,
          p.partition_name,
          case
            when s.slice_name is null or s.slice_name = 'all' then p.partition_name
            when s.starts_at is null then p.partition_name || ' undated ' || s.slice_name
            else p.partition_name || ' ' || s.slice_name
          end,
          case
            when s.slice_name is null or s.slice_name = 'all'
              then case when p.is_partition or v_relation.timestamp_column is not null then 'partition' else 'table' end
            when s.starts_at is null then 'undated'
            when s.ends_at - s.starts_at = interval '1 day' then 'day'
            else 'month'
          end,
          case when s.slice_name is null or s.slice_name = 'all' then p.starts_at else s.starts_at end,
          case when s.slice_name is null or s.slice_name = 'all' then p.ends_at else s.ends_at end,
          p.starts_at,
          p.ends_at,
          p.is_default,
          case
            when p_depth = 'quick' or s.problem is not null then null
            -- A partition that is cut and gave nothing has no row.
            else coalesce(s.row_count, 0)
          end,
          s.oldest_at,
          s.newest_at,
          case when v_with_fingerprint and s.problem is null then coalesce(s.fingerprint, 0) end,
          s.problem
        from pg_catalog.jsonb_array_elements(v_batch) with ordinality as e
        cross join lateral pg_catalog.jsonb_to_record(e.value) as p (
          partition_name text, starts_at timestamptz, ends_at timestamptz, is_default boolean, is_partition boolean
        )
        left join lateral (
          select r.*
          from pg_catalog.jsonb_to_recordset(v_slices) as r (
            bucket_name text, slice_name text, starts_at timestamptz, ends_at timestamptz, row_count bigint,
            oldest_at timestamptz, newest_at timestamptz, fingerprint bigint, problem text
          )
          where r.bucket_name = p.partition_name
        ) as s on true
        order by e.ordinality, s.starts_at nulls last, s.slice_name collate "C";
    end loop;
  end loop;
end
$$;

comment on function drill._measure_buckets(text, timestamptz, text[], text, text[]) is
  'Internal: the buckets of every critical relation at a depth (quick: names and bounds, no table is read), cut relative to a moment; partitions that are carried over give no row; or of one relation, or of some of its partitions';

revoke all on function drill._measure_buckets(text, timestamptz, text[], text, text[]) from public;
-- end copy of sql/data/_measure_buckets.sql

-- begin copy of sql/data/list_buckets.sql
-- What a baseline stores and what a verification states again: the same function
-- on both sides, so that both have the same shape. p_as_of says where days begin and
-- partitions count as closed; a verification gives the moment of its baseline.
create or replace function drill.list_buckets(p_depth text default 'standard', p_as_of timestamptz default null)
returns table (
  relation_name text,
  partition_name text,
  bucket_name text,
  grain text,
  starts_at timestamptz,
  ends_at timestamptz,
  partition_starts_at timestamptz,
  partition_ends_at timestamptz,
  is_default boolean,
  row_count bigint,
  oldest_at timestamptz,
  newest_at timestamptz,
  fingerprint bigint,
  problem text
)
language sql
stable
set search_path = ''
as $$
  select b.*
  from drill._measure_buckets(p_depth, coalesce(p_as_of, drill.get_now())) as b
$$;

comment on function drill.list_buckets(text, timestamptz) is
  'Facts of every critical relation: a closed partition is one bucket, newer ones and whole tables are cut into UTC days, older rows into months; exact row count, oldest and newest timestamp, at depth full a fingerprint of the content; problem says why a bucket could not be measured';

revoke all on function drill.list_buckets(text, timestamptz) from public;
-- end copy of sql/data/list_buckets.sql

-- begin copy of sql/data/list_row_counts.sql
create or replace function drill.list_row_counts()
returns table (relation_name text, partition_name text, row_count bigint, problem text)
language sql
stable
set search_path = ''
as $$
  select b.relation_name, b.partition_name, pg_catalog.sum(b.row_count)::bigint, pg_catalog.min(b.problem)
  from drill.list_buckets() as b
  group by b.relation_name, b.partition_name
  order by b.relation_name collate "C", b.partition_name collate "C"
$$;

comment on function drill.list_row_counts() is
  'Exact row count of every critical relation, per partition';

revoke all on function drill.list_row_counts() from public;
-- end copy of sql/data/list_row_counts.sql

-- begin copy of sql/data/list_newest_timestamps.sql
-- Counts nothing: with an index at the timestamps only its end is read.
create or replace function drill.list_newest_timestamps()
returns table (relation_name text, timestamp_column text, newest_at timestamptz, problem text)
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set row_security = off
as $$
declare
  v_relation record;
begin
  for v_relation in
    select
      c.relation_name, c.timestamp_column,
      drill._critical_relation_problem(c.relation_name, c.timestamp_column) as problem
    from drill.critical_relations as c
    order by c.relation_name collate "C"
  loop
    list_newest_timestamps.relation_name := v_relation.relation_name;
    list_newest_timestamps.timestamp_column := v_relation.timestamp_column;
    list_newest_timestamps.newest_at := null;
    list_newest_timestamps.problem := v_relation.problem;
    if v_relation.problem is null and v_relation.timestamp_column is not null then
      begin
        execute pg_catalog.format(
          'select pg_catalog.max(t.%I)::timestamptz from %s as t',
          v_relation.timestamp_column,
          drill._local_source(drill._relation_oid(v_relation.relation_name), array[v_relation.timestamp_column])
        )
        into list_newest_timestamps.newest_at;
      exception
        -- Not swallowed: the row says that this relation could not be looked at.
        when others then
          list_newest_timestamps.problem := pg_catalog.format('%s (SQLSTATE %s)', sqlerrm, sqlstate);
      end;
    end if;
    return next;
  end loop;
end
$$;

comment on function drill.list_newest_timestamps() is
  'Newest timestamp of every critical relation, to hold against the recovery point';

revoke all on function drill.list_newest_timestamps() from public;
-- end copy of sql/data/list_newest_timestamps.sql

-- begin copy of sql/data/list_fingerprint_recipes.sql
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
-- end copy of sql/data/list_fingerprint_recipes.sql

-- begin copy of sql/baselines/_is_closed.sql
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
-- end copy of sql/baselines/_is_closed.sql

-- begin copy of sql/data/_measure_tenants.sql
-- So that "one customer is missing" is seen. A tenant leaves as a hash, mixed with
-- the identity of the installation: keys of two installations cannot be held together.
-- It hides nothing from whoever has that identity and ids to try. The raw id leaves only
-- where that is allowed. A verification gives the installation of its baseline: a
-- copy that pgdrill was installed into later has another identity.
--
-- Tenants are told apart by their text, as their type might take two for one. Types
-- where equal means equal text are grouped before they are turned into text.
create or replace function drill._measure_tenants(
  p_installation_id uuid default null,
  p_relation_name text default null,
  p_moment timestamptz default null,
  p_carried_names text[] default '{}'
)
returns table (relation_name text, tenant_key text, is_closed boolean, row_count bigint, newest_at timestamptz, problem text)
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
#variable_conflict use_column
declare
  c_batch_size constant integer := 100;
  v_relation record;
  v_partitions jsonb;
  v_batch jsonb;
  v_salt text := coalesce(p_installation_id, (select i.installation_id from drill.installation as i))::text;
begin
  for v_relation in
    select
      c.relation_name,
      c.timestamp_column,
      c.is_tenant_shown,
      case
        when a.atttypid in ('uuid'::regtype, 'smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)
          then pg_catalog.format('t.%I', c.tenant_column)
        when a.atttypid in ('text'::regtype, 'character varying'::regtype)
          then pg_catalog.format('t.%I collate pg_catalog."C"', c.tenant_column)
        else pg_catalog.format('case when t.%1$I is distinct from null then pg_catalog.concat(t.%1$I) end collate pg_catalog."C"', c.tenant_column)
      end as tenant,
      coalesce(
        drill._critical_relation_problem(c.relation_name, c.timestamp_column),
        case when a.attnum is null then pg_catalog.format('has no column %I', c.tenant_column) end,
        case when not c.is_tenant_shown and v_salt is null then 'cannot be told by hashes: drill.installation has no row' end
      ) as problem
    from drill.critical_relations as c
    left join pg_catalog.pg_attribute as a
      on a.attrelid = drill._relation_oid(c.relation_name)
      and a.attname = c.tenant_column
      and a.attnum > 0
      and not a.attisdropped
    where c.tenant_column is not null
      and c.depth = 'full'
      and not c.is_secret
      and (p_relation_name is null or c.relation_name = p_relation_name)
    order by c.relation_name collate "C"
  loop
    if v_relation.problem is not null then
      return query select v_relation.relation_name, null::text, false, null::bigint, null::timestamptz, v_relation.problem;
      continue;
    end if;
    begin
      -- Each partition once, whichever other table it is a part of; a foreign one is another server's, so it is in no backup of this one.
      select coalesce(
        pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object('name', u.name, 'is_closed', p_moment is not null and drill._is_closed(u.ends_at, p_moment))
          order by u.position
        ),
        '[]'
      )
      into v_partitions
      from (
        select p.partition_name as name, p.ends_at, p.position
        from drill.list_partitions(v_relation.relation_name) with ordinality
          as p (partition_name, is_default, starts_at, ends_at, is_detach_pending, position)
        inner join pg_catalog.pg_class as c on c.oid = drill._relation_oid(p.partition_name) and c.relkind <> 'f'
        union all
        select v_relation.relation_name, null, 0
        from pg_catalog.pg_class as c
        where c.oid = drill._relation_oid(v_relation.relation_name)
          and c.relkind = 'r'
      ) as u
      where v_relation.relation_name || ' ' || u.name <> all (p_carried_names);

      for v_start in 0..pg_catalog.jsonb_array_length(v_partitions) - 1 by c_batch_size loop
        select pg_catalog.jsonb_agg(e.value order by e.ordinality)
        into v_batch
        from pg_catalog.jsonb_array_elements(v_partitions) with ordinality as e
        where e.ordinality between v_start + 1 and v_start + c_batch_size;

        -- Branches of a union all are spread over parallel workers. A raw id that is empty, or reads like the word for null, is put in quotes.
        return query execute
          'select $1, k.tenant_key, k.is_closed, k.row_count, k.newest_at, null::text from ('
          'select case when d.is_null then ''none'''
          ' when $2 and (d.tenant in ('''', ''none'') or pg_catalog.starts_with(d.tenant, '''''''')) then pg_catalog.quote_literal(d.tenant)'
          ' when $2 then d.tenant'
          ' else pg_catalog.left(pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to($3 || d.tenant, ''UTF8'')), ''hex''), 16) end as tenant_key,'
          ' d.is_closed, d.row_count, d.newest_at from ('
          'select pg_catalog.concat(u.tenant) as tenant, u.tenant is null as is_null, u.is_closed, pg_catalog.sum(u.row_count)::bigint as row_count,'
          ' pg_catalog.max(u.newest_at) as newest_at from ('
          || (
            select pg_catalog.string_agg(
              pg_catalog.format(
                'select %1$s as tenant, %4$L::boolean as is_closed, pg_catalog.count(*) as row_count, %2$s as newest_at from %3$s as t group by 1',
                v_relation.tenant,
                case
                  when v_relation.timestamp_column is null then 'null::timestamptz'
                  else pg_catalog.format('pg_catalog.max(t.%I)::timestamptz', v_relation.timestamp_column)
                end,
                e.value ->> 'name',
                e.value ->> 'is_closed'
              ),
              ' union all ' order by e.ordinality
            )
            from pg_catalog.jsonb_array_elements(v_batch) with ordinality as e
          )
          || ') as u group by u.tenant, u.is_closed'
          ') as d'
          ') as k order by k.tenant_key collate pg_catalog."C", k.is_closed'
        using v_relation.relation_name, v_relation.is_tenant_shown, v_salt;

        perform drill._refuse_rewritten(
          array(select e.value ->> 'name' from pg_catalog.jsonb_array_elements(v_batch) as e)
        );
      end loop;
    exception
      -- Not swallowed: the row says that this relation could not be looked at.
      when others then
        return query
          select v_relation.relation_name, null::text, false, null::bigint, null::timestamptz, pg_catalog.format('%s (SQLSTATE %s)', sqlerrm, sqlstate);
    end;
  end loop;
end
$$;

comment on function drill._measure_tenants(uuid, text, timestamptz, text[]) is
  'Internal: as drill.list_tenants, apart for partitions that are closed at a moment (null: none is) and the others, without the partitions that are carried over, each behind its relation''s name and a blank; a tenant of more than a hundred partitions may have several rows';

revoke all on function drill._measure_tenants(uuid, text, timestamptz, text[]) from public;
-- end copy of sql/data/_measure_tenants.sql

-- begin copy of sql/data/list_tenants.sql
create or replace function drill.list_tenants(p_installation_id uuid default null, p_relation_name text default null)
returns table (relation_name text, tenant_key text, row_count bigint, newest_at timestamptz, problem text)
language sql
stable
set search_path = ''
as $$
  select t.relation_name, t.tenant_key, pg_catalog.sum(t.row_count)::bigint, pg_catalog.max(t.newest_at), t.problem
  from drill._measure_tenants(p_installation_id, p_relation_name) as t
  group by t.relation_name, t.tenant_key, t.problem
  order by t.relation_name collate "C", t.tenant_key collate "C"
$$;

comment on function drill.list_tenants(uuid, text) is
  'Rows and newest timestamp of each tenant of the critical relations that have a tenant column, are not secret and may be looked at in full; the key is a hash made with an installation (null: this one), or the raw id where is_tenant_shown';

revoke all on function drill.list_tenants(uuid, text) from public;
-- end copy of sql/data/list_tenants.sql

-- begin copy of sql/data/list_buckets_of.sql
-- What the program asks for piece by piece: then several connections can share the
-- work, and it is known how far it is.
create or replace function drill.list_buckets_of(
  p_relation_name text,
  p_partition_names text[],
  p_depth text default 'standard',
  p_as_of timestamptz default null
)
returns table (
  relation_name text,
  partition_name text,
  bucket_name text,
  grain text,
  starts_at timestamptz,
  ends_at timestamptz,
  partition_starts_at timestamptz,
  partition_ends_at timestamptz,
  is_default boolean,
  row_count bigint,
  oldest_at timestamptz,
  newest_at timestamptz,
  fingerprint bigint,
  problem text
)
language sql
stable
set search_path = ''
as $$
  -- A null would mean every relation.
  select b.*
  from drill._measure_buckets(
    p_depth, coalesce(p_as_of, drill.get_now()), '{}', coalesce(p_relation_name, ''), coalesce(p_partition_names, '{}')
  ) as b
$$;

comment on function drill.list_buckets_of(text, text[], text, timestamptz) is
  'As drill.list_buckets, of the named partitions of one critical relation, or of a relation without partitions';

revoke all on function drill.list_buckets_of(text, text[], text, timestamptz) from public;
-- end copy of sql/data/list_buckets_of.sql

-- begin copy of sql/data/list_measurable.sql
-- Sizes come from the files: a restored copy may never have been analyzed. They cost a
-- short lock; where somebody holds a stronger one, the catalog's word must do, and
-- measuring will say what is wrong.
create or replace function drill.list_measurable()
returns table (relation_name text, partition_name text, byte_count bigint, estimated_row_count bigint)
language plpgsql
stable
set search_path = ''
set lock_timeout = '1s'
as $$
#variable_conflict use_column
declare
  v_sizes jsonb;
begin
  begin
    select coalesce(pg_catalog.jsonb_object_agg(b.partition_name, pg_catalog.pg_relation_size(drill._relation_oid(b.partition_name))), '{}')
    into v_sizes
    from drill.list_buckets('quick') as b;
  exception
    when lock_not_available then
      v_sizes := '{}';
  end;

  return query
    select
      b.relation_name,
      b.partition_name,
      s.byte_count,
      case
        when s.byte_count = 0 then 0
        -- Before the first analyze nothing is known.
        when c.relpages > 0 and c.reltuples >= 0 then pg_catalog.round(c.reltuples / c.relpages * (s.byte_count / s.block_size))::bigint
      end
    from drill.list_buckets('quick') with ordinality as b
    left join pg_catalog.pg_class as c on c.oid = drill._relation_oid(b.partition_name)
    cross join lateral (
      select
        pg_catalog.current_setting('block_size')::integer as block_size,
        coalesce((v_sizes ->> b.partition_name)::bigint, c.relpages * pg_catalog.current_setting('block_size')::bigint, 0) as byte_count
    ) as s
    order by b.ordinality;
end
$$;

comment on function drill.list_measurable() is
  'What can be measured one by one: each partition of a critical relation, or the relation when it has none, with its size and an estimate of its rows (null when unknown)';

revoke all on function drill.list_measurable() from public;
-- end copy of sql/data/list_measurable.sql

-- begin copy of sql/data/verify_critical_relations.sql
create or replace function drill.verify_critical_relations()
returns setof drill.check_result
language sql
stable
set search_path = ''
as $$
  select
    'critical_relations',
    c.relation_name,
    case
      when p.problem is null then 'pass'
      when p.problem = 'does not exist' then 'fail'
      else 'error'
    end,
    pg_catalog.format('%s %s', c.relation_name, coalesce(p.problem, 'exists and can be read')),
    case
      when p.problem = 'does not exist'
        and c.profile = 'opsmantik'
        then pg_catalog.format('Restore %s; or, when this is not OpsMantik''s database, run in production: delete from drill.critical_relations where profile = ''opsmantik''.', c.relation_name)
      when p.problem = 'does not exist'
        then pg_catalog.format('Restore %s: it is registered as data that must come back.', c.relation_name)
      when p.problem is not null
        then pg_catalog.format('Make %s readable for %I, or correct its row in drill.critical_relations.', c.relation_name, current_user)
    end,
    pg_catalog.to_jsonb('readable'::text),
    pg_catalog.to_jsonb(coalesce(p.problem, 'readable'))
  from drill.critical_relations as c
  cross join lateral (
    select drill._critical_relation_problem(c.relation_name, c.timestamp_column) as problem
  ) as p
  union all
  -- Not passed in silence: nobody should believe that they came back.
  select
    'critical_relations', c.relation_name, 'skip',
    pg_catalog.format(
      '%s has %s, whose rows are not looked at, as no backup of this server holds them: %s',
      c.relation_name,
      case pg_catalog.count(*) when 1 then '1 partition that is a foreign table' else pg_catalog.count(*) || ' partitions that are foreign tables' end,
      pg_catalog.string_agg(
        pg_catalog.format('%s on the server %I', drill._relation_name(f.ftrelid), s.srvname), ', ' order by drill._relation_name(f.ftrelid) collate "C"
      )
    ),
    'Verify them where they are: back up and restore that server, and verify the table there.',
    null, pg_catalog.to_jsonb(pg_catalog.count(*)::text)
  from drill.critical_relations as c
  inner join pg_catalog.pg_inherits as i on i.inhparent = drill._relation_oid(c.relation_name)
  inner join pg_catalog.pg_foreign_table as f on f.ftrelid = i.inhrelid
  inner join pg_catalog.pg_foreign_server as s on s.oid = f.ftserver
  group by c.relation_name
  union all
  select
    'critical_relations', null, 'error',
    'no critical relation is registered, so no data was looked at',
    'Register what must be recoverable: select drill.register_critical_relation(''public.orders'', ''created_at'', true).',
    null, null
  where not exists (select from drill.critical_relations)
  order by 2, 3
$$;

comment on function drill.verify_critical_relations() is
  'Whether each critical relation exists, can be read in full by this role, and has its timestamp column';

revoke all on function drill.verify_critical_relations() from public;
-- end copy of sql/data/verify_critical_relations.sql

-- begin copy of sql/recovery/heartbeats.sql
create table drill.heartbeats (
  beat_at timestamptz primary key,
  lsn pg_lsn not null,
  system_identifier bigint not null,
  timeline_id integer not null,
  started_at timestamptz not null,
  database_name text not null
);

comment on table drill.heartbeats is
  'Moments at which production was alive and writing; the newest one in a copy is its recovery point';
comment on column drill.heartbeats.beat_at is 'When the heartbeat was written';
comment on column drill.heartbeats.lsn is 'WAL insert position at that moment';
comment on column drill.heartbeats.system_identifier is 'Server that wrote it';
comment on column drill.heartbeats.timeline_id is 'Timeline on which it was written: tells production''s heartbeats from those of a copy whose jobs run on';

comment on column drill.heartbeats.started_at is 'Start of the server that wrote it: tells those that a copy writes since it runs';
comment on column drill.heartbeats.database_name is 'Database in which it was written: a copy may stand beside production on one server';

revoke all on table drill.heartbeats from public;
-- end copy of sql/recovery/heartbeats.sql

-- begin copy of sql/recovery/_write_heartbeat.sql
create or replace function drill._write_heartbeat()
returns timestamptz
language sql
volatile
set search_path = ''
as $$
  insert into drill.heartbeats (beat_at, lsn, system_identifier, timeline_id, started_at, database_name)
  select drill.get_now(), pg_catalog.pg_current_wal_insert_lsn(), i.system_identifier, i.timeline_id, i.started_at,
    i.database_name
  from drill.get_identity() as i
  on conflict (beat_at) do nothing;

  select drill.get_now()
$$;

comment on function drill._write_heartbeat() is
  'Internal: writes a heartbeat and forgets none';

revoke all on function drill._write_heartbeat() from public;
-- end copy of sql/recovery/_write_heartbeat.sql

-- begin copy of sql/recovery/record_heartbeat.sql
-- Rows that another session is removing are left to it: a heartbeat must never wait.
create or replace function drill.record_heartbeat()
returns timestamptz
language sql
volatile
set search_path = ''
as $$
  delete from drill.heartbeats as h
  where h.beat_at in (
    select o.beat_at
    from drill.heartbeats as o
    where o.beat_at < drill.get_now() - drill.get_policy('heartbeat_retention')
    for update skip locked
  );

  select drill._write_heartbeat()
$$;

comment on function drill.record_heartbeat() is
  'Writes that production is alive now, and forgets heartbeats older than the policy; call it once a minute';

revoke all on function drill.record_heartbeat() from public;
-- end copy of sql/recovery/record_heartbeat.sql

-- begin copy of sql/recovery/_own_rows_since.sql
-- Rows do not say who wrote them. In a copy those since the start of its server are
-- its own; but where production stands on the very same server, its rows are newer
-- than that start, too.
create or replace function drill._own_rows_since()
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select i.started_at
  from drill.get_identity() as i
  where drill._is_copy()
    and not exists (
      select
      from drill.heartbeats as h
      where h.started_at = i.started_at
        and h.database_name <> i.database_name
    )
$$;

comment on function drill._own_rows_since() is
  'Internal: from when on rows are those of the copy itself and say nothing about production; null when none are';

revoke all on function drill._own_rows_since() from public;
-- end copy of sql/recovery/_own_rows_since.sql

-- begin copy of sql/recovery/_list_production_heartbeats.sql
-- A copy's own heartbeats are known by the new timeline of a promoted copy, the other
-- server of a logical one, and the start of the server that runs now with the
-- database's name.
create or replace function drill._list_production_heartbeats()
returns table (beat_at timestamptz, system_identifier bigint, timeline_id integer, writer xid)
language sql
stable
set search_path = ''
as $$
  with candidate as (
    select
      h.beat_at,
      h.system_identifier,
      h.timeline_id,
      h.xmin as writer,
      (h.system_identifier, h.timeline_id, h.database_name)
        = (i.system_identifier, i.timeline_id, i.database_name) as is_of_this_server,
      drill._is_copy() and (h.started_at, h.database_name) = (i.started_at, i.database_name) as is_of_this_copy
    from drill.heartbeats as h
    cross join drill.get_identity() as i
  )
  select c.beat_at, c.system_identifier, c.timeline_id, c.writer
  from candidate as c
  where not c.is_of_this_copy
    and (
      not c.is_of_this_server
      or not exists (select from candidate as o where not o.is_of_this_server)
    )
$$;

comment on function drill._list_production_heartbeats() is
  'Internal: the heartbeats that production wrote, not the copy itself, with the transaction that wrote the row';

revoke all on function drill._list_production_heartbeats() from public;
-- end copy of sql/recovery/_list_production_heartbeats.sql

-- begin copy of sql/recovery/recovery_point.sql
-- Regular heartbeats say exactly up to when the copy reaches. With rare ones
-- (written on captures only) the newest of them is only a lower bound, and rows of
-- append-only relations that came later prove more. Rows dated after now prove
-- nothing.
--
-- What a copy wrote itself, because its scheduled jobs run on or somebody tried the
-- application on it, says nothing about production.
create or replace function drill.recovery_point(p_read_data boolean default true)
returns table (
  recovery_point timestamptz,
  source text,
  is_exact boolean,
  heartbeat_at timestamptz,
  heartbeat_interval interval,
  newest_data_at timestamptz,
  newest_data_relation text
)
language sql
stable
set search_path = ''
as $$
  with newest as (
    select c.beat_at
    from drill._list_production_heartbeats() as c
    order by c.beat_at desc
    limit 11
  ),
  gap as (
    select n.beat_at, n.beat_at - pg_catalog.lag(n.beat_at) over (order by n.beat_at) as beat_gap
    from newest as n
  ),
  heartbeat as (
    select
      pg_catalog.max(g.beat_at) as beat_at,
      pg_catalog.max(g.beat_gap) as beat_interval,
      coalesce(
        pg_catalog.count(*) >= 3 and -- A job that starts each five minutes does so to the second, more or less.
        pg_catalog.max(g.beat_gap) <= drill.get_policy('heartbeat_interval') + interval '30 seconds',
        false
      ) as is_regular
    from gap as g
  ),
  data as (
    select n.newest_at, n.relation_name
    from drill.list_newest_timestamps() as n
    inner join drill.critical_relations as c on c.relation_name = n.relation_name
    where c.is_append_only
      and n.newest_at <= drill.get_now()
      and pg_catalog.isfinite(n.newest_at)
      -- But where production stands on the very same server, its rows are newer than that start, too.
      and n.newest_at < coalesce(drill._own_rows_since(), 'infinity')
      -- Scanning the data for a moment that heartbeats already tell would be waste.
      and p_read_data
      and not (select h.is_regular from heartbeat as h)
    order by n.newest_at desc
    limit 1
  )
  select
    case when h.is_regular then h.beat_at else greatest(h.beat_at, d.newest_at) end,
    case
      when d.newest_at > h.beat_at or h.beat_at is null and d.newest_at is not null then 'data'
      when h.beat_at is not null then 'heartbeat'
    end,
    h.is_regular,
    h.beat_at,
    h.beat_interval,
    d.newest_at,
    d.relation_name
  from heartbeat as h
  left join data as d on true
$$;

comment on function drill.recovery_point(boolean) is
  'Up to when the data reaches: the newest heartbeat when heartbeats are regular, else the later of heartbeat and newest append-only row (p_read_data => false leaves the rows out); null when there is no evidence';

revoke all on function drill.recovery_point(boolean) from public;
-- end copy of sql/recovery/recovery_point.sql

-- begin copy of sql/recovery/_is_commit_tracked.sql
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
-- end copy of sql/recovery/_is_commit_tracked.sql

-- begin copy of sql/recovery/_asked_restore_point.sql
create or replace function drill._asked_restore_point()
returns table (asked_at timestamptz, problem text)
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
declare
  v_text text := nullif(pg_catalog.current_setting('drill.restore_point', true), '');
begin
  begin
    _asked_restore_point.asked_at := v_text::timestamptz;
  exception
    when invalid_datetime_format or datetime_field_overflow or invalid_parameter_value then
      _asked_restore_point.problem := pg_catalog.format('%L is not a moment', v_text);
  end;
  if not pg_catalog.isfinite(_asked_restore_point.asked_at) then
    _asked_restore_point.problem := pg_catalog.format('%L is not a moment', v_text);
  elsif _asked_restore_point.asked_at > drill.get_now() + drill.get_policy('clock_skew') then
    _asked_restore_point.problem := pg_catalog.format('%s is in the future', _asked_restore_point.asked_at);
  end if;
  if _asked_restore_point.problem is not null then
    _asked_restore_point.asked_at := null;
  end if;
  return next;
end
$$;

comment on function drill._asked_restore_point() is
  'Internal: the moment to which whoever asks says that the database was restored (setting drill.restore_point; UTC without a zone), or why it is none; one row';

revoke all on function drill._asked_restore_point() from public;
-- end copy of sql/recovery/_asked_restore_point.sql

-- begin copy of sql/recovery/_list_row_ends.sql
-- Never a scan. A table that only grows has its newest rows in its last pages; where
-- an index begins with the timestamps, its end is exact. Of many partitions only the
-- newest that have begun are read, and those that do not follow time.
create or replace function drill._list_row_ends()
returns table (relation_name text, newest_at timestamptz, committed_at timestamptz, remark text)
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set row_security = off
as $$
declare
  v_relation record;
  v_part record;
  v_end record;
  v_own_since timestamptz := coalesce(drill._own_rows_since(), 'infinity');
  -- Rows dated after now prove nothing.
  v_until timestamptz := least(drill.get_now(), v_own_since);
  v_is_tracked boolean := drill._is_commit_tracked();
begin
  for v_relation in
    select
      c.relation_name, c.timestamp_column, drill._relation_oid(c.relation_name) as relation_oid,
      drill._critical_relation_problem(c.relation_name, c.timestamp_column) as problem
    from drill.critical_relations as c
    where c.is_append_only
      and c.timestamp_column is not null
    order by c.relation_name collate "C"
  loop
    _list_row_ends.relation_name := v_relation.relation_name;
    _list_row_ends.newest_at := null;
    _list_row_ends.committed_at := null;
    _list_row_ends.remark := v_relation.problem;
    begin
      for v_part in
        select
          drill._relation_name(l.leaf) as part_name,
          pg_catalog.format_type(a.atttypid, a.atttypmod) as column_type,
          drill._has_index_on(l.leaf, v_relation.timestamp_column) as is_indexed,
          greatest(0, pg_catalog.pg_relation_size(l.leaf) / pg_catalog.current_setting('block_size')::bigint - 8) as first_page
        from (
          select v_relation.relation_oid as leaf
          union all
          select t.relid::oid
          from (
            select p.partition_name
            from drill.list_partitions(v_relation.relation_name) as p
            where p.starts_at is null
              or p.starts_at <= v_until
            order by p.is_default desc, p.starts_at desc nulls last, p.partition_name collate "C"
            limit 16
          ) as n
          cross join lateral pg_catalog.pg_partition_tree(drill._relation_oid(n.partition_name)) as t
          where t.isleaf
        ) as l
        inner join pg_catalog.pg_class as c on c.oid = l.leaf
        inner join pg_catalog.pg_attribute as a
          on a.attrelid = l.leaf
          and a.attname = v_relation.timestamp_column
          and not a.attisdropped
        where v_relation.problem is null
          and c.relkind = 'r'
          -- A right on the parent is none on its partition, nor is the parent's row security.
          and pg_catalog.has_table_privilege(l.leaf, 'select')
          and not pg_catalog.row_security_active(l.leaf)
      loop
        execute pg_catalog.format(
          'select
            pg_catalog.max(e.moment) filter (where e.moment <= %2$L::%3$s)::timestamptz as newest_at,
            pg_catalog.max(e.committed_at) filter (where e.committed_at < %4$L) as committed_at
          from (
            select t.%5$I as moment, %6$s as committed_at
            from %1$s as t
            where t.ctid >= %7$L
              and (t.%5$I is null or pg_catalog.isfinite(t.%5$I))
          ) as e',
          v_part.part_name, v_until, v_part.column_type, v_own_since, v_relation.timestamp_column,
          case when v_is_tracked then 'pg_catalog.pg_xact_commit_timestamp(t.xmin)' else 'null::timestamptz' end,
          pg_catalog.format('(%s,0)', v_part.first_page)
        )
        into v_end;
        _list_row_ends.newest_at := greatest(_list_row_ends.newest_at, v_end.newest_at);
        _list_row_ends.committed_at := greatest(_list_row_ends.committed_at, v_end.committed_at);
        if v_part.is_indexed then
          execute pg_catalog.format(
            'select pg_catalog.max(t.%2$I)::timestamptz as newest_at from %1$s as t where t.%2$I <= %3$L::%4$s and t.%2$I > ''-infinity''',
            v_part.part_name, v_relation.timestamp_column, v_until, v_part.column_type
          )
          into v_end;
          _list_row_ends.newest_at := greatest(_list_row_ends.newest_at, v_end.newest_at);
        elsif v_part.first_page > 0 then
          _list_row_ends.remark := 'of the last pages only: no index begins with the timestamps';
        end if;
      end loop;
    exception
      -- Not swallowed: the row says that this relation could not be looked at.
      when others then
        _list_row_ends.remark := pg_catalog.format('%s (SQLSTATE %s)', sqlerrm, sqlstate);
    end;
    return next;
  end loop;
end
$$;

comment on function drill._list_row_ends() is
  'Internal: of each append-only relation the newest timestamp that is neither of the future nor the copy''s own, and when the newest of its last rows were committed where this is known';

revoke all on function drill._list_row_ends() from public;
-- end copy of sql/recovery/_list_row_ends.sql

-- begin copy of sql/recovery/list_recovery_evidence.sql
-- A restore of a dump writes all rows anew, so that their commits are its own. Heartbeats
-- tell: production wrote each one at the moment that it says, whereas rows written anew
-- after the last of them are late by at least the time between the first and the last.
create or replace function drill.list_recovery_evidence(p_read_data boolean default true)
returns table (source text, relation_name text, reached_at timestamptz, remark text)
language sql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
  with tracking as materialized (
    select drill._is_commit_tracked() as is_tracked
  ),
  beat as materialized (
    select
      h.*,
      case when t.is_tracked then pg_catalog.pg_xact_commit_timestamp(h.writer) end as committed_at
    from drill._list_production_heartbeats() as h
    cross join tracking as t
  ),
  proof as (
    select
      coalesce(
        pg_catalog.max(b.beat_at) - pg_catalog.min(b.beat_at)
          > pg_catalog.max(greatest(b.committed_at - b.beat_at, b.beat_at - b.committed_at)),
        false
      ) as is_proved
    from beat as b
    where b.committed_at is not null
  ),
  row_end as materialized (
    select e.*
    from drill._list_row_ends() as e
    where p_read_data
  ),
  newest_commit as (
    select c.relation_name, c.committed_at
    from (
      select 'drill.heartbeats' as relation_name, pg_catalog.max(b.committed_at) as committed_at
      from beat as b
      union all
      select e.relation_name, e.committed_at
      from row_end as e
    ) as c
    where c.committed_at is not null
      and (select p.is_proved from proof as p)
    order by c.committed_at desc, c.relation_name collate "C"
    limit 1
  ),
  evidence as (
    select
      1 as place, 'heartbeat' as source, 'drill.heartbeats' as relation_name, r.heartbeat_at as reached_at,
      case
        when r.heartbeat_at is null then 'production recorded none'
        when r.is_exact then pg_catalog.format('regular: at most %s apart', r.heartbeat_interval)
        else 'too few or too rare to tell the recovery point exactly'
      end as remark
    from drill.recovery_point(false) as r
    union all
    select 2, 'data', e.relation_name, e.newest_at, e.remark
    from row_end as e
    union all
    select
      3, 'commit', n.relation_name, n.committed_at,
      case
        when not t.is_tracked then 'this server does not know: track_commit_timestamp is off'
        when n.committed_at is null then 'no heartbeats show that production itself committed these rows, and not a restore'
      end
    from tracking as t
    left join newest_commit as n on true
    union all
    -- Of the whole server, so it counts only for a database that came with the recovery: one with production's
    -- heartbeats of this system on another timeline, and not all written by one statement of a restore.
    select
      4, 'replay', null, case when o.is_of_recovery then pg_catalog.pg_last_xact_replay_timestamp() end,
      case
        when pg_catalog.pg_last_xact_replay_timestamp() is null then 'no recovery since this server started'
        when not o.is_of_recovery then 'no heartbeats show that this database came with the recovery'
      end
    from (
      select
        drill._own_rows_since() is not null
          and pg_catalog.count(distinct b.writer::text) filter (
            where b.system_identifier = i.system_identifier
              and b.timeline_id <> i.timeline_id
          ) >= 2 as is_of_recovery
      from drill.get_identity() as i
      left join beat as b on true
      group by i.system_identifier, i.timeline_id
    ) as o
    union all
    select 5, 'operator', null, a.asked_at, a.problem
    from drill._asked_restore_point() as a
  )
  select e.source, e.relation_name, e.reached_at, e.remark
  from evidence as e
  order by e.place, e.relation_name collate "C"
$$;

comment on function drill.list_recovery_evidence(boolean) is
  'Up to when the database reaches by each source: heartbeats, the newest row of each append-only relation (p_read_data => false: none), commits, the recovery of this server, and what the operator says (drill.restore_point); reached_at is null where a source does not tell, and the remark says why';

revoke all on function drill.list_recovery_evidence(boolean) from public;
-- end copy of sql/recovery/list_recovery_evidence.sql

-- begin copy of sql/recovery/verify_recovery_point.sql
create or replace function drill.verify_recovery_point(
  p_failure_point timestamptz default null,
  p_read_data boolean default true
)
returns setof drill.check_result
language sql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
  with evidence as materialized (
    select e.*
    from drill.list_recovery_evidence(p_read_data) as e
  ),
  newest_row as (
    select e.relation_name, e.reached_at
    from evidence as e
    where e.source = 'data'
      and e.reached_at is not null
    order by e.reached_at desc, e.relation_name collate "C"
    limit 1
  ),
  point as materialized (
    select
      r.*,
      f.failure_point,
      f.is_failure_given,
      f.failure_point - r.recovery_point as loss,
      drill.get_policy('rpo') as objective,
      drill.get_policy('clock_skew') as skew,
      drill.get_policy('heartbeat_interval') + drill.get_policy('clock_skew') as pause,
      n.reached_at as row_at,
      n.relation_name as row_relation,
      c.reached_at as commit_at,
      y.reached_at as replay_at,
      o.reached_at as asked_at,
      o.remark as asked_problem
    from drill.recovery_point(p_read_data) as r
    cross join (
      select
        coalesce(g.failure_point, drill.get_now()) as failure_point,
        g.failure_point is not null as is_failure_given
      from (
        select coalesce(
          p_failure_point,
          -- For psql: the checks that call this one take no argument.
          nullif(pg_catalog.current_setting('drill.failure_point', true), '')::timestamptz
        ) as failure_point
      ) as g
    ) as f
    left join newest_row as n on true
    left join evidence as c on c.source = 'commit'
    left join evidence as y on y.source = 'replay'
    left join evidence as o on o.source = 'operator'
  ),
  compared as (
    select
      p.*,
      -- Clients' clocks date rows, the server's clock all else: it decides where it is known.
      p.row_at > p.asked_at + p.skew and not coalesce(p.commit_at <= p.asked_at + p.skew, false) as is_row_beyond,
      -- Nobody can restore what came after the failure.
      case when p.is_failure_given and p.failure_point < p.asked_at then p.failure_point else p.asked_at end - p.pause as least_reach,
      'newest heartbeat of ' || p.heartbeat_at::text as heartbeat,
      pg_catalog.concat_ws(
        ', ',
        case
          when p.row_at is not null
            then pg_catalog.format(
              'newest row of %s in %s (%s before the failure point%s)', p.row_at, p.row_relation,
              greatest(p.failure_point - p.row_at, interval '0'),
              case when p.row_at > p.commit_at + p.skew then '; dated after the newest commit' else '' end
            )
        end,
        'newest commit of ' || p.commit_at::text,
        'last transaction recovered of ' || p.replay_at::text
      ) as others,
      pg_catalog.jsonb_build_object(
        'heartbeat_at', p.heartbeat_at, 'newest_row_at', p.row_at, 'newest_row_relation', p.row_relation,
        'newest_commit_at', p.commit_at, 'replayed_at', p.replay_at
      ) as moments
    from point as p
  ),
  judged as (
    select
      c.*,
      coalesce(c.is_exact and c.heartbeat_at < c.least_reach, false) as is_short,
      -- What the server's own clock proves to be there shows that only the heartbeats stopped.
      coalesce(greatest(c.commit_at, c.replay_at) >= c.least_reach, false) as is_reached
    from compared as c
  )
  select
    'recovery_point',
    null,
    case
      when v.recovery_point is null then 'error'
      when v.recovery_point > v.failure_point + v.skew then 'fail'
      when v.loss <= v.objective then 'pass'
      -- A rare heartbeat is only a lower bound; the rows were not looked at.
      when not v.is_exact and not p_read_data then 'error'
      else 'fail'
    end,
    case
      when v.recovery_point is null
        then 'the recovery point is unknown: there is no heartbeat and no dated row of an append-only relation'
      when v.recovery_point > v.failure_point + v.skew
        then pg_catalog.format('the data reaches to %s (%s), which is after the failure point %s', v.recovery_point, v.source, v.failure_point)
      when v.loss <= v.objective
        then pg_catalog.format('the data reaches to %s (%s): %s before the failure point, within the RPO of %s', v.recovery_point, v.source, greatest(v.loss, interval '0'), v.objective)
      when not v.is_exact and not p_read_data
        then pg_catalog.format('the newest heartbeat is of %s, but heartbeats are rare here, so the loss is not known without looking at the data', v.recovery_point)
      else pg_catalog.format('the data reaches only to %s (%s): %s before the failure point, beyond the RPO of %s', v.recovery_point, v.source, v.loss, v.objective)
    end
      || coalesce(
        '; ' || nullif(
          pg_catalog.concat_ws(', ', case when v.source = 'data' then v.heartbeat end, nullif(v.others, ''), 'asked for ' || v.asked_at::text), ''
        ),
        ''
      ),
    case
      when v.recovery_point is null
        then 'Call drill.record_heartbeat() in production once a minute, for instance with pg_cron.'
      when v.recovery_point > v.failure_point + v.skew
        then 'Check that this is the right database and that the recovery stopped where it should; a past failure needs its moment (--failure-point, or the setting drill.failure_point).'
      when v.loss <= v.objective then null
      when not v.is_exact and not p_read_data
        then 'Verify at depth standard, and record a heartbeat once a minute in production.'
      else 'Restore to a later point, or give the moment of the failure (--failure-point, or the setting drill.failure_point) if it was not now.'
    end,
    pg_catalog.jsonb_build_object('rpo', v.objective, 'failure_point', v.failure_point),
    pg_catalog.jsonb_build_object('recovery_point', v.recovery_point, 'source', v.source, 'is_exact', v.is_exact, 'loss', v.loss)
      || v.moments || pg_catalog.jsonb_build_object('restore_point', v.asked_at)
  from judged as v
  union all
  select
    'recovery_point', null, 'error', pg_catalog.format('the restore point that was asked for cannot be compared: %s', v.asked_problem),
    'Write the moment to which the database was restored as in: set drill.restore_point = ''2026-11-23T04:30:00Z''.',
    pg_catalog.to_jsonb('a moment that has passed'::text), null
  from judged as v
  where v.asked_problem is not null
  union all
  select
    'recovery_point', null, 'fail',
    pg_catalog.format(
      'the database reaches beyond %s, to which it was to be restored: %s (skew of %s allowed)',
      v.asked_at,
      pg_catalog.concat_ws(
        ', ',
        case when v.heartbeat_at > v.asked_at + v.skew then pg_catalog.format('newest heartbeat %s later', v.heartbeat_at - v.asked_at) end,
        case when v.is_row_beyond then pg_catalog.format('newest row of %s %s later', v.row_relation, v.row_at - v.asked_at) end,
        case when v.commit_at > v.asked_at + v.skew then pg_catalog.format('newest commit %s later', v.commit_at - v.asked_at) end,
        case when v.replay_at > v.asked_at + v.skew then pg_catalog.format('last transaction recovered %s later', v.replay_at - v.asked_at) end
      ),
      v.skew
    ),
    'The recovery did not stop there: check its target and its time zone, that nobody wrote into the copy, and the moment given (--restore-point, or the setting drill.restore_point).',
    pg_catalog.jsonb_build_object('restore_point', v.asked_at, 'clock_skew', v.skew), v.moments
  from judged as v
  where v.heartbeat_at > v.asked_at + v.skew
    or v.is_row_beyond
    or v.commit_at > v.asked_at + v.skew
    or v.replay_at > v.asked_at + v.skew
  union all
  select
    'recovery_point', null, 'fail',
    pg_catalog.format(
      'the heartbeats end at %s, %s before %s, to which the database was to be restored (at most %s are plausible): less was recovered than asked for; %s',
      v.heartbeat_at, v.asked_at - v.heartbeat_at, v.asked_at, v.pause, pg_catalog.concat_ws(', ', v.heartbeat, nullif(v.others, ''))
    ),
    'Check where the recovery stopped and whether its WAL was complete, and the moment given (--restore-point, or the setting drill.restore_point); if heartbeats had stopped in production, mend their job there.',
    pg_catalog.jsonb_build_object('restore_point', v.asked_at, 'heartbeat_interval_and_clock_skew', v.pause), v.moments
  from judged as v
  where v.is_short
    and not v.is_reached
  union all
  select
    'recovery_point', null, 'warn',
    pg_catalog.format(
      'nothing shows that the database reaches to %s, to which it was to be restored: %s', v.asked_at,
      pg_catalog.concat_ws(', ', v.heartbeat, nullif(v.others, ''))
    ),
    'Without regular heartbeats a quiet hour looks like this, too. Call drill.record_heartbeat() in production once a minute.',
    pg_catalog.jsonb_build_object('restore_point', v.asked_at), v.moments
  from judged as v
  where not v.is_exact
    and p_read_data
    and greatest(v.heartbeat_at, v.newest_data_at, v.row_at, v.commit_at, v.replay_at) < v.least_reach
  union all
  select
    'recovery_point', 'drill.heartbeats', 'warn',
    pg_catalog.format(
      'the heartbeats end at %s, but the database goes on: %s', v.heartbeat_at,
      pg_catalog.concat_ws(
        ', ',
        case when v.commit_at > v.heartbeat_at then pg_catalog.format('newest commit %s later', v.commit_at - v.heartbeat_at) end,
        case when v.row_at > v.heartbeat_at then pg_catalog.format('newest row of %s %s later', v.row_relation, v.row_at - v.heartbeat_at) end,
        case when v.replay_at > v.heartbeat_at then pg_catalog.format('last transaction recovered %s later', v.replay_at - v.heartbeat_at) end
      )
    ),
    'If heartbeats had stopped in production, mend their job there: until then the recovery point is told too early. Else clients date rows by clocks that run ahead, or somebody wrote into the copy.',
    pg_catalog.jsonb_build_object('heartbeat_interval_and_clock_skew', v.pause), v.moments
  from judged as v
  where v.is_exact
    and (
      v.commit_at > v.heartbeat_at + v.pause
      or v.row_at > v.heartbeat_at + v.pause
      or v.is_short and v.is_reached
    )
  union all
  select
    'recovery_point', null, 'fail',
    'the server is still in recovery: it is a standby, or the restore has not come to its end',
    'Wait for the recovery to end, or promote it: select pg_promote().',
    pg_catalog.to_jsonb('recovered'::text), pg_catalog.to_jsonb('in recovery'::text)
  where pg_catalog.pg_is_in_recovery()
  union all
  -- A time that the copy carries with it would make it judge itself.
  select
    'recovery_point', null, 'fail',
    pg_catalog.format('the database or a role of it sets %s', s.setting),
    'Take the setting away (alter database ... reset ...): only whoever verifies may say what now, the failure point, the restore point and a copy are.',
    null, pg_catalog.to_jsonb(s.setting)
  from pg_catalog.pg_db_role_setting as d
  cross join lateral pg_catalog.unnest(d.setconfig) as s (setting)
  where s.setting like 'drill.%'
    and d.setdatabase in (0, (select b.oid from pg_catalog.pg_database as b where b.datname = pg_catalog.current_database()))
$$;

comment on function drill.verify_recovery_point(timestamptz, boolean) is
  'Whether the data lost between the recovery point and the failure point (null: the setting drill.failure_point, else now) stays within the RPO of the policy, and whether heartbeats, rows, commits and the restore point that was asked for (setting drill.restore_point) agree';

revoke all on function drill.verify_recovery_point(timestamptz, boolean) from public;
-- end copy of sql/recovery/verify_recovery_point.sql

-- begin copy of sql/baselines/baselines.sql
create table drill.baselines (
  baseline_id uuid primary key default gen_random_uuid(),
  captured_at timestamptz not null,
  captured_lsn pg_lsn not null,
  label text,
  depth text not null default 'standard',
  is_exact boolean not null default false,
  schema_version text not null,
  installation_id uuid not null,
  system_identifier bigint not null,
  timeline_id integer not null,
  started_at timestamptz not null,
  database_name text not null,
  server_version text not null,
  policies jsonb not null,
  guards jsonb not null,
  partitioned_relations jsonb not null,
  isolation_policy jsonb not null default '{}',
  waivers jsonb not null default '[]'
);

comment on table drill.baselines is
  'Stored sets of facts of production, each at one moment; they travel in every backup';
comment on column drill.baselines.baseline_id is 'Random identity of the baseline';
comment on column drill.baselines.captured_at is 'The moment that the facts describe';
comment on column drill.baselines.captured_lsn is 'WAL insert position at that moment';
comment on column drill.baselines.label is 'Free text of whoever captured it';
comment on column drill.baselines.depth is 'standard: counts and timestamps; full: fingerprints and tenants too';
comment on column drill.baselines.is_exact is 'True when it was taken in the snapshot that a dump was made from: a copy restored from that dump is equal to it';
comment on column drill.baselines.schema_version is 'Version of schema drill that captured it';
comment on column drill.baselines.installation_id is 'Installation of pgdrill, the same in production and its copies';
comment on column drill.baselines.system_identifier is 'Server that was production';
comment on column drill.baselines.timeline_id is 'Timeline of that server';
comment on column drill.baselines.started_at is 'Start time of that server, to recognise production as such';
comment on column drill.baselines.database_name is 'Name of production''s database';
comment on column drill.baselines.server_version is 'PostgreSQL version of production';
comment on column drill.baselines.policies is 'Policy durations of production: name to seconds';
comment on column drill.baselines.guards is 'Registered guards of production with their definitions, as drill.export_registrations() gives them';
comment on column drill.baselines.partitioned_relations is 'Registered partitioned tables of production, as drill.export_registrations() gives them';
comment on column drill.baselines.isolation_policy is 'What isolation demanded in production: kind to status';
comment on column drill.baselines.waivers is 'Waivers of production, as drill.export_registrations() gives them';

create index baselines_captured_at_idx on drill.baselines (captured_at desc);

revoke all on table drill.baselines from public;
-- end copy of sql/baselines/baselines.sql

-- begin copy of sql/baselines/baseline_relations.sql
create table drill.baseline_relations (
  baseline_id uuid not null references drill.baselines (baseline_id) on delete cascade,
  relation_name text not null,
  timestamp_column text,
  is_append_only boolean not null,
  tolerance numeric not null,
  tenant_column text,
  is_tenant_shown boolean not null,
  is_secret boolean not null,
  depth text not null,
  recipe text,
  constraint baseline_relations_pkey primary key (baseline_id, relation_name)
);

comment on table drill.baseline_relations is 'The critical relations of a baseline, as they were registered then';
comment on column drill.baseline_relations.baseline_id is 'The baseline';
comment on column drill.baseline_relations.relation_name is 'Schema and table, quoted where needed';
comment on column drill.baseline_relations.timestamp_column is 'Column that dates a row, or null';
comment on column drill.baseline_relations.is_append_only is 'True when rows are never deleted';
comment on column drill.baseline_relations.tolerance is 'Tolerated share of difference of a settled bucket that is not append-only';
comment on column drill.baseline_relations.tenant_column is 'Column that says whose row it is, or null';
comment on column drill.baseline_relations.is_tenant_shown is 'True when tenants are stored by their raw id';
comment on column drill.baseline_relations.is_secret is 'True when rows were only counted';
comment on column drill.baseline_relations.depth is 'How deep it may be looked at: standard or full';
comment on column drill.baseline_relations.recipe is 'How its fingerprints were made; null when it has none';

revoke all on table drill.baseline_relations from public;
-- end copy of sql/baselines/baseline_relations.sql

-- begin copy of sql/baselines/baseline_buckets.sql
create table drill.baseline_buckets (
  baseline_id uuid not null,
  relation_name text not null,
  partition_name text not null,
  bucket_name text not null,
  grain text not null,
  starts_at timestamptz,
  ends_at timestamptz,
  partition_starts_at timestamptz,
  partition_ends_at timestamptz,
  is_default boolean not null,
  row_count bigint not null,
  oldest_at timestamptz,
  newest_at timestamptz,
  fingerprint bigint,
  is_carried boolean not null default false,
  is_closed boolean not null default false,
  change_mark text,
  constraint baseline_buckets_pkey primary key (baseline_id, relation_name, bucket_name),
  constraint baseline_buckets_relation_fkey foreign key (baseline_id, relation_name)
    references drill.baseline_relations (baseline_id, relation_name) on delete cascade,
  constraint baseline_buckets_grain_check check (grain in ('partition', 'table', 'day', 'month', 'undated')),
  constraint baseline_buckets_row_count_check check (row_count >= 0)
);

comment on table drill.baseline_buckets is 'The facts of a baseline: one row per closed partition, and per day or month of what is newer or not partitioned';
comment on column drill.baseline_buckets.baseline_id is 'The baseline';
comment on column drill.baseline_buckets.relation_name is 'The critical relation';
comment on column drill.baseline_buckets.partition_name is 'The partition, or the relation itself';
comment on column drill.baseline_buckets.bucket_name is 'The partition alone, or with the day or month behind it';
comment on column drill.baseline_buckets.grain is 'How much it spans: partition, table (without a timestamp column), day, month, or undated (no finite timestamp)';
comment on column drill.baseline_buckets.starts_at is 'Where the bucket begins; null when it has no bounds';
comment on column drill.baseline_buckets.ends_at is 'Where the bucket ends; null when it has no bounds';
comment on column drill.baseline_buckets.partition_starts_at is 'Lower bound of the partition; null for a table or a default partition';
comment on column drill.baseline_buckets.partition_ends_at is 'Upper bound of the partition; null for a table or a default partition';
comment on column drill.baseline_buckets.is_default is 'True for the default partition';
comment on column drill.baseline_buckets.row_count is 'Exact number of rows';
comment on column drill.baseline_buckets.oldest_at is 'Oldest timestamp, null when there is none';
comment on column drill.baseline_buckets.newest_at is 'Newest timestamp, null when there is none';
comment on column drill.baseline_buckets.fingerprint is 'Fingerprint of the content, null when none was made';
comment on column drill.baseline_buckets.is_carried is 'True when it was taken over from the baseline before, because the partition had not changed since';
comment on column drill.baseline_buckets.is_closed is 'True when its partition was closed: what tenants have in it is in closed_row_count of drill.baseline_tenants';
comment on column drill.baseline_buckets.change_mark is 'What must be the same of its partition for the next capture to take it over: file, counters of changes, start of the server';

revoke all on table drill.baseline_buckets from public;
-- end copy of sql/baselines/baseline_buckets.sql

-- begin copy of sql/baselines/baseline_tenants.sql
create table drill.baseline_tenants (
  baseline_id uuid not null,
  relation_name text not null,
  tenant_key text not null,
  row_count bigint not null,
  newest_at timestamptz,
  closed_row_count bigint not null default 0,
  closed_newest_at timestamptz,
  constraint baseline_tenants_pkey primary key (baseline_id, relation_name, tenant_key),
  constraint baseline_tenants_relation_fkey foreign key (baseline_id, relation_name)
    references drill.baseline_relations (baseline_id, relation_name) on delete cascade
);

comment on table drill.baseline_tenants is 'Rows of each tenant in a baseline of depth full';
comment on column drill.baseline_tenants.baseline_id is 'The baseline';
comment on column drill.baseline_tenants.relation_name is 'The critical relation';
comment on column drill.baseline_tenants.tenant_key is 'Hash of the tenant, or its raw id where that is allowed';
comment on column drill.baseline_tenants.row_count is 'Exact number of rows';
comment on column drill.baseline_tenants.newest_at is 'Newest timestamp, null when there is none';
comment on column drill.baseline_tenants.closed_row_count is 'Those of its rows that lie in closed partitions: the next capture may take them over';
comment on column drill.baseline_tenants.closed_newest_at is 'Newest timestamp among these';

revoke all on table drill.baseline_tenants from public;
-- end copy of sql/baselines/baseline_tenants.sql

-- begin copy of sql/baselines/_change_mark.sql
-- Equal marks mean that nobody wrote in between, as far as the server's statistics
-- know. They come late: a session reports what it did when it is idle, within
-- seconds, but not while its next transaction lasts; what our own session did and has not
-- reported gives no mark. Not only the start of the server is in it: after the crash of
-- one session all counters begin at zero again, but that start stays.
create or replace function drill._change_mark(p_relation oid)
returns text
language sql
stable
set search_path = ''
as $$
  select pg_catalog.concat_ws(
    ' ',
    c.oid, c.relfilenode,
    pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time()),
    pg_catalog.date_part('epoch', pg_catalog.pg_stat_get_bgwriter_stat_reset_time()),
    coalesce(
      pg_catalog.date_part('epoch', (
        select s.stats_reset
        from pg_catalog.pg_stat_database as s
        where s.datname = pg_catalog.current_database()
      )),
      0
    ),
    pg_catalog.pg_stat_get_tuples_inserted(c.oid), pg_catalog.pg_stat_get_tuples_updated(c.oid),
    pg_catalog.pg_stat_get_tuples_deleted(c.oid)
  )
  from pg_catalog.pg_class as c
  where c.oid = p_relation
    and c.relkind = 'r'
    -- Without counting nothing is known.
    and pg_catalog.current_setting('track_counts') = 'on'
    and pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) + pg_catalog.pg_stat_get_xact_tuples_updated(c.oid)
      + pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) = 0
$$;

comment on function drill._change_mark(oid) is
  'Internal: a text that changes when somebody writes into the table; null when that cannot be known';

revoke all on function drill._change_mark(oid) from public;
-- end copy of sql/baselines/_change_mark.sql

-- begin copy of sql/baselines/_newest_baseline.sql
-- A baseline that a copy captured of itself would approve of any damage in it.
create or replace function drill._newest_baseline()
returns uuid
language sql
stable
set search_path = ''
as $$
  with candidate as (
    select
      b.baseline_id,
      b.captured_at,
      (b.system_identifier, b.timeline_id, b.database_name)
        = (i.system_identifier, i.timeline_id, i.database_name) as is_of_this_server,
      (b.started_at, b.database_name) = (i.started_at, i.database_name) as is_of_this_start
    from drill.baselines as b
    cross join drill.get_identity() as i
  )
  select c.baseline_id
  from candidate as c
  where not drill._is_copy()
    or not c.is_of_this_start
    and (
      not c.is_of_this_server
      or not exists (select from candidate as o where not o.is_of_this_server)
    )
  order by c.captured_at desc, c.baseline_id
  limit 1
$$;

comment on function drill._newest_baseline() is
  'Internal: the newest stored baseline; in a copy (setting drill.is_copy) those that it captured of itself left out';

revoke all on function drill._newest_baseline() from public;
-- end copy of sql/baselines/_newest_baseline.sql

-- begin copy of sql/baselines/_list_change_marks.sql
-- What a later capture compares to know that nobody wrote into a partition since.
create or replace function drill._list_change_marks()
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_types text;
  v_marks jsonb;
begin
  -- Counters that this transaction has read before would not change any more.
  perform pg_catalog.pg_stat_clear_snapshot();

  -- The text of a value changes with its type, in a table that nobody wrote into.
  select pg_catalog.md5(coalesce(pg_catalog.string_agg(d.part, ' ' order by d.part collate "C"), ''))
  into v_types
  from (
    select pg_catalog.format('%s %L', e.enumtypid, e.enumlabel) as part
    from pg_catalog.pg_enum as e
    union all
    select pg_catalog.format('%s %s %s', a.attrelid, a.attnum, a.atttypid)
    from pg_catalog.pg_attribute as a
    inner join pg_catalog.pg_class as c on c.oid = a.attrelid and c.relkind = 'c'
  ) as d;

  select coalesce(
    pg_catalog.jsonb_object_agg(p.partition_name, v_types || ' ' || drill._change_mark(drill._relation_oid(p.partition_name))),
    '{}'
  )
  into v_marks
  from drill.critical_relations as c
  cross join lateral drill.list_partitions(c.relation_name) as p;

  return v_marks;
end
$$;

comment on function drill._list_change_marks() is
  'Internal: for each partition of a critical relation a text that changes when somebody writes into it, null when that cannot be known; to be read before what is measured can be seen';

revoke all on function drill._list_change_marks() from public;
-- end copy of sql/baselines/_list_change_marks.sql

-- begin copy of sql/baselines/_carry_buckets.sql
-- Closed partitions that nobody wrote into since an earlier capture are taken over from
-- it. Their slices are made what a measurement of now would give: days that have become
-- older than two months are put together to months, and those of a partition that has to
-- another to one bucket. What would have to be cut finer is not taken over.
create or replace function drill._carry_buckets(p_baseline_id uuid, p_previous_id uuid, p_marks jsonb)
returns void
language sql
volatile
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
  with captured as (
    select
      b.captured_at,
      pg_catalog.date_trunc('month', b.captured_at) - interval '2 months' as days_start_at,
      pg_catalog.date_trunc('month', b.captured_at) + interval '2 months' as days_end_at
    from drill.baselines as b
    where b.baseline_id = p_baseline_id
  ),
  -- Materialized, or the partitions would be listed anew for each bucket.
  partition as materialized (
    select r.relation_name, p.*, r.timestamp_column is null or p.ends_at <= c.days_start_at as is_whole
    from drill.baseline_relations as r
    cross join captured as c
    cross join lateral drill.list_partitions(r.relation_name) as p
    where r.baseline_id = p_baseline_id
      and drill._is_closed(p.ends_at, c.captured_at)
  ),
  slice as (
    select
      k.*,
      p.is_whole,
      r.recipe is not null as has_fingerprint,
      -- What it becomes; null when it would have to be cut finer.
      case
        when p.is_whole or k.grain = 'partition' and k.row_count = 0 then 'partition'
        when k.grain = 'undated' then 'undated'
        when k.grain = 'day' and k.starts_at >= c.days_start_at and k.starts_at < c.days_end_at then 'day'
        when k.grain = 'day' then 'month'
        when k.grain = 'month' and (k.starts_at < c.days_start_at or k.starts_at >= c.days_end_at) then 'month'
      end as new_grain,
      -- Of one baseline all are made alike, but an earlier version may have left some out.
      r.recipe is null or r.recipe = o.recipe and k.fingerprint is not null as is_made_alike
    from drill.baseline_buckets as k
    cross join captured as c
    inner join partition as p
      on p.relation_name = k.relation_name
      and p.partition_name = k.partition_name
    inner join drill.baseline_relations as r
      on r.baseline_id = p_baseline_id
      and r.relation_name = k.relation_name
    inner join drill.baseline_relations as o
      on o.baseline_id = p_previous_id
      and o.relation_name = k.relation_name
    where k.baseline_id = p_previous_id
      and k.change_mark = p_marks ->> k.partition_name
      and (k.partition_starts_at, k.partition_ends_at, k.is_default) is not distinct from (p.starts_at, p.ends_at, p.is_default)
      and o.timestamp_column is not distinct from r.timestamp_column
  ),
  named as (
    select
      s.*,
      case s.new_grain
        when 'partition' then s.partition_name
        when 'month' then pg_catalog.format('%s %s', s.partition_name, pg_catalog.to_char(s.starts_at, 'YYYY-MM'))
        else s.bucket_name
      end as new_name,
      pg_catalog.bool_and(s.new_grain is not null and s.is_made_alike) over (partition by s.relation_name, s.partition_name) as can_be_taken
    from slice as s
  )
  insert into drill.baseline_buckets (
    baseline_id, relation_name, partition_name, bucket_name, grain, starts_at, ends_at, partition_starts_at,
    partition_ends_at, is_default, row_count, oldest_at, newest_at, fingerprint, is_carried, is_closed, change_mark
  )
  select
    p_baseline_id,
    n.relation_name,
    n.partition_name,
    n.new_name,
    n.new_grain,
    case n.new_grain
      when 'partition' then pg_catalog.min(n.partition_starts_at)
      when 'month' then pg_catalog.date_trunc('month', pg_catalog.min(n.starts_at))
      else pg_catalog.min(n.starts_at)
    end,
    case n.new_grain
      when 'partition' then pg_catalog.min(n.partition_ends_at)
      when 'month' then pg_catalog.date_trunc('month', pg_catalog.min(n.starts_at)) + interval '1 month'
      else pg_catalog.min(n.ends_at)
    end,
    pg_catalog.min(n.partition_starts_at),
    pg_catalog.min(n.partition_ends_at),
    pg_catalog.bool_or(n.is_default),
    pg_catalog.sum(n.row_count),
    pg_catalog.min(n.oldest_at),
    pg_catalog.max(n.newest_at),
    case when pg_catalog.bool_and(n.has_fingerprint) then drill._fold_fingerprint(pg_catalog.sum(n.fingerprint)) end,
    true,
    true,
    pg_catalog.min(n.change_mark)
  from named as n
  where n.can_be_taken
  group by n.relation_name, n.partition_name, n.new_name, n.new_grain
$$;

comment on function drill._carry_buckets(uuid, uuid, jsonb) is
  'Internal: takes over from an earlier baseline the buckets of closed partitions whose change marks are still the same, cut as a measurement at the new moment would cut them';

revoke all on function drill._carry_buckets(uuid, uuid, jsonb) from public;
-- end copy of sql/baselines/_carry_buckets.sql

-- begin copy of sql/baselines/_carry_tenants.sql
-- Counts per tenant and partition would be many, so there is one sum for all closed
-- partitions of a relation: it is taken over only when each of them is.
create or replace function drill._carry_tenants(p_baseline_id uuid, p_previous_id uuid)
returns text[]
language sql
volatile
set search_path = ''
as $$
  with closed as (
    select
      k.relation_name,
      pg_catalog.array_agg(distinct pg_catalog.format('%s %s', k.relation_name, k.partition_name)) as names
    from drill.baseline_buckets as k
    inner join drill.baseline_relations as o
      on o.baseline_id = k.baseline_id
      and o.relation_name = k.relation_name
    inner join drill.baseline_relations as r
      on r.baseline_id = p_baseline_id
      and r.relation_name = k.relation_name
      and (r.tenant_column, r.is_tenant_shown, r.is_secret, r.depth) = (o.tenant_column, o.is_tenant_shown, false, 'full')
      and (o.is_secret, o.depth) = (r.is_secret, r.depth)
    where k.baseline_id = p_previous_id
      and k.is_closed
    group by k.relation_name
    having pg_catalog.bool_and(exists (
      select
      from drill.baseline_buckets as n
      where n.baseline_id = p_baseline_id
        and n.relation_name = k.relation_name
        and n.partition_name = k.partition_name
        and n.is_carried
    ))
  ),
  tenant as (
    insert into drill.baseline_tenants (
      baseline_id, relation_name, tenant_key, row_count, newest_at, closed_row_count, closed_newest_at
    )
    select
      p_baseline_id, t.relation_name, t.tenant_key, t.closed_row_count, t.closed_newest_at, t.closed_row_count, t.closed_newest_at
    from drill.baseline_tenants as t
    inner join closed as c on c.relation_name = t.relation_name
    where t.baseline_id = p_previous_id
      and t.closed_row_count > 0
  )
  select coalesce(pg_catalog.array_agg(n.name), '{}')
  from closed as c
  cross join lateral pg_catalog.unnest(c.names) as n (name)
$$;

comment on function drill._carry_tenants(uuid, uuid) is
  'Internal: takes over from an earlier baseline the rows that tenants have in closed partitions, and gives these partitions, each behind its relation''s name and a blank; to be called when their buckets are taken over';

revoke all on function drill._carry_tenants(uuid, uuid) from public;
-- end copy of sql/baselines/_carry_tenants.sql

-- begin copy of sql/baselines/_begin_baseline.sql
-- The first half of a capture: everything but what has to be measured. Closed
-- partitions that nobody wrote into since an earlier capture are taken over from it.
create or replace function drill._begin_baseline(p_label text, p_depth text, p_is_complete boolean)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_baseline_id uuid;
  v_previous_id uuid;
  v_marks jsonb;
  v_tenant_names text[] := '{}';
begin
  if not exists (select from drill.critical_relations) then
    raise exception using
      errcode = 'RD005',
      message = 'cannot capture a baseline: no critical relation is registered',
      hint = 'Register what must be recoverable: select drill.register_critical_relation(''public.orders'', ''created_at'', true).';
  end if;
  if p_depth is null or p_depth not in ('standard', 'full') or p_is_complete is null then
    raise exception using
      errcode = 'RD006',
      message = format('%s is not a depth of a baseline', coalesce(pg_catalog.quote_literal(p_depth), 'null')),
      hint = 'The depths are standard (counts and timestamps) and full (fingerprints and tenants too).';
  end if;
  -- Needed at the end: a long measurement must not be for nothing.
  perform drill.get_policy('baseline_retention');

  insert into drill.baselines (
    captured_at, captured_lsn, label, depth, schema_version, installation_id, system_identifier, timeline_id,
    started_at, database_name, server_version, policies, guards, partitioned_relations, isolation_policy, waivers
  )
  select
    drill.get_now(),
    pg_catalog.pg_current_wal_insert_lsn(),
    p_label,
    p_depth,
    drill.schema_version(),
    i.installation_id,
    i.system_identifier,
    i.timeline_id,
    i.started_at,
    i.database_name,
    i.server_version,
    r.registrations -> 'policies',
    r.registrations -> 'guards',
    r.registrations -> 'partitioned_relations',
    r.registrations -> 'isolation_policy',
    r.registrations -> 'waivers'
  from drill.get_identity() as i
  cross join (select drill.export_registrations() as registrations) as r
  where i.installation_id is not null
  returning baseline_id into v_baseline_id;

  if v_baseline_id is null then
    raise exception using
      errcode = 'RD005',
      message = 'cannot capture a baseline: drill.installation has no row',
      hint = 'Install pgdrill again: its identity of this database is gone.';
  end if;

  insert into drill.baseline_relations (
    baseline_id, relation_name, timestamp_column, is_append_only, tolerance, tenant_column, is_tenant_shown, is_secret, depth,
    recipe
  )
  select
    v_baseline_id, c.relation_name, c.timestamp_column, c.is_append_only, c.tolerance, c.tenant_column, c.is_tenant_shown,
    c.is_secret, c.depth, case when p_depth = 'full' then f.recipe end
  from drill.critical_relations as c
  inner join drill.list_fingerprint_recipes() as f on f.relation_name = c.relation_name;

  -- Marks of this moment, which no snapshot is newer than: nobody wrote until now.
  v_marks := drill._list_change_marks();

  -- A standard one in between does not matter: equal marks bridge any time.
  select b.baseline_id
  into v_previous_id
  from drill.baselines as b
  inner join drill.baselines as n on n.baseline_id = v_baseline_id
  where b.baseline_id <> v_baseline_id
    and (b.system_identifier, b.timeline_id, b.started_at, b.database_name)
      = (n.system_identifier, n.timeline_id, n.started_at, n.database_name)
    and (p_depth = 'standard' or b.depth = 'full')
    and not p_is_complete
  order by b.captured_at desc, b.baseline_id
  limit 1;

  if v_previous_id is not null then
    perform drill._carry_buckets(v_baseline_id, v_previous_id, v_marks);
    if p_depth = 'full' then
      v_tenant_names := drill._carry_tenants(v_baseline_id, v_previous_id);
    end if;
  end if;

  return (
    select pg_catalog.jsonb_build_object(
      'baseline_id', b.baseline_id,
      'captured_at', b.captured_at,
      'carried_names', (
        select coalesce(pg_catalog.jsonb_agg(distinct k.relation_name || ' ' || k.partition_name), '[]')
        from drill.baseline_buckets as k
        where k.baseline_id = b.baseline_id
      ),
      'carried_tenant_names', pg_catalog.to_jsonb(v_tenant_names)
    )
    from drill.baselines as b
    where b.baseline_id = v_baseline_id
  );
end
$$;

comment on function drill._begin_baseline(text, text, boolean) is
  'Internal: begins a baseline with what need not be measured, and tells its id, its moment, and the relations and partitions that were taken over from an earlier one, as buckets and as tenants';

revoke all on function drill._begin_baseline(text, text, boolean) from public;
-- end copy of sql/baselines/_begin_baseline.sql

-- begin copy of sql/baselines/_complete_baseline.sql
-- The second half of a capture: stores what was measured. A baseline with a hole would
-- later pass for "production had nothing there", so anything that could not be
-- measured ends the capture.
create or replace function drill._complete_baseline(p_baseline_id uuid, p_facts jsonb, p_marks jsonb)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_retention interval := drill.get_policy('baseline_retention');
  v_captured_at timestamptz := (select b.captured_at from drill.baselines as b where b.baseline_id = p_baseline_id);
  v_problem text;
begin
  select f.problem
  into v_problem
  from (
    select b.relation_name as name, pg_catalog.format('%s %s', b.bucket_name, b.problem) as problem
    from pg_catalog.jsonb_to_recordset(p_facts -> 'buckets') as b (relation_name text, bucket_name text, problem text)
    where b.problem is not null
    union all
    select t.relation_name, pg_catalog.format('the tenants of %s %s', t.relation_name, t.problem)
    from pg_catalog.jsonb_to_recordset(p_facts -> 'tenants') as t (relation_name text, problem text)
    where t.problem is not null
  ) as f
  order by f.name collate "C", f.problem collate "C"
  limit 1;

  if v_problem is not null then
    raise exception using
      errcode = 'RD005',
      message = format('cannot capture a baseline: %s', v_problem),
      hint = 'Correct that, or remove the relation from drill.critical_relations if it need not be recoverable.';
  end if;

  insert into drill.baseline_buckets (
    baseline_id, relation_name, partition_name, bucket_name, grain, starts_at, ends_at, partition_starts_at,
    partition_ends_at, is_default, row_count, oldest_at, newest_at, fingerprint, is_closed, change_mark
  )
  select
    p_baseline_id, b.relation_name, b.partition_name, b.bucket_name, b.grain, b.starts_at, b.ends_at, b.partition_starts_at,
    b.partition_ends_at, b.is_default, b.row_count, b.oldest_at, b.newest_at, b.fingerprint,
    drill._is_closed(b.partition_ends_at, v_captured_at), p_marks ->> b.partition_name
  from pg_catalog.jsonb_to_recordset(p_facts -> 'buckets') as b (
    relation_name text, partition_name text, bucket_name text, grain text, starts_at timestamptz, ends_at timestamptz,
    partition_starts_at timestamptz, partition_ends_at timestamptz, is_default boolean, row_count bigint,
    oldest_at timestamptz, newest_at timestamptz, fingerprint bigint
  );

  -- What they have in closed partitions may be there already, taken over from an earlier baseline.
  insert into drill.baseline_tenants as o (
    baseline_id, relation_name, tenant_key, row_count, newest_at, closed_row_count, closed_newest_at
  )
  select
    p_baseline_id,
    t.relation_name,
    t.tenant_key,
    pg_catalog.sum(t.row_count),
    pg_catalog.max(t.newest_at),
    coalesce(pg_catalog.sum(t.row_count) filter (where t.is_closed), 0),
    pg_catalog.max(t.newest_at) filter (where t.is_closed)
  from pg_catalog.jsonb_to_recordset(p_facts -> 'tenants') as t (
    relation_name text, tenant_key text, is_closed boolean, row_count bigint, newest_at timestamptz
  )
  group by t.relation_name, t.tenant_key
  on conflict on constraint baseline_tenants_pkey do update
  set
    row_count = o.row_count + excluded.row_count,
    newest_at = greatest(o.newest_at, excluded.newest_at),
    closed_row_count = o.closed_row_count + excluded.closed_row_count,
    closed_newest_at = greatest(o.closed_newest_at, excluded.closed_newest_at);

  insert into drill.baseline_objects (
    baseline_id, object_kind, object_name, definition, relation_name, is_of_partition, problem
  )
  select p_baseline_id, o.object_kind, o.object_name, o.definition, o.relation_name, o.is_of_partition, o.problem
  from drill.list_objects() as o;

  -- The newest of each server, timeline, database and depth stays, however old: it may be the only one to compare with.
  delete from drill.baselines as b
  where b.baseline_id in (
    select o.baseline_id
    from drill.baselines as o
    where o.captured_at < drill.get_now() - v_retention
      and exists (
        select
        from drill.baselines as n
        where (n.system_identifier, n.timeline_id, n.database_name, n.depth)
          = (o.system_identifier, o.timeline_id, o.database_name, o.depth)
          and (n.captured_at, n.baseline_id) > (o.captured_at, o.baseline_id)
      )
    for update skip locked
  );

  -- Last: what it locks, it locks but for a moment.
  perform drill._write_heartbeat();
end
$$;

comment on function drill._complete_baseline(uuid, jsonb, jsonb) is
  'Internal: stores the measured buckets and tenants of a baseline that was begun, and its objects, with a heartbeat; deletes baselines beyond their retention; raises RD005 when something could not be measured';

revoke all on function drill._complete_baseline(uuid, jsonb, jsonb) from public;
-- end copy of sql/baselines/_complete_baseline.sql

-- begin copy of sql/baselines/capture_baseline.sql
-- The program does the same in steps, to measure over several connections.
create or replace function drill.capture_baseline(
  p_label text default null,
  p_depth text default 'standard',
  p_is_complete boolean default false
)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  -- Before anything is measured: what is written afterwards gives another mark, and is measured next time.
  v_marks jsonb := drill._list_change_marks();
  v_baseline jsonb := drill._begin_baseline(p_label, p_depth, p_is_complete);
  v_facts jsonb;
begin
  -- One statement, hence one snapshot for all counts, those of the tenants too.
  select pg_catalog.jsonb_build_object(
    'buckets', (
      select coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(b)), '[]')
      from drill._measure_buckets(
        p_depth, (v_baseline ->> 'captured_at')::timestamptz,
        array(select pg_catalog.jsonb_array_elements_text(v_baseline -> 'carried_names'))
      ) as b
    ),
    'tenants', (
      select coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(t)), '[]')
      from drill._measure_tenants(
        null, null, (v_baseline ->> 'captured_at')::timestamptz,
        array(select pg_catalog.jsonb_array_elements_text(v_baseline -> 'carried_tenant_names'))
      ) as t
      where p_depth = 'full'
    )
  )
  into v_facts;

  perform drill._complete_baseline(
    (v_baseline ->> 'baseline_id')::uuid,
    v_facts,
    -- In a transaction with one snapshot the marks are newer than what is counted: the next capture would
    -- take over a count without what was written in between.
    case pg_catalog.current_setting('transaction_isolation') when 'read committed' then v_marks else '{}' end
  );

  return (v_baseline ->> 'baseline_id')::uuid;
end
$$;

comment on function drill.capture_baseline(text, text, boolean) is
  'Measures every critical relation (depth standard: counts and timestamps; full: fingerprints and tenants too), lists every object, and stores the facts as a baseline (with a heartbeat), giving its id; closed partitions that did not change are taken over from an earlier baseline unless p_is_complete; baselines older than the policy baseline_retention are deleted; raises RD005 rather than store one with a hole';

revoke all on function drill.capture_baseline(text, text, boolean) from public;
-- end copy of sql/baselines/capture_baseline.sql

-- begin copy of sql/baselines/list_baselines.sql
create or replace function drill.list_baselines()
returns table (
  baseline_id uuid,
  captured_at timestamptz,
  captured_lsn pg_lsn,
  label text,
  depth text,
  database_name text,
  relation_count bigint,
  bucket_count bigint,
  row_count numeric
)
language sql
stable
set search_path = ''
as $$
  select
    b.baseline_id,
    b.captured_at,
    b.captured_lsn,
    b.label,
    b.depth,
    b.database_name,
    (select pg_catalog.count(*) from drill.baseline_relations as r where r.baseline_id = b.baseline_id),
    pg_catalog.count(k.bucket_name),
    coalesce(pg_catalog.sum(k.row_count), 0)
  from drill.baselines as b
  left join drill.baseline_buckets as k on k.baseline_id = b.baseline_id
  group by b.baseline_id
  order by b.captured_at desc, b.baseline_id
$$;

comment on function drill.list_baselines() is
  'Stored baselines, newest first, with how much each holds';

revoke all on function drill.list_baselines() from public;
-- end copy of sql/baselines/list_baselines.sql

-- begin copy of sql/baselines/export_baseline.sql
-- Counts leave as text: a JSON number beyond 2^53 would be rounded by many readers.
-- Whoever compares inside the database does without the objects: they are the most of it.
create or replace function drill.export_baseline(p_baseline_id uuid default null, p_with_objects boolean default true)
returns jsonb
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
as $$
declare
  v_baseline_id uuid := p_baseline_id;
  v_document jsonb;
begin
  if v_baseline_id is null then
    v_baseline_id := drill._newest_baseline();
  end if;

  select pg_catalog.jsonb_build_object(
    'format', 'pgdrill-baseline',
    'format_version', 1,
    'baseline_id', b.baseline_id,
    'captured_at', b.captured_at,
    'captured_lsn', b.captured_lsn,
    'label', b.label,
    'depth', b.depth,
    'is_exact', b.is_exact,
    'schema_version', b.schema_version,
    'source', pg_catalog.jsonb_build_object(
      'installation_id', b.installation_id,
      'system_identifier', b.system_identifier::text,
      'timeline_id', b.timeline_id,
      'started_at', b.started_at,
      'database_name', b.database_name,
      'server_version', b.server_version
    ),
    'policies', b.policies,
    'guards', b.guards,
    'partitioned_relations', b.partitioned_relations,
    'isolation_policy', b.isolation_policy,
    'waivers', b.waivers,
    'objects', (
      select coalesce(
        pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'object_kind', o.object_kind,
            'object_name', o.object_name,
            'definition', o.definition,
            'relation_name', o.relation_name,
            'is_of_partition', o.is_of_partition,
            'problem', o.problem
          )
          order by o.object_kind collate "C", o.object_name collate "C"
        ),
        '[]'
      )
      from drill.baseline_objects as o
      where o.baseline_id = b.baseline_id
        and p_with_objects
    ),
    'relations', (
      select pg_catalog.jsonb_agg(
        pg_catalog.jsonb_build_object(
          'relation_name', r.relation_name,
          'timestamp_column', r.timestamp_column,
          'is_append_only', r.is_append_only,
          'tolerance', r.tolerance::text,
          'tenant_column', r.tenant_column,
          'is_tenant_shown', r.is_tenant_shown,
          'is_secret', r.is_secret,
          'depth', r.depth,
          'recipe', r.recipe,
          -- A partitioned table without a partition has none.
          'buckets', (
            select coalesce(pg_catalog.jsonb_agg(
              pg_catalog.jsonb_build_object(
                'partition_name', k.partition_name,
                'bucket_name', k.bucket_name,
                'grain', k.grain,
                'starts_at', k.starts_at,
                'ends_at', k.ends_at,
                'partition_starts_at', k.partition_starts_at,
                'partition_ends_at', k.partition_ends_at,
                'is_default', k.is_default,
                'row_count', k.row_count::text,
                'oldest_at', k.oldest_at,
                'newest_at', k.newest_at,
                'fingerprint', k.fingerprint::text,
                'is_carried', k.is_carried
              )
              order by k.partition_starts_at, k.partition_name collate "C", k.starts_at, k.bucket_name collate "C"
            ), '[]')
            from drill.baseline_buckets as k
            where k.baseline_id = r.baseline_id
              and k.relation_name = r.relation_name
          ),
          'tenants', (
            select coalesce(pg_catalog.jsonb_agg(
              pg_catalog.jsonb_build_object('tenant_key', t.tenant_key, 'row_count', t.row_count::text, 'newest_at', t.newest_at)
              order by t.tenant_key collate "C"
            ), '[]')
            from drill.baseline_tenants as t
            where t.baseline_id = r.baseline_id
              and t.relation_name = r.relation_name
          )
        )
        order by r.relation_name collate "C"
      )
      from drill.baseline_relations as r
      where r.baseline_id = b.baseline_id
    )
  )
  into v_document
  from drill.baselines as b
  where b.baseline_id = v_baseline_id;

  if v_document is null then
    raise exception using
      errcode = case when p_baseline_id is null then 'RD003' else 'RD004' end,
      message = case
        when p_baseline_id is null then 'no baseline is stored in this database'
        else format('no baseline %s is stored in this database', p_baseline_id)
      end,
      hint = 'In production run: select drill.capture_baseline(); drill.list_baselines() shows what is stored.';
  end if;

  return v_document;
end
$$;

comment on function drill.export_baseline(uuid, boolean) is
  'One baseline (null: the newest), with or without its objects, as a JSON document, format pgdrill-baseline version 1; raises RD003 or RD004 when there is none';

revoke all on function drill.export_baseline(uuid, boolean) from public;
-- end copy of sql/baselines/export_baseline.sql

-- begin copy of sql/data/compare_baseline.sql
-- For people with psql alone: the facts side by side, without a judgement. The
-- copy is cut into days as the baseline was.
create or replace function drill.compare_baseline(p_depth text default 'standard')
returns table (
  relation_name text,
  bucket_name text,
  row_count_then bigint,
  row_count_now bigint,
  difference bigint,
  newest_then timestamptz,
  newest_now timestamptz,
  is_same_content boolean,
  problem text
)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_baseline record;
begin
  select b.baseline_id, b.captured_at
  into v_baseline
  from drill.baselines as b
  where b.baseline_id = drill._newest_baseline();

  if not found then
    raise exception using
      errcode = 'RD003',
      message = 'no baseline is stored in this database',
      hint = 'Baselines are captured in production and travel with each backup: select drill.capture_baseline().';
  end if;

  return query
  with fact as materialized (
    select b.*
    from drill.list_buckets(p_depth, v_baseline.captured_at) as b
  ),
  -- What could not be looked at is not lost: its buckets have no difference.
  obstacle as (
    select f.relation_name, f.partition_name, pg_catalog.min(f.problem) as problem
    from fact as f
    where f.problem is not null
      and f.problem <> 'does not exist'
    group by f.relation_name, f.partition_name
  )
  select
    coalesce(f.relation_name, k.relation_name),
    coalesce(f.bucket_name, k.bucket_name),
    k.row_count,
    f.row_count,
    case
      when p_depth <> 'quick' and o.problem is null and (f.problem is null or k.bucket_name is not null)
        then coalesce(f.row_count, 0) - coalesce(k.row_count, 0)
    end,
    k.newest_at,
    f.newest_at,
    -- Only fingerprints that are made alike say anything.
    case when r.recipe = n.recipe then f.fingerprint = k.fingerprint end,
    coalesce(f.problem, o.problem)
  from fact as f
  full join (
    select b.*
    from drill.baseline_buckets as b
    where b.baseline_id = v_baseline.baseline_id
  ) as k
    on k.relation_name = f.relation_name
    and k.bucket_name = f.bucket_name
  left join obstacle as o
    on o.relation_name = coalesce(f.relation_name, k.relation_name)
    and o.partition_name in (coalesce(f.partition_name, k.partition_name), coalesce(f.relation_name, k.relation_name))
  left join drill.baseline_relations as r
    on r.baseline_id = v_baseline.baseline_id
    and r.relation_name = f.relation_name
  left join drill.list_fingerprint_recipes() as n on n.relation_name = f.relation_name
  order by
    coalesce(f.relation_name, k.relation_name) collate "C",
    coalesce(f.partition_starts_at, k.partition_starts_at),
    coalesce(f.partition_name, k.partition_name) collate "C",
    coalesce(f.starts_at, k.starts_at),
    coalesce(f.bucket_name, k.bucket_name) collate "C";
end
$$;

comment on function drill.compare_baseline(text) is
  'The newest baseline that travelled with this database beside the counts of now, bucket by bucket, with the difference; at depth full also whether the content is the same; raises RD003';

revoke all on function drill.compare_baseline(text) from public;
-- end copy of sql/data/compare_baseline.sql

-- begin copy of sql/data/verify_row_counts.sql
-- For people with psql alone: the newest baseline that travelled with the copy
-- beside the counts of now. Judges only what needs no history: nothing that had
-- rows is empty, no bucket is missing, closed buckets of append-only relations are
-- equal, no append-only relation shrank since a baseline that the copy contains,
-- no other by more than its tolerance. Timestamps and growth are the command line's.
create or replace function drill.verify_row_counts()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
declare
  v_baseline record;
  v_partition record;
  v_result drill.check_result;
begin
  select b.baseline_id, b.captured_at
  into v_baseline
  from drill.baselines as b
  where b.baseline_id = drill._newest_baseline();

  if not found then
    return next row(
      'row_counts', null, 'error',
      'no baseline travelled with this database, so its row counts have nothing to be compared with',
      'Use the command line with a baseline file: pgdrill verify --target NAME --baseline FILE.',
      null, null
    )::drill.check_result;
    return;
  end if;

  for v_partition in
    select
      coalesce(f.partition_name, k.partition_name) as partition_name,
      r.relation_name is not null as is_in_baseline,
      r.is_append_only,
      greatest(1, r.tolerance * k.row_count) as tolerated_count,
      k.row_count as expected_count,
      f.row_count as actual_count,
      f.problem,
      coalesce(k.ends_at + drill.get_policy('settle_after') <= v_baseline.captured_at, false) as is_settled
    from (
      select b.relation_name, b.partition_name, pg_catalog.sum(b.row_count) as row_count, pg_catalog.min(b.problem) as problem
      from drill.list_buckets('standard', v_baseline.captured_at) as b
      group by b.relation_name, b.partition_name
    ) as f
    full join (
      select k.relation_name, k.partition_name, pg_catalog.sum(k.row_count) as row_count, pg_catalog.min(k.partition_ends_at) as ends_at
      from drill.baseline_buckets as k
      where k.baseline_id = v_baseline.baseline_id
      group by k.relation_name, k.partition_name
    ) as k
      on k.relation_name = f.relation_name
      and k.partition_name = f.partition_name
    left join drill.baseline_relations as r
      on r.baseline_id = v_baseline.baseline_id
      and r.relation_name = coalesce(k.relation_name, f.relation_name)
    -- Of a relation that cannot be looked at one row says so; its partitions are not missing.
    where f.partition_name is not null
      or not exists (
        select
        from drill.critical_relations as c
        where c.relation_name = k.relation_name
          and k.partition_name <> k.relation_name
          and drill._critical_relation_problem(c.relation_name, c.timestamp_column) <> 'does not exist'
      )
      -- A partitioned table that had no partition yet stood for itself.
      and not (k.partition_name = k.relation_name and k.row_count = 0 and exists (select from drill.list_partitions(k.relation_name)))
    order by coalesce(f.partition_name, k.partition_name) collate "C", coalesce(f.relation_name, k.relation_name) collate "C"
  loop
    v_result := row(
      'row_counts', v_partition.partition_name, 'pass',
      pg_catalog.format('%s has %s rows, the baseline of %s has %s', v_partition.partition_name, v_partition.actual_count, v_baseline.captured_at, coalesce(v_partition.expected_count::text, 'no such partition')),
      null,
      pg_catalog.to_jsonb(v_partition.expected_count::text), pg_catalog.to_jsonb(v_partition.actual_count::text)
    );

    if v_partition.problem is not null then
      v_result.status := 'error';
      v_result.detail := pg_catalog.format('%s %s', v_partition.partition_name, v_partition.problem);
      v_result.hint := 'Make it readable for this role, then verify again.';
    elsif not v_partition.is_in_baseline then
      v_result.status := 'error';
      v_result.detail := pg_catalog.format('%s is critical, but the baseline of %s does not know it', v_partition.partition_name, v_baseline.captured_at);
      v_result.hint := 'Capture a new baseline in production: select drill.capture_baseline().';
    elsif v_partition.actual_count is null then
      v_result.status := 'fail';
      v_result.detail := pg_catalog.format('%s is missing: the baseline of %s has %s rows in it', v_partition.partition_name, v_baseline.captured_at, v_partition.expected_count);
      v_result.hint := pg_catalog.format('Restore or attach %s.', v_partition.partition_name);
    elsif v_partition.actual_count = 0 and v_partition.expected_count > 0 then
      v_result.status := 'fail';
      v_result.detail := pg_catalog.format('%s is empty, the baseline of %s has %s rows', v_partition.partition_name, v_baseline.captured_at, v_partition.expected_count);
      v_result.hint := pg_catalog.format('Restore the rows of %s.', v_partition.partition_name);
    elsif v_partition.is_append_only and v_partition.is_settled and v_partition.actual_count <> v_partition.expected_count
      or v_partition.is_append_only and v_partition.actual_count < v_partition.expected_count
      or not v_partition.is_append_only and v_partition.actual_count < v_partition.expected_count - v_partition.tolerated_count
    then
      v_result.status := 'fail';
      v_result.detail := v_result.detail || case
        when not v_partition.is_append_only then pg_catalog.format(': fewer than the tolerated %s', pg_catalog.trunc(v_partition.tolerated_count))
        when v_partition.is_settled then ': it is closed and append-only, so they must be equal'
        else ': an append-only relation cannot shrink'
      end;
      v_result.hint := pg_catalog.format('Find the lost or extra rows of %s; restore again if they are lost.', v_partition.partition_name);
    end if;

    return next v_result;
  end loop;
end
$$;

comment on function drill.verify_row_counts() is
  'Row counts of the critical relations against the newest baseline in this database: missing, emptied, shrunk, or changed although closed';

revoke all on function drill.verify_row_counts() from public;
-- end copy of sql/data/verify_row_counts.sql

-- Down Migration

drop function drill.verify_row_counts();
drop function drill.compare_baseline(text);
drop function drill.export_baseline(uuid, boolean);
drop function drill.list_baselines();
drop function drill.capture_baseline(text, text, boolean);
drop function drill._complete_baseline(uuid, jsonb, jsonb);
drop function drill._begin_baseline(text, text, boolean);
drop function drill._carry_tenants(uuid, uuid);
drop function drill._carry_buckets(uuid, uuid, jsonb);
drop function drill._list_change_marks();
drop function drill._newest_baseline();
drop function drill._change_mark(oid);
drop table drill.baseline_tenants;
drop table drill.baseline_buckets;
drop table drill.baseline_relations;
drop table drill.baselines;
drop function drill.verify_recovery_point(timestamptz, boolean);
drop function drill.list_recovery_evidence(boolean);
drop function drill._list_row_ends();
drop function drill._asked_restore_point();
drop function drill._is_commit_tracked();
drop function drill.recovery_point(boolean);
drop function drill._list_production_heartbeats();
drop function drill._own_rows_since();
drop function drill.record_heartbeat();
drop function drill._write_heartbeat();
drop table drill.heartbeats;
drop function drill.verify_critical_relations();
drop function drill.list_tenants(uuid, text);
drop function drill._measure_tenants(uuid, text, timestamptz, text[]);
drop function drill._is_closed(timestamptz, timestamptz);
drop function drill.list_fingerprint_recipes();
drop function drill.list_newest_timestamps();
drop function drill.list_row_counts();
drop function drill.list_measurable();
drop function drill.list_buckets_of(text, text[], text, timestamptz);
drop function drill.list_buckets(text, timestamptz);
drop function drill._measure_buckets(text, timestamptz, text[], text, text[]);
drop function drill._measure_slices(text[], boolean[], text, boolean, timestamptz);
drop function drill._slice_query(text[], boolean[], text, boolean, timestamptz);
drop function drill._fold_fingerprint(numeric);
drop function drill._fingerprint_recipe(oid);
drop function drill._fingerprint_expression(oid, text);
drop function drill._fingerprint_columns(oid, text);
drop function drill._refuse_rewritten(text[]);
drop function drill._critical_relation_problem(text, text);
drop function drill._local_source(oid, text[]);
drop function drill._has_index_on(oid, text);
drop function drill.import_registrations(jsonb);
drop function drill.export_registrations();
