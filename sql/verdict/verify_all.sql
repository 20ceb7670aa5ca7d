-- Every check of a depth. The set of checks is itself checked: one that answers
-- with no row at all is an error row here, not a silent pass.
create or replace function drill.verify_all(p_depth text default 'standard')
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
as $$
declare
  v_check_name text;
  v_result drill.check_result;
  v_results drill.check_result[] := '{}';
  v_is_answered boolean;
begin
  if p_depth is null or p_depth not in ('quick', 'standard', 'full') then
    raise exception using
      errcode = 'RD006',
      message = format('%s is not a depth', coalesce(pg_catalog.quote_literal(p_depth), 'null')),
      hint = 'The depths are quick (catalog only), standard (counts and timestamps too) and full (every page of tables and indexes too).';
  end if;

  foreach v_check_name in array
    array['partition_triggers', 'partitions', 'critical_relations', 'recovery_point', 'access', 'indexes', 'physical', 'platform', 'isolation']
    || case when p_depth <> 'quick' then array['sequences', 'partition_keys', 'row_counts'] else array[]::text[] end
    || case when p_depth = 'full' then array['orphans', 'amcheck'] else array[]::text[] end
  loop
    v_is_answered := false;
    for v_result in
      execute case v_check_name
        when 'recovery_point' then 'select r.* from drill.verify_recovery_point(null, $1) as r'
        else pg_catalog.format('select r.* from drill.%I() as r', 'verify_' || v_check_name)
      end
      using p_depth <> 'quick'
    loop
      v_is_answered := true;
      v_results := v_results || v_result;
    end loop;

    if not v_is_answered then
      v_results := v_results || row(
        v_check_name, null, 'error',
        format('the check %s gave no answer', v_check_name),
        'A check answers with at least one row: install pgdrill again, something replaced it.',
        null, null
      )::drill.check_result;
    end if;
  end loop;

  return query
  select r.*
  from drill.verify_waivers(pg_catalog.to_jsonb(v_results)) as r;
end
$$;

comment on function drill.verify_all(text) is
  'Every check of a depth (quick: catalog only; standard: counts and timestamps too; full: every page too), one row per check and object, waivers applied; for a script use drill.assert_verified()';

revoke all on function drill.verify_all(text) from public;
