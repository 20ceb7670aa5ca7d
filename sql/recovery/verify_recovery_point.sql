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
  select
    'recovery_point',
    null,
    case
      when v.recovery_point is null then 'error'
      when v.recovery_point > v.failure_point + drill.get_policy('clock_skew') then 'fail'
      when v.loss <= v.objective then 'pass'
      -- A rare heartbeat is only a lower bound; the rows were not looked at.
      when not v.is_exact and not p_read_data then 'error'
      else 'fail'
    end,
    case
      when v.recovery_point is null
        then 'the recovery point is unknown: there is no heartbeat and no dated row of an append-only relation'
      when v.recovery_point > v.failure_point + drill.get_policy('clock_skew')
        then pg_catalog.format('the data reaches to %s (%s), which is after the failure point %s', v.recovery_point, v.source, v.failure_point)
      when v.loss <= v.objective
        then pg_catalog.format('the data reaches to %s (%s): %s before the failure point, within the RPO of %s', v.recovery_point, v.source, greatest(v.loss, interval '0'), v.objective)
      when not v.is_exact and not p_read_data
        then pg_catalog.format('the newest heartbeat is of %s, but heartbeats are rare here, so the loss is not known without looking at the data', v.recovery_point)
      else pg_catalog.format('the data reaches only to %s (%s): %s before the failure point, beyond the RPO of %s', v.recovery_point, v.source, v.loss, v.objective)
    end,
    case
      when v.recovery_point is null
        then 'Call drill.record_heartbeat() in production once a minute, for instance with pg_cron.'
      when v.recovery_point > v.failure_point + drill.get_policy('clock_skew')
        then 'Check that this is the right database and that the recovery stopped where it should; a past failure needs its moment (--failure-point, or the setting drill.failure_point).'
      when v.loss <= v.objective then null
      when not v.is_exact and not p_read_data
        then 'Verify at depth standard, and record a heartbeat once a minute in production.'
      else 'Restore to a later point, or give the moment of the failure (--failure-point, or the setting drill.failure_point) if it was not now.'
    end,
    pg_catalog.jsonb_build_object('rpo', v.objective, 'failure_point', v.failure_point),
    pg_catalog.jsonb_build_object('recovery_point', v.recovery_point, 'source', v.source, 'is_exact', v.is_exact, 'loss', v.loss)
  from (
    select
      r.*,
      f.failure_point,
      f.failure_point - r.recovery_point as loss,
      drill.get_policy('rpo') as objective
    from drill.recovery_point(p_read_data) as r
    cross join (
      select coalesce(
        p_failure_point,
        -- For psql: the checks that call this one take no argument.
        nullif(pg_catalog.current_setting('drill.failure_point', true), '')::timestamptz,
        drill.get_now()
      ) as failure_point
    ) as f
  ) as v
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
    'Take the setting away (alter database ... reset ...): only whoever verifies may say what now, the failure point and a copy are.',
    null, pg_catalog.to_jsonb(s.setting)
  from pg_catalog.pg_db_role_setting as d
  cross join lateral pg_catalog.unnest(d.setconfig) as s (setting)
  where s.setting like 'drill.%'
    and d.setdatabase in (0, (select b.oid from pg_catalog.pg_database as b where b.datname = pg_catalog.current_database()))
$$;

comment on function drill.verify_recovery_point(timestamptz, boolean) is
  'Whether the data lost between the recovery point and the failure point (null: the setting drill.failure_point, else now) stays within the RPO of the policy';

revoke all on function drill.verify_recovery_point(timestamptz, boolean) from public;
