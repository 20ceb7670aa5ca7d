-- As of the moment of the facts: a drill that began later is not there, and one that
-- ended later is still open. Rehearsals on the sandbox are left out altogether.
-- src/rules/cadence.ts has the same rule, and test vectors hold both to it.
create or replace function drill._list_counted_drills(p_facts jsonb)
returns table (
  drill_id text,
  state text,
  verdict text,
  is_good boolean,
  started_at timestamptz,
  finished_at timestamptz,
  recovery_time numeric,
  data_loss numeric,
  baseline_id text,
  problem text,
  remark text
)
language sql
stable
set search_path = ''
set timezone = 'UTC'
as $$
  with moment as (
    select
      (p_facts ->> 'now')::timestamptz
        + pg_catalog.make_interval(secs => coalesce((p_facts #>> '{policies,clock_skew}')::double precision, 0)) as newest,
      coalesce((p_facts #>> '{drill_policy,is_app_required}')::boolean, true) as is_app_required
  ),
  known as (
    select
      d.*,
      m.is_app_required,
      d.state = 'open' or d.state = 'finished' and d.finished_at is null or coalesce(d.finished_at > m.newest, false) as is_open
    from pg_catalog.jsonb_to_recordset(p_facts -> 'drills') as d (
      drill_id text, scope text, is_sandbox boolean, state text, verdict text, started_at timestamptz,
      finished_at timestamptz, recovery_time numeric, data_loss numeric, baseline_id text, problem text, remark text
    )
    cross join moment as m
    where not d.is_sandbox
      and d.started_at <= m.newest
  )
  select
    k.drill_id,
    case when k.is_open then 'open' else k.state end,
    k.verdict,
    coalesce(
      not k.is_open
        and k.state = 'finished'
        and k.verdict = 'verified'
        and k.finished_at >= k.started_at
        and k.problem is null
        and (k.scope = 'whole' or k.scope = 'database_only' and not k.is_app_required),
      false
    ),
    k.started_at,
    k.finished_at,
    k.recovery_time,
    k.data_loss,
    k.baseline_id,
    k.problem,
    k.remark
  from known as k
$$;

comment on function drill._list_counted_drills(jsonb) is
  'Internal: the drills on a real target among the facts of drill.get_cadence_facts(), as they stood at their moment, and which of them is a good one';

revoke all on function drill._list_counted_drills(jsonb) from public;
