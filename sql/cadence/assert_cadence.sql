-- For pg_cron and psql: rows never fail a job; this does.
create or replace function drill.assert_cadence()
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
    pg_catalog.string_agg(
      pg_catalog.format('%s %s: %s', r.actual #>> '{}', r.object_name, r.detail), E'\n' order by r.status desc, r.object_name collate "C"
    ) filter (where r.status in ('fail', 'error')) as findings
  into v_summary
  from drill.verify_cadence() as r;

  if v_summary.fail_count > 0 then
    raise exception using
      errcode = 'RD001',
      message = format('the plan is not kept: %s due or broken, %s unknown', v_summary.fail_count, v_summary.error_count),
      detail = v_summary.findings,
      hint = 'Run: select * from drill.verify_cadence() where status <> ''pass''.';
  end if;
  if v_summary.error_count > 0 then
    raise exception using
      errcode = 'RD002',
      message = format('whether the plan is kept is not known: %s unknown', v_summary.error_count),
      detail = v_summary.findings,
      hint = 'Run: select * from drill.verify_cadence() where status <> ''pass''.';
  end if;
end
$$;

comment on function drill.assert_cadence() is
  'Returns when every obligation of the plan is met; raises RD001 when something is due or broken, RD002 when something is unknown';

revoke all on function drill.assert_cadence() from public;
