-- Pure: facts in, rows out. src/rules/cadence.ts is the same for the program, which
-- also reads proofs; test vectors hold both to it.
create or replace function drill._judge_cadence(p_facts jsonb)
returns setof drill.check_result
language sql
stable
set search_path = ''
set timezone = 'UTC'
as $$
  with moment as (
    select
      (p_facts ->> 'now')::timestamptz as now,
      coalesce((p_facts #>> '{policies,clock_skew}')::numeric, 0) as skew,
      (p_facts ->> 'is_database_read')::boolean as is_database_read
  ),
  drills as materialized (
    select d.*
    from drill._list_counted_drills(p_facts) as d
  ),
  last_good as (
    select d.*
    from drills as d
    where d.is_good
    order by d.finished_at desc, d.drill_id collate "C" desc
    limit 1
  ),
  obligation as (
    select d.*
    from drill._judge_drills(p_facts) as d
    union all
    select
      6, 'retention', s.standing,
      case
        when not m.is_database_read then 'production was not asked for its backups'
        when s.standing = 'met' then pg_catalog.format('the backups recorded meet the retention (%s checked)', r.facts ->> 'pass_count')
        when r.facts ->> 'detail' is not null then r.facts ->> 'detail'
        else 'no backup is recorded'
      end,
      case s.standing
        when 'met' then null
        when 'broken' then 'See pgdrill retention for all that is wrong.'
        else case when not m.is_database_read then 'Give the target production.' else 'Record what is held: pgdrill retention --inventory FILE --target production --record.' end
      end
    from moment as m
    cross join lateral (
      select case when pg_catalog.jsonb_typeof(p_facts -> 'retention') = 'object' then p_facts -> 'retention' end as facts
    ) as r
    cross join lateral (
      select case
        when not m.is_database_read or r.facts is null then 'unknown'
        when (r.facts ->> 'fail_count')::integer > 0 then 'broken'
        when (r.facts ->> 'error_count')::integer > 0 or (r.facts ->> 'pass_count')::integer = 0 then 'unknown'
        else 'met'
      end as standing
    ) as s
    union all
    select
      v.place, v.obligation, s.standing,
      case
        when not m.is_database_read then pg_catalog.format('production was not asked for its %ss', v.obligation)
        when v.newest_at is null then pg_catalog.format('there is no %s', v.obligation)
        when v.limit_seconds is null then pg_catalog.format('the policy %s is not set', v.policy_name)
        else pg_catalog.format(
          'the newest %s is of %s, %s ago; at most %s are allowed', v.obligation, pg_catalog.to_char(v.newest_at, 'YYYY-MM-DD HH24:MI "UTC"'),
          drill._duration_words(s.age), drill._duration_words(v.limit_seconds)
        )
      end,
      case
        when s.standing = 'met' then null
        when not m.is_database_read then 'Give the target production.'
        when s.standing = 'unknown' and v.obligation = 'baseline' then 'Put the row of drill.drill_policy back: insert into drill.drill_policy default values.'
        when s.standing = 'unknown' then pg_catalog.format('Insert it: insert into drill.policy (policy_name, policy_value, description) values (%L, ...).', v.policy_name)
        else v.remedy
      end
    from moment as m
    cross join (
      values
        (
          7, 'baseline', 'baseline_max_age', (p_facts ->> 'newest_baseline_at')::timestamptz,
          (p_facts #>> '{policies,baseline_max_age}')::numeric,
          'Capture one each day: pgdrill baseline capture, or the job that pgdrill schedule installs.'
        ),
        (
          8, 'heartbeat', 'heartbeat_interval', (p_facts ->> 'newest_heartbeat_at')::timestamptz,
          (p_facts #>> '{policies,heartbeat_interval}')::numeric,
          'Record one each minute: drill.record_heartbeat(), or the job that pgdrill schedule installs.'
        )
    ) as v (place, obligation, policy_name, newest_at, limit_seconds, remedy)
    cross join lateral (
      select
        pg_catalog.date_part('epoch', m.now - v.newest_at)::numeric as age,
        case
          when not m.is_database_read then 'unknown'
          when v.newest_at is null then 'broken'
          when v.limit_seconds is null then 'unknown'
          when pg_catalog.date_part('epoch', m.now - v.newest_at)::numeric > v.limit_seconds + m.skew then 'broken'
          else 'met'
        end as standing
    ) as s
  ),
  -- Beside the obligations: a drill that failed wants to be done again, whatever the calendar says.
  finding as (
    select
      d.started_at, d.drill_id, f.place, f.status, f.expected, f.actual,
      pg_catalog.format('the drill %s of %s %s', d.drill_id, pg_catalog.to_char(d.started_at, 'YYYY-MM-DD HH24:MI "UTC"'), f.words) as detail, f.hint
    from drills as d
    cross join moment as m
    left join last_good as g on true
    cross join lateral (
      select
        1 as place, 'fail' as status, 'verified' as expected, 'failed' as actual, 'failed, and no good drill was finished after it' as words,
        'Mend what failed (see its proof), then repeat the drill.' as hint
      where d.state = 'finished'
        and d.verdict = 'failed'
        and not coalesce(g.finished_at > d.finished_at, false)
      union all
      select
        1, 'warn', 'verified', d.verdict, 'could not verify, and no good drill was finished after it',
        'See its proof for what could not be looked at, then repeat the drill.'
      where d.state = 'finished'
        and d.verdict = 'could_not_verify'
        and not coalesce(g.finished_at > d.finished_at, false)
      union all
      select
        1, 'warn', 'finished', 'aborted', 'was aborted, and no good drill was finished after it', 'Do it again, to its end.'
      where d.state = 'aborted'
        and not coalesce(g.finished_at > d.started_at, false)
      union all
      select
        1, 'warn', 'finished', 'open', 'was left open: it does not count until it is finished', 'Finish it, or abort it: pgdrill drill.'
      where d.state = 'open'
        and pg_catalog.date_part('epoch', m.now - d.started_at) > 86400
      union all
      select 2, 'fail', 'one record', 'contradiction', 'does not count: ' || d.problem, 'Find out which record is true, and correct the other.'
      where d.problem is not null
      union all
      select 3, 'warn', 'in both', 'in one', d.remark, 'Record it in production, or fetch its proof.'
      where d.remark is not null
    ) as f
  )
  select 'cadence', o.obligation, o.status, o.detail, o.hint, o.expected, o.actual
  from (
    select
      o.place, null::timestamptz as started_at, 0 as sub_place, o.obligation,
      case o.standing when 'met' then 'pass' when 'unknown' then 'error' else 'fail' end::drill.check_status as status,
      o.detail, o.hint, pg_catalog.to_jsonb('met'::text) as expected, pg_catalog.to_jsonb(o.standing) as actual
    from obligation as o
    union all
    select
      9, f.started_at, f.place, 'drill ' || f.drill_id, f.status::drill.check_status, f.detail, f.hint,
      pg_catalog.to_jsonb(f.expected), pg_catalog.to_jsonb(f.actual)
    from finding as f
  ) as o
  order by o.place, o.started_at, o.obligation collate "C", o.sub_place
$$;

comment on function drill._judge_cadence(jsonb) is
  'Internal: judges the facts of drill.get_cadence_facts(), with schema_changes filled in; one row per obligation of the plan, then one per drill that needs somebody';

revoke all on function drill._judge_cadence(jsonb) from public;
