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
