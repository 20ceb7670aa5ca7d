create or replace function drill.register_critical_relation(
  p_relation_name text,
  p_timestamp_column text,
  p_is_append_only boolean,
  p_tolerance numeric default 0,
  p_tenant_column text default null,
  p_is_tenant_shown boolean default false,
  p_is_secret boolean default false,
  p_depth text default 'full'
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_relation regclass := pg_catalog.to_regclass(p_relation_name);
  v_relation_name text;
begin
  -- A view is computed and a foreign table is another server's: neither comes back with this database.
  if v_relation is null
    or not exists (
      select
      from pg_catalog.pg_class as c
      where c.oid = v_relation
        and c.relkind in ('r', 'p')
        and c.relpersistence <> 't'
    )
    or p_is_append_only is null or p_tolerance is null
    or p_is_tenant_shown is null or p_is_secret is null or p_depth is null or p_depth not in ('standard', 'full')
  then
    raise exception using
      errcode = 'RD007',
      message = format('cannot register %s: no such table, or an argument is null or unknown', coalesce(p_relation_name, 'null')),
      hint = 'Name an existing table with its schema, such as public.orders; the depth is standard or full.';
  end if;

  if p_timestamp_column is not null and not exists (
    select
    from pg_catalog.pg_attribute as a
    where a.attrelid = v_relation
      and a.attname = p_timestamp_column
      and not a.attisdropped
      and a.atttypid in ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
  ) then
    raise exception using
      errcode = 'RD007',
      message = format('cannot register %s: %s is not a column of type timestamptz, timestamp or date', v_relation, p_timestamp_column),
      hint = 'Name such a column, or pass null to count rows only.';
  end if;

  if p_tenant_column is not null and not exists (
    select
    from pg_catalog.pg_attribute as a
    where a.attrelid = v_relation
      and a.attname = p_tenant_column
      and a.attnum > 0
      and not a.attisdropped
  ) then
    raise exception using
      errcode = 'RD007',
      message = format('cannot register %s: it has no column %s', v_relation, p_tenant_column),
      hint = 'Name the column that says whose row it is, or pass null.';
  end if;

  v_relation_name := drill._relation_name(v_relation);

  insert into drill.critical_relations as c (
    relation_name, timestamp_column, is_append_only, tolerance, tenant_column, is_tenant_shown, is_secret, depth
  )
  values (
    v_relation_name, p_timestamp_column, p_is_append_only, p_tolerance, p_tenant_column, p_is_tenant_shown, p_is_secret, p_depth
  )
  on conflict (relation_name) do update
  set
    timestamp_column = excluded.timestamp_column,
    is_append_only = excluded.is_append_only,
    tolerance = excluded.tolerance,
    tenant_column = excluded.tenant_column,
    is_tenant_shown = excluded.is_tenant_shown,
    is_secret = excluded.is_secret,
    depth = excluded.depth;
end
$$;

comment on function drill.register_critical_relation(text, text, boolean, numeric, text, boolean, boolean, text) is
  'Adds or changes a table that must be recoverable: its timestamp column (or null), whether rows are never deleted, the tolerated share of difference, the column of its tenants, whether their ids may be shown, whether it is secret, and how deep it is looked at';

revoke all on function drill.register_critical_relation(text, text, boolean, numeric, text, boolean, boolean, text) from public;
