-- Catalog only. convalidated says nothing about today: it stays true when the
-- triggers of a foreign key are disabled and orphans come in. A trigger of a
-- foreign key is found through tgconstraint, as its name holds an oid.
--
-- The planner knows nothing of the size of a common table expression: it would take
-- one of 2,400 foreign keys for one row, and read all triggers for each. Hence no
-- nested loops; and no compiling, which the price put on them would call for.
create or replace function drill.verify_indexes()
returns setof drill.check_result
language sql
stable
set search_path = ''
set enable_nestloop = off
set jit = off
as $$
  with index_state as (
    select
      x.indexrelid,
      x.indrelid,
      c.relname,
      c.relkind,
      x.indisvalid,
      x.indisready,
      x.indislive,
      x.indisunique,
      n.nspname,
      pg_catalog.format('%I.%I', n.nspname, c.relname) as index_name,
      pg_catalog.format('%I.%I', tn.nspname, t.relname) as relation_name,
      x.indisvalid and x.indisready and x.indislive as is_good
    from pg_catalog.pg_index as x
    inner join pg_catalog.pg_class as c on c.oid = x.indexrelid
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    inner join pg_catalog.pg_class as t on t.oid = x.indrelid
    inner join pg_catalog.pg_namespace as tn on tn.oid = t.relnamespace
    where c.relpersistence <> 't'
      and n.nspname not in ('pg_catalog', 'information_schema')
      -- One of TOAST counts with its table; it has a row of its own only when it is bad.
      and (n.nspname <> 'pg_toast' or not (x.indisvalid and x.indisready and x.indislive))
  ),
  -- The first partition, by name, that keeps the index of a partitioned table from
  -- being valid: it has no part of the index, or a part that is invalid itself.
  incomplete as (
    select distinct on (i.indexrelid)
      i.indexrelid,
      pg_catalog.quote_ident(n.nspname) as schema_name,
      pg_catalog.format('%I.%I', n.nspname, c.relname) as partition_name,
      k.indexrelid as part_oid,
      drill._relation_name(k.indexrelid) as part_name,
      pg_catalog.count(*) over (partition by i.indexrelid) as partition_count
    from index_state as i
    inner join pg_catalog.pg_inherits as p on p.inhparent = i.indrelid
    inner join pg_catalog.pg_class as c on c.oid = p.inhrelid and c.relkind in ('r', 'p')
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    left join lateral (
      select x.indexrelid, x.indisvalid
      from pg_catalog.pg_inherits as h
      inner join pg_catalog.pg_index as x on x.indexrelid = h.inhrelid
      where h.inhparent = i.indexrelid
        and x.indrelid = p.inhrelid
    ) as k on true
    where i.relkind = 'I'
      and not i.is_good
      and not coalesce(k.indisvalid, false)
    order by i.indexrelid, k.indexrelid is not null, n.nspname collate "C", c.relname collate "C"
  ),
  -- Invalid although every part is there and valid: attaching one again makes
  -- PostgreSQL look anew.
  attached as (
    select distinct on (i.indexrelid)
      i.indexrelid,
      drill._relation_name(h.inhrelid) as part_name
    from index_state as i
    inner join pg_catalog.pg_inherits as h on h.inhparent = i.indexrelid
    where i.relkind = 'I'
      and not i.is_good
    order by i.indexrelid, drill._relation_name(h.inhrelid) collate "C"
  ),
  index_result as (
    select
      i.index_name,
      case
        when i.relkind = 'I' and p.part_oid is null and p.partition_name is not null
          then pg_catalog.format('the index %s of the partitioned table %s is not valid: the partition %s has no part of it', i.index_name, i.relation_name, p.partition_name)
            || case when p.partition_count > 1 then pg_catalog.format(', and %s more have no valid one', p.partition_count - 1) else '' end
        when i.relkind = 'I' and p.partition_name is not null
          then pg_catalog.format('the index %s of the partitioned table %s is not valid: its part %s on %s is not', i.index_name, i.relation_name, p.part_name, p.partition_name)
        when i.relkind = 'I'
          then pg_catalog.format('the index %s of the partitioned table %s is not valid', i.index_name, i.relation_name)
        when not i.indislive
          then pg_catalog.format('the index %s on %s is half dropped', i.index_name, i.relation_name)
        when not i.indisready
          then pg_catalog.format('the index %s on %s is not ready: new rows do not go into it', i.index_name, i.relation_name)
        else pg_catalog.format('the index %s on %s is not valid: queries do not use it', i.index_name, i.relation_name)
      end as detail,
      case
        when i.relkind = 'I' and p.part_oid is null and p.partition_name is not null and o.conname is not null
          then pg_catalog.format(
            'Run: alter table %s add constraint NAME %s; then: alter index %s attach partition %s.NAME.',
            p.partition_name, pg_catalog.pg_get_constraintdef(o.oid), i.index_name, p.schema_name
          )
        when i.relkind = 'I' and p.part_oid is null and p.partition_name is not null
          then pg_catalog.format(
            'Run: create %sindex NAME on %s%s; then: alter index %s attach partition %s.NAME.',
            case when i.indisunique then 'unique ' else '' end,
            p.partition_name,
            -- The part of the definition behind the names, which may hold anything.
            pg_catalog.substr(
              pg_catalog.pg_get_indexdef(i.indexrelid),
              pg_catalog.length(pg_catalog.format(
                'CREATE %sINDEX %I ON ONLY %s', case when i.indisunique then 'UNIQUE ' else '' end, i.relname, i.relation_name
              )) + 1
            ),
            i.index_name, p.schema_name
          )
        when i.relkind = 'I' and p.partition_name is not null
          then pg_catalog.format('Put %s right first, then run: alter index %s attach partition %s.', p.part_name, i.index_name, p.part_name)
        when i.relkind = 'I' and a.part_name is not null
          then pg_catalog.format('Run: alter index %s attach partition %s, which makes PostgreSQL look again.', i.index_name, a.part_name)
        when i.relkind = 'I'
          then pg_catalog.format('Drop %s and create it again on %s, without "only".', i.index_name, i.relation_name)
        when not i.indislive or i.relname ~ '_cc(new|old)[0-9]*$'
          then pg_catalog.format('It is left over from a command that was broken off. Run: drop index concurrently %s.', i.index_name)
        when i.nspname = 'pg_toast'
          then 'No command mends an index of TOAST: restore again.'
        else pg_catalog.format('Run: reindex index %s. Of a unique one that reports duplicates, remove these rows first.', i.index_name)
      end as hint,
      pg_catalog.jsonb_build_object('valid', i.indisvalid, 'ready', i.indisready, 'live', i.indislive) as actual
    from index_state as i
    left join incomplete as p using (indexrelid)
    left join attached as a using (indexrelid)
    left join pg_catalog.pg_constraint as o
      on o.conindid = i.indexrelid
      and o.conrelid = i.indrelid
      and o.contype in ('p', 'u', 'x')
    where not i.is_good
  ),
  -- Those of partitions are constraints of their own, with triggers of their own.
  -- PostgreSQL 14 gives a partitioned table none at all.
  checked_constraint as (
    select
      k.oid,
      k.conname,
      k.contype,
      k.conrelid,
      k.contypid,
      k.confrelid,
      k.conparentid,
      k.convalidated,
      k.conislocal or k.coninhcount = 0 as is_own,
      c.relkind,
      n.nspname,
      pg_catalog.format('%I.%I', n.nspname, coalesce(c.relname, t.typname)) as owner_name,
      -- Only PostgreSQL 18 has the column.
      case
        when pg_catalog.current_setting('server_version_num')::integer >= 180000
          then (pg_catalog.to_jsonb(k) ->> 'conenforced')::boolean
        else true
      end as is_declared_enforced
    from pg_catalog.pg_constraint as k
    left join pg_catalog.pg_class as c on c.oid = k.conrelid
    left join pg_catalog.pg_type as t on t.oid = k.contypid
    inner join pg_catalog.pg_namespace as n on n.oid = coalesce(c.relnamespace, t.typnamespace)
    where c.relpersistence is distinct from 't'
      and n.nspname not in ('pg_catalog', 'information_schema')
      -- Since PostgreSQL 18 every "not null" is one, too.
      and (k.contype in ('f', 'c') or k.contype = 'n' and not k.convalidated)
  ),
  key_trigger as (
    select
      t.tgconstraint,
      pg_catalog.count(*) as trigger_count,
      pg_catalog.array_agg(distinct drill._relation_name(t.tgrelid) collate "C")
        filter (where t.tgenabled not in ('O', 'A')) as disabled_on,
      pg_catalog.string_agg(
        pg_catalog.format('alter table %s enable trigger %I', drill._relation_name(t.tgrelid), t.tgname),
        '; ' order by t.tgname
      ) filter (where t.tgenabled not in ('O', 'A')) as enabling
    from pg_catalog.pg_trigger as t
    where t.tgconstraint <> 0
    group by t.tgconstraint
  ),
  key_state as (
    select
      k.*,
      t.disabled_on,
      t.enabling,
      coalesce(t.trigger_count, 0) as trigger_count,
      case
        when not k.is_declared_enforced then 'declared'
        when t.disabled_on is not null then 'disabled'
        -- Two for each side, where neither side is partitioned.
        when k.conparentid = 0 and k.relkind = 'r' and f.relkind = 'r' and coalesce(t.trigger_count, 0) < 4 then 'missing'
      end as fault
    from checked_constraint as k
    inner join pg_catalog.pg_class as f on f.oid = k.confrelid
    left join key_trigger as t on t.tgconstraint = k.oid
    where k.contype = 'f'
  ),
  key_result as (
    select
      k.owner_name || '.' || pg_catalog.quote_ident(k.conname) as object_name,
      case k.fault
        when 'declared'
          then pg_catalog.format('the foreign key %I of %s is declared as not enforced', k.conname, k.owner_name)
        when 'disabled'
          then pg_catalog.format('the foreign key %I of %s is not enforced: its triggers on %s are disabled', k.conname, k.owner_name, pg_catalog.array_to_string(k.disabled_on, ' and '))
        when 'missing'
          then pg_catalog.format('the foreign key %I of %s is not enforced: it has %s of its 4 triggers', k.conname, k.owner_name, k.trigger_count)
      end as detail,
      case k.fault
        when 'declared'
          then pg_catalog.format('Run: alter table %s alter constraint %I enforced, which fails while there are orphans.', k.owner_name, k.conname)
        when 'disabled'
          then pg_catalog.format('Look for orphans that came in meanwhile. Then run: %s.', k.enabling)
        when 'missing'
          then pg_catalog.format('Run: alter table %1$s drop constraint %2$I, add constraint %2$I %3$s.', k.owner_name, k.conname, pg_catalog.pg_get_constraintdef(k.oid))
      end as hint,
      pg_catalog.jsonb_build_object('disabled_on', k.disabled_on, 'triggers', k.trigger_count, 'declared_enforced', k.is_declared_enforced) as actual
    from key_state as k
    where k.fault is not null
  ),
  -- Of partitions and children only what they do not have from their parent. A
  -- foreign key that is declared as not enforced has its row above.
  validation as (
    select k.*, k.convalidated and k.is_declared_enforced as is_good
    from checked_constraint as k
    where k.conparentid = 0
      and k.is_own
      and (k.contype <> 'f' or k.is_declared_enforced)
      and not exists (
        select
        from pg_catalog.pg_depend as d
        where d.deptype = 'e'
          and d.classid = case when k.conrelid <> 0 then 'pg_catalog.pg_class'::regclass else 'pg_catalog.pg_type'::regclass end
          and d.objid = case when k.conrelid <> 0 then k.conrelid else k.contypid end
      )
  ),
  validation_result as (
    select
      v.owner_name || '.' || pg_catalog.quote_ident(v.conname) as object_name,
      pg_catalog.format(
        'the %s %I of %s is not %s: rows may violate it',
        case v.contype when 'f' then 'foreign key' when 'c' then 'check constraint' else 'not-null constraint' end,
        v.conname, v.owner_name,
        case when v.is_declared_enforced then 'validated' else 'enforced' end
      ) as detail,
      case
        when v.is_declared_enforced
          then pg_catalog.format(
            'If production has it validated, run: alter %s %s validate constraint %I.',
            case when v.conrelid <> 0 then 'table' else 'domain' end, v.owner_name, v.conname
          )
        else pg_catalog.format(
          'If production enforces it, run: alter table %1$s drop constraint %2$I, add constraint %2$I %3$s.',
          v.owner_name, v.conname, pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(v.oid), ' NOT ENFORCED$', '')
        )
      end as hint,
      pg_catalog.jsonb_build_object('validated', v.convalidated, 'declared_enforced', v.is_declared_enforced) as actual
    from validation as v
    where not v.is_good
  ),
  family as (
    select
      f.position,
      f.object_count,
      f.bad_count,
      pg_catalog.to_char(f.object_count, 'FM999,999,999,999') || case when f.object_count = 1 then f.one else f.several end as good,
      f.none
    from (
      select
        1 as position,
        pg_catalog.count(*) as object_count,
        pg_catalog.count(*) filter (where not i.is_good) as bad_count,
        ' index is valid' as one, ' indexes are valid' as several, 'there is no index' as none
      from index_state as i
      union all
      select
        2, pg_catalog.count(*), pg_catalog.count(k.fault),
        ' foreign key is enforced', ' foreign keys are enforced', 'there is no foreign key'
      from key_state as k
      union all
      select
        3, pg_catalog.count(*), pg_catalog.count(*) filter (where not v.is_good),
        ' foreign key or check constraint is validated', ' foreign keys and check constraints are validated',
        'there is no foreign key and no check constraint'
      from validation as v
    ) as f
  ),
  result as (
    select 1 as position, r.index_name as object_name, 'warn' as status, r.detail, r.hint,
      pg_catalog.jsonb_build_object('valid', true, 'ready', true, 'live', true) as expected, r.actual
    from index_result as r
    union all
    select 2, r.object_name, case when (r.actual ->> 'declared_enforced')::boolean then 'fail' else 'warn' end, r.detail, r.hint, pg_catalog.to_jsonb('enforced'::text), r.actual
    from key_result as r
    union all
    select 3, r.object_name, 'warn', r.detail, r.hint, pg_catalog.to_jsonb('validated'::text), r.actual
    from validation_result as r
    union all
    select
      f.position, null, case when f.object_count = 0 then 'skip' else 'pass' end,
      case when f.object_count = 0 then f.none else f.good end,
      null, null, pg_catalog.to_jsonb(f.object_count::text)
    from family as f
    where f.bad_count = 0
  )
  select 'indexes', r.object_name, r.status, r.detail, r.hint, r.expected, r.actual
  from result as r
  order by r.position, r.object_name collate "C"
$$;

comment on function drill.verify_indexes() is
  'Whether indexes are valid and complete, foreign keys really enforced, and constraints validated; reads the catalog only';

revoke all on function drill.verify_indexes() from public;
