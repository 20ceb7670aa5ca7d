-- Compares the value that a sequence gives next with what its columns hold. Not
-- last_value: with is_called = false that is the next value, and equality is then
-- a collision. Only "behind" is a fault: after a crash a sequence may be ahead.
create or replace function drill.verify_sequences()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
-- Nothing in a fresh copy is analyzed: the planner takes thousands of sequences for
-- a handful, and loops in loops over them would take minutes.
set enable_nestloop = off
as $$
declare
  v_sequence record;
  v_query text;
  v_next numeric;
  v_edge numeric;
  v_column_name text;
  v_is_judged boolean;
  v_free numeric;
  v_is_any boolean := false;
  v_result drill.check_result;
begin
  for v_sequence in
    with recursive integer_type as (
      select t.oid as type_oid
      from pg_catalog.pg_type as t
      where t.oid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)
      union all
      select t.oid
      from integer_type as i
      inner join pg_catalog.pg_type as t on t.typbasetype = i.type_oid and t.typtype = 'd'
    ),
    column_default as (
      select
        d.refobjid as sequence_oid,
        x.adrelid as relation_oid,
        x.adnum as attnum
      from pg_catalog.pg_depend as d
      inner join pg_catalog.pg_attrdef as x on x.oid = d.objid
      where d.classid = 'pg_catalog.pg_attrdef'::regclass
        and d.refclassid = 'pg_catalog.pg_class'::regclass
    ),
    feeding as (
      select f.sequence_oid, f.relation_oid, f.attnum
      from column_default as f
      union
      select d.objid, d.refobjid, d.refobjsubid::smallint
      from pg_catalog.pg_depend as d
      where d.classid = 'pg_catalog.pg_class'::regclass
        and d.refclassid = 'pg_catalog.pg_class'::regclass
        and d.refobjsubid > 0
        and d.deptype in ('a', 'i')
        -- Owned by one column, but in the default of another: only that one counts.
        and (
          d.deptype = 'i'
          or exists (
            select
            from pg_catalog.pg_attrdef as x
            where x.adrelid = d.refobjid
              and x.adnum = d.refobjsubid
          )
          or d.objid <> all (array(select f.sequence_oid from column_default as f))
        )
    ),
    fed as (
      select
        f.sequence_oid,
        f.relation_oid,
        c.relnamespace,
        c.relkind,
        c.relispartition,
        a.attname,
        a.attnum
      from feeding as f
      inner join pg_catalog.pg_class as s on s.oid = f.sequence_oid and s.relkind = 'S'
      inner join pg_catalog.pg_class as c
        on c.oid = f.relation_oid
        and c.relkind in ('r', 'p')
        and c.relpersistence <> 't'
      inner join pg_catalog.pg_attribute as a
        on a.attrelid = f.relation_oid
        and a.attnum = f.attnum
        and not a.attisdropped
      inner join integer_type as i on i.type_oid = a.atttypid
    ),
    -- A partition whose parent is fed by the same sequence is read through its
    -- parent. Where the parent has another sequence, that one numbers the rows that
    -- come through the parent, and the partition's own falls behind by rights.
    parent as (
      select
        f.sequence_oid,
        f.relation_oid,
        f.attnum,
        pg_catalog.bool_or(p.sequence_oid = f.sequence_oid) as is_same
      from fed as f
      cross join lateral pg_catalog.pg_partition_ancestors(f.relation_oid::regclass) as t
      inner join fed as p
        on p.relation_oid = t.relid
        and p.attname = f.attname
      where f.relispartition
        and t.relid <> f.relation_oid
      group by f.sequence_oid, f.relation_oid, f.attnum
    ),
    judged as (
      select f.*, p.is_same is not null as is_below_other
      from fed as f
      left join parent as p using (sequence_oid, relation_oid, attnum)
      where not coalesce(p.is_same, false)
    ),
    -- Without `only` the parent of an inheritance would show the values of children
    -- that have sequences of their own. A foreign partition would mean to read from
    -- another server, so its siblings are read one by one.
    readable as (
      select
        j.*,
        drill._relation_name(j.relation_oid) as relation_name,
        case
          when j.relkind = 'r'
            then pg_catalog.format('select t.%I as value from only %s as t', j.attname, drill._relation_name(j.relation_oid))
          when leaf.is_any_foreign
            then leaf.source
          else pg_catalog.format('select t.%I as value from %s as t', j.attname, drill._relation_name(j.relation_oid))
        end as source,
        pg_catalog.row_security_active(j.relation_oid) or coalesce(leaf.is_any_foreign and leaf.is_any_secured, false) as is_secured,
        leaf.is_any_foreign
      from judged as j
      left join lateral (
        select
          pg_catalog.bool_or(c.relkind = 'f') as is_any_foreign,
          pg_catalog.bool_or(pg_catalog.row_security_active(c.oid)) as is_any_secured,
          pg_catalog.string_agg(
            pg_catalog.format('select t.%I as value from only %s as t', j.attname, drill._relation_name(c.oid)),
            ' union all ' order by c.oid
          ) filter (where c.relkind <> 'f') as source
        from pg_catalog.pg_partition_tree(j.relation_oid::regclass) as t
        inner join pg_catalog.pg_class as c on c.oid = t.relid
        where t.isleaf
      ) as leaf on j.relkind = 'p'
    ),
    missing_grant as (
      select r.sequence_oid, g.statement, g.position
      from (select distinct r.sequence_oid from readable as r) as r
      inner join pg_catalog.pg_class as s on s.oid = r.sequence_oid
      inner join pg_catalog.pg_namespace as n on n.oid = s.relnamespace
      cross join lateral (
        select pg_catalog.format('grant usage on schema %I to %I', n.nspname, current_user) as statement, 1 as position
        where not pg_catalog.has_schema_privilege(n.oid, 'usage')
        union all
        select pg_catalog.format('grant select on sequence %s to %I', drill._relation_name(s.oid), current_user), 2
        where not pg_catalog.has_sequence_privilege(s.oid, 'select')
      ) as g
      union
      select r.sequence_oid, g.statement, g.position
      from readable as r
      inner join pg_catalog.pg_namespace as n on n.oid = r.relnamespace
      cross join lateral (
        select pg_catalog.format('grant usage on schema %I to %I', n.nspname, current_user) as statement, 1 as position
        where not pg_catalog.has_schema_privilege(n.oid, 'usage')
        union all
        select pg_catalog.format('grant select on %s to %I', r.relation_name, current_user), 3
        where not pg_catalog.has_column_privilege(r.relation_oid, r.attnum, 'select')
      ) as g
    ),
    grants as (
      select
        m.sequence_oid,
        pg_catalog.string_agg(m.statement, '; ' order by m.position, m.statement collate "C") as statements
      from missing_grant as m
      group by m.sequence_oid
    ),
    reads as (
      select
        r.sequence_oid,
        pg_catalog.array_agg(r.relation_oid order by r.relation_name collate "C", r.attname collate "C") as relation_oids,
        pg_catalog.array_agg(r.attnum order by r.relation_name collate "C", r.attname collate "C") as attnums,
        pg_catalog.array_agg(
          pg_catalog.format(
            'select %L as column_name, %s as is_judged, (select pg_catalog.%s(v.value)::numeric from (%s) as v) as edge',
            r.relation_name || '.' || pg_catalog.quote_ident(r.attname),
            (not r.is_below_other)::text,
            case when q.seqincrement > 0 then 'max' else 'min' end,
            r.source
          )
          order by r.relation_name collate "C", r.attname collate "C"
        ) as queries,
        pg_catalog.min(r.relation_name collate "C") filter (where r.is_secured) as secured_name
      from readable as r
      inner join pg_catalog.pg_sequence as q on q.seqrelid = r.sequence_oid
      where r.source is not null
      group by r.sequence_oid
    )
    select
      drill._relation_name(s.oid) as sequence_name,
      q.seqincrement,
      q.seqmin,
      q.seqmax,
      q.seqcycle,
      case when q.seqincrement > 0 then q.seqmax else q.seqmin end as seqend,
      e.relation_oids,
      e.attnums,
      e.queries,
      e.secured_name,
      g.statements
    from pg_catalog.pg_class as s
    inner join pg_catalog.pg_namespace as n on n.oid = s.relnamespace
    inner join pg_catalog.pg_sequence as q on q.seqrelid = s.oid
    left join reads as e on e.sequence_oid = s.oid
    left join grants as g on g.sequence_oid = s.oid
    where s.relkind = 'S'
      and s.relpersistence <> 't'
      and n.nspname not in ('drill', 'drill_migrations')
      and not exists (
        select
        from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_class'::regclass
          and d.objid = s.oid
          and d.deptype = 'e'
      )
    order by 1
  loop
    v_is_any := true;
    v_result := row('sequences', v_sequence.sequence_name, null, null, null, null, null);

    begin
      -- Not above: it waits for whoever has locked one of these tables. A column
      -- whose default is computed from the value cannot be compared with it.
      select pg_catalog.string_agg(c.query, ' union all ' order by c.position)
      into v_query
      from rows from (
        pg_catalog.unnest(v_sequence.queries), pg_catalog.unnest(v_sequence.relation_oids), pg_catalog.unnest(v_sequence.attnums)
      ) with ordinality as c (query, relation_oid, attnum, position)
      where (
        select pg_catalog.pg_get_expr(x.adbin, x.adrelid)
        from pg_catalog.pg_attrdef as x
        where x.adrelid = c.relation_oid
          and x.adnum = c.attnum
      ) ~ '^\(*nextval\(\(*E?''([^'']|'''')*''(::text\))?(::regclass)?\)+(::[^()+*/%|#&<>=-]+)?\)*$' is not false;
    exception
      when others then
        v_result.status := 'error';
        v_result.detail := pg_catalog.format('could not look at the defaults that use %s: %s (SQLSTATE %s)', v_sequence.sequence_name, sqlerrm, sqlstate);
        v_result.hint := 'Verify again when nobody locks or drops these tables.';
        return next v_result;
        continue;
    end;

    if v_query is null then
      v_result.status := 'skip';
      v_result.detail := pg_catalog.format('%s feeds no integer column that it could be compared with', v_sequence.sequence_name);
      return next v_result;
      continue;
    end if;

    if v_sequence.seqcycle then
      v_result.status := 'skip';
      v_result.detail := pg_catalog.format('%s starts over at its end, so its next value may be below what is there', v_sequence.sequence_name);
      return next v_result;
      continue;
    end if;

    if v_sequence.statements is not null then
      v_result.status := 'error';
      v_result.detail := pg_catalog.format('could not compare %s with the columns that it feeds: %I may not read them', v_sequence.sequence_name, current_user);
      v_result.hint := pg_catalog.format('Run: %s.', v_sequence.statements);
      return next v_result;
      continue;
    end if;

    -- A policy would hide the highest value without a word.
    if v_sequence.secured_name is not null then
      v_result.status := 'error';
      v_result.detail := pg_catalog.format('could not compare %s with %s: row level security hides rows from %I', v_sequence.sequence_name, v_sequence.secured_name, current_user);
      v_result.hint := pg_catalog.format('Verify as the owner of %s, or run: alter role %I bypassrls.', v_sequence.secured_name, current_user);
      return next v_result;
      continue;
    end if;

    begin
      -- numeric: one step beyond the last bigint must not overflow.
      execute pg_catalog.format('select s.last_value::numeric + case when s.is_called then %s else 0 end from %s as s', v_sequence.seqincrement, v_sequence.sequence_name)
      into strict v_next;
      execute pg_catalog.format(
        'select c.column_name, c.is_judged, c.edge from (%s) as c order by c.edge is not null and %L %s c.edge and c.is_judged desc, c.edge %s nulls last limit 1',
        v_query,
        v_next,
        case when v_sequence.seqincrement > 0 then '<=' else '>=' end,
        case when v_sequence.seqincrement > 0 then 'desc' else 'asc' end
      )
      into strict v_column_name, v_is_judged, v_edge;
      perform drill._refuse_rewritten(
        array(select drill._relation_name(u.relation_oid) from pg_catalog.unnest(v_sequence.relation_oids) as u (relation_oid))
      );
    exception
      when others then
        v_result.status := 'error';
        v_result.detail := pg_catalog.format('could not compare %s with the columns that it feeds: %s (SQLSTATE %s)', v_sequence.sequence_name, sqlerrm, sqlstate);
        v_result.hint := 'Verify again when nobody locks or drops these tables; otherwise look for the SQLSTATE in the log of the server.';
        return next v_result;
        continue;
    end;

    v_result.actual := pg_catalog.to_jsonb(v_next::text);
    if v_edge is null then
      v_result.status := 'pass';
      v_result.detail := pg_catalog.format('%s gives %s next, and %s holds no value', v_sequence.sequence_name, v_next, v_column_name);
    else
      v_result.expected := pg_catalog.to_jsonb(pg_catalog.format('%s %s', case when v_sequence.seqincrement > 0 then 'above' else 'below' end, v_edge));
      if v_sequence.seqincrement > 0 and v_next > v_edge or v_sequence.seqincrement < 0 and v_next < v_edge then
        v_result.status := 'pass';
        v_result.detail := pg_catalog.format(
          '%s gives %s next, %s %s in %s', v_sequence.sequence_name, v_next,
          case when v_sequence.seqincrement > 0 then 'above' else 'below' end, v_edge, v_column_name
        );
      else
        v_free := v_next + v_sequence.seqincrement * (pg_catalog.div(v_edge - v_next, v_sequence.seqincrement) + 1);
        v_result.status := case when v_is_judged then 'fail' else 'warn' end;
        v_result.detail := pg_catalog.format('%s gives %s next, but %s already reaches %s', v_sequence.sequence_name, v_next, v_column_name, v_edge)
          || case when v_is_judged then '' else ', through the parent of that partition, which has another sequence' end;
        v_result.hint := case
            when v_free between v_sequence.seqmin and v_sequence.seqmax then 'Run: '
            else pg_catalog.format('The sequence ends at %s, so give it more room first, and its column if that is too narrow: alter sequence %s as bigint no minvalue no maxvalue. Then run: ', v_sequence.seqend, v_sequence.sequence_name)
          end
          || pg_catalog.format('select setval(%L, %s, false).', v_sequence.sequence_name, v_free);
      end if;
    end if;

    if v_result.status = 'pass' and v_next not between v_sequence.seqmin and v_sequence.seqmax then
      v_result.status := 'warn';
      v_result.detail := pg_catalog.format('%s is used up: it has given its last value, %s', v_sequence.sequence_name, v_sequence.seqend);
      v_result.hint := pg_catalog.format('Give it more room, and its column if that is too narrow: alter sequence %s as bigint no minvalue no maxvalue.', v_sequence.sequence_name);
    end if;
    return next v_result;
  end loop;

  if not v_is_any then
    return next row(
      'sequences', null, 'skip', 'there is no sequence', null, null, null
    )::drill.check_result;
  end if;
end
$$;

comment on function drill.verify_sequences() is
  'Whether the next value of each sequence is beyond every value in the integer columns that it feeds; reads the ends of these columns';

revoke all on function drill.verify_sequences() from public;
