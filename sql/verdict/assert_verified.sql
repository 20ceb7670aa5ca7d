-- Rows never fail a script; this does. Remember psql -v ON_ERROR_STOP=1: without
-- it psql -f returns 0 after an error.
create or replace function drill.assert_verified(p_depth text default 'standard')
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_summary record;
begin
  select
    pg_catalog.count(*) filter (where r.status = 'fail') as fail_count,
    pg_catalog.count(*) filter (where r.status = 'error') as error_count,
    pg_catalog.count(*) filter (where r.status = 'pass') as pass_count,
    pg_catalog.string_agg(
      pg_catalog.format('%s %s: %s', r.status, r.check_name, r.detail),
      E'\n' order by r.status desc, r.check_name, r.object_name
    ) filter (where r.status in ('fail', 'error')) as findings
  into v_summary
  from drill.verify_all(p_depth) as r;

  if v_summary.fail_count > 0 then
    raise exception using
      errcode = 'RD001',
      message = format('verification failed: %s wrong, %s could not be looked at', v_summary.fail_count, v_summary.error_count),
      detail = v_summary.findings,
      hint = format('Run: select * from drill.verify_all(%L) where status not in (''pass'', ''skip'').', p_depth);
  end if;

  -- No pass at all means that nothing was looked at.
  if v_summary.error_count > 0 or v_summary.pass_count = 0 then
    raise exception using
      errcode = 'RD002',
      message = format('could not verify: %s checks could not look', v_summary.error_count),
      detail = v_summary.findings,
      hint = format('Run: select * from drill.verify_all(%L) where status not in (''pass'', ''skip'').', p_depth);
  end if;
end
$$;

comment on function drill.assert_verified(text) is
  'Returns when everything at the depth was verified; raises RD001 when something is wrong, RD002 when something could not be looked at';

revoke all on function drill.assert_verified(text) from public;
