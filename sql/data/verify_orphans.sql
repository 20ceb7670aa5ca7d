-- Rows that refer to nothing, for each foreign key of a critical relation or to
-- one. That its triggers are enabled now says nothing about the rows that came in
-- while they were not. One anti-join per key, on the parents: a partition's copy
-- of the key is part of it.
create or replace function drill.verify_orphans()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
-- A policy that hid the referenced rows would make orphans of all others.
set row_security = off
-- Nothing in a fresh copy is analyzed, and a loop over millions would never end.
set enable_nestloop = off
as $$
declare
  v_key record;
  v_orphan_count bigint;
  v_is_any boolean := false;
begin
  for v_key in
    select
      pg_catalog.format('%s.%I', drill._relation_name(c.conrelid), c.conname) as key_name,
      drill._relation_name(c.conrelid) as referencing,
      drill._relation_name(c.confrelid) as referenced,
      c.convalidated,
      k.is_comparable,
      -- A key with a null in it refers to nothing; one that is declared "match full" may not be null in part.
      pg_catalog.format(
        'from %s as f where (%s) and not exists (select from %s as p where %s)',
        drill._relation_name(c.conrelid),
        case c.confmatchtype when 'f' then k.any_not_null else k.all_not_null end,
        drill._relation_name(c.confrelid),
        k.equal
      ) as orphans
    from pg_catalog.pg_constraint as c
    cross join lateral (
      select
        pg_catalog.string_agg(pg_catalog.format('f.%I is not null', fa.attname), ' and ' order by u.n) as all_not_null,
        pg_catalog.string_agg(pg_catalog.format('f.%I is not null', fa.attname), ' or ' order by u.n) as any_not_null,
        pg_catalog.string_agg(
          pg_catalog.format('p.%I operator(%I.%s) f.%I', pa.attname, n.nspname, o.oprname, fa.attname), ' and ' order by u.n
        ) as equal,
        -- A temporal key (18) compares its last part by containment, which is no equality of rows.
        coalesce(pg_catalog.to_jsonb(c) ->> 'conperiod', 'false') = 'false' as is_comparable
      from rows from (pg_catalog.unnest(c.conkey), pg_catalog.unnest(c.confkey), pg_catalog.unnest(c.conpfeqop)) with ordinality as u (fk, pk, operator_oid, n)
      inner join pg_catalog.pg_attribute as fa on fa.attrelid = c.conrelid and fa.attnum = u.fk
      inner join pg_catalog.pg_attribute as pa on pa.attrelid = c.confrelid and pa.attnum = u.pk
      inner join pg_catalog.pg_operator as o on o.oid = u.operator_oid
      inner join pg_catalog.pg_namespace as n on n.oid = o.oprnamespace
    ) as k
    where c.contype = 'f'
      and c.conparentid = 0
      and (
        -- A key that is declared on one partition alone counts for its table.
        exists (
          select
          from drill.critical_relations as r
          where drill._relation_oid(r.relation_name) in (
            select a.relid from pg_catalog.pg_partition_ancestors(c.conrelid) as a
            union all
            select c.conrelid
          )
        )
        or exists (select from drill.critical_relations as r where drill._relation_oid(r.relation_name) = c.confrelid)
      )
    order by drill._relation_name(c.conrelid) collate "C", c.conname collate "C"
  loop
    v_is_any := true;
    begin
      if not v_key.is_comparable then
        return next row(
          'orphans', v_key.key_name, 'skip',
          pg_catalog.format('the foreign key %s is one over periods: its rows are not looked at', v_key.key_name),
          null, null, null
        )::drill.check_result;
        continue;
      end if;

      execute 'select pg_catalog.count(*) ' || v_key.orphans into strict v_orphan_count;
      perform drill._refuse_rewritten(array[v_key.referencing, v_key.referenced]);
      return next row(
        'orphans', v_key.key_name,
        case when v_orphan_count = 0 then 'pass' when v_key.convalidated then 'fail' else 'warn' end,
        case
          when v_orphan_count = 0 then pg_catalog.format('every row of %s has the row of %s that it refers to (%s)', v_key.referencing, v_key.referenced, v_key.key_name)
          else pg_catalog.format(
            '%s %s of %s %s to a row of %s that is not there (foreign key %s%s)',
            v_orphan_count, case v_orphan_count when 1 then 'row' else 'rows' end, v_key.referencing,
            case v_orphan_count when 1 then 'refers' else 'refer' end, v_key.referenced, v_key.key_name,
            case when not v_key.convalidated then ', not validated' else '' end
          )
        end,
        case when v_orphan_count > 0 then pg_catalog.format('Look at them: select f.* %s. Restore the missing rows of %s, or decide what becomes of these.', v_key.orphans, v_key.referenced) end,
        pg_catalog.to_jsonb('0'::text), pg_catalog.to_jsonb(v_orphan_count::text)
      )::drill.check_result;
    exception
      when others then
        return next row(
          'orphans', v_key.key_name, 'error',
          pg_catalog.format('could not look for orphans of the foreign key %s: %s (SQLSTATE %s)', v_key.key_name, sqlerrm, sqlstate),
          case sqlstate
            when '42501' then pg_catalog.format('Run as an administrator: grant select on %s, %s to %I; where row level security hides rows, the role needs bypassrls too.', v_key.referencing, v_key.referenced, current_user)
            else 'Look for them by hand, or verify again when the cause is gone.'
          end,
          null, null
        )::drill.check_result;
    end;
  end loop;

  if not v_is_any then
    return next row(
      'orphans', null, 'skip', 'no foreign key is declared on a critical relation or refers to one', null, null, null
    )::drill.check_result;
  end if;
end
$$;

comment on function drill.verify_orphans() is
  'Whether each foreign key of or to a critical relation holds for the rows that are there: one anti-join per key';

revoke all on function drill.verify_orphans() from public;
