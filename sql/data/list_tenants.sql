-- So that "one customer is missing" is seen. A tenant leaves as a hash, mixed with
-- the installation's identity, which a copy has too: not even a short id can be
-- guessed from a baseline alone. The raw id leaves only where that is allowed.
create or replace function drill.list_tenants()
returns table (relation_name text, tenant_key text, row_count bigint, newest_at timestamptz, problem text)
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set row_security = off
set jit = off
set work_mem = '32MB'
as $$
#variable_conflict use_column
declare
  v_relation record;
  v_salt text := (select i.installation_id::text from drill.installation as i);
begin
  for v_relation in
    select
      c.relation_name, c.timestamp_column, c.tenant_column, c.is_tenant_shown,
      coalesce(
        drill._critical_relation_problem(c.relation_name, c.timestamp_column),
        case
          when not exists (
            select
            from pg_catalog.pg_attribute as a
            where a.attrelid = drill._relation_oid(c.relation_name)
              and a.attname = c.tenant_column
              and not a.attisdropped
          )
            then pg_catalog.format('has no column %I', c.tenant_column)
        end
      ) as problem
    from drill.critical_relations as c
    where c.tenant_column is not null
      and not c.is_secret
    order by c.relation_name collate "C"
  loop
    if v_relation.problem is not null then
      return query select v_relation.relation_name, null::text, null::bigint, null::timestamptz, v_relation.problem;
      continue;
    end if;
    begin
      return query execute pg_catalog.format(
        'select %1$L::text, case when d.tenant is null then ''none'' when %2$L then d.tenant'
        ' else pg_catalog.left(pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(%3$L || d.tenant, ''UTF8'')), ''hex''), 16) end,'
        ' d.row_count, d.newest_at, null::text from ('
        'select t.%4$I::text as tenant, pg_catalog.count(*) as row_count, %5$s as newest_at from %6$s as t group by t.%4$I'
        ') as d order by 2',
        v_relation.relation_name, v_relation.is_tenant_shown, v_salt, v_relation.tenant_column,
        case
          when v_relation.timestamp_column is null then 'null::timestamptz'
          else pg_catalog.format('pg_catalog.max(t.%I)::timestamptz', v_relation.timestamp_column)
        end,
        v_relation.relation_name
      );
    exception
      -- Not swallowed: the row says that this relation could not be looked at.
      when others then
        return query
          select v_relation.relation_name, null::text, null::bigint, null::timestamptz, pg_catalog.format('%s (SQLSTATE %s)', sqlerrm, sqlstate);
    end;
  end loop;
end
$$;

comment on function drill.list_tenants() is
  'Rows and newest timestamp of each tenant of the critical relations that have a tenant column; the key is a hash, or the raw id where is_tenant_shown';

revoke all on function drill.list_tenants() from public;
