-- The obligations that drills meet. src/rules/cadence.ts judges the same facts by the
-- same rules and in the same words; test vectors hold both to it.
create or replace function drill._judge_drills(p_facts jsonb)
returns table (place integer, obligation text, standing text, detail text, hint text)
language sql
stable
set search_path = ''
set timezone = 'UTC'
as $$
  with drills as materialized (
    select d.*
    from drill._list_counted_drills(p_facts) as d
  ),
  moment as (
    select
      (p_facts ->> 'now')::timestamptz as now,
      (p_facts ->> 'now')::timestamptz
        + pg_catalog.make_interval(secs => coalesce((p_facts #>> '{policies,clock_skew}')::double precision, 0)) as newest,
      (p_facts ->> 'installed_at')::timestamptz as installed_at,
      (p_facts ->> 'is_database_read')::boolean as is_database_read
  ),
  last_good as (
    select d.*
    from drills as d
    where d.is_good
    order by d.finished_at desc, d.drill_id collate "C" desc
    limit 1
  ),
  -- Calendar arithmetic in UTC. Without a good drill the clock runs from the installation.
  clock as (
    select
      m.*,
      g.drill_id,
      g.finished_at,
      pg_catalog.jsonb_typeof(p_facts -> 'drill_policy') = 'object' as is_policy_known,
      pg_catalog.jsonb_typeof(p_facts #> '{drill_policy,drill_every}') = 'object' as is_interval,
      (p_facts #>> '{policies,drill_notice}')::numeric as notice,
      case
        when pg_catalog.jsonb_typeof(p_facts #> '{drill_policy,drill_every}') = 'object'
          then coalesce(g.finished_at, m.installed_at) + pg_catalog.make_interval(
            months => (p_facts #>> '{drill_policy,drill_every,months}')::integer,
            days => (p_facts #>> '{drill_policy,drill_every,days}')::integer,
            secs => (p_facts #>> '{drill_policy,drill_every,seconds}')::double precision
          )
        when g.finished_at is not null then pg_catalog.date_trunc('quarter', g.finished_at) + interval '6 months'
        else pg_catalog.date_trunc('quarter', m.installed_at) + interval '3 months'
      end as deadline
    from moment as m
    left join last_good as g on true
  ),
  worded as (
    select
      c.*,
      pg_catalog.date_part('epoch', c.deadline - c.now)::numeric as seconds_left,
      'before ' || pg_catalog.to_char(c.deadline, 'YYYY-MM-DD HH24:MI "UTC"') as deadline_words,
      case
        when c.drill_id is null then 'there is no good drill'
        else pg_catalog.format('the last good drill is %s of %s', c.drill_id, pg_catalog.to_char(c.finished_at, 'YYYY-MM-DD HH24:MI "UTC"'))
      end as last_words
    from clock as c
  )
  select
    1, 'quarterly_drill', s.standing,
    case s.standing
      when 'unknown' then case when w.is_policy_known then 'the policy drill_notice is not set' else 'the policy of drills is not known' end
      else w.last_words
    end || case
      when s.standing = 'unknown' then ''
      when s.standing = 'broken'
        then pg_catalog.format('; one was due %s and is overdue by %s', w.deadline_words, drill._duration_words(-w.seconds_left))
      when w.deadline is null then '; one is due'
      else pg_catalog.format('; the next is due %s, in %s', w.deadline_words, drill._duration_words(w.seconds_left))
    end,
    case s.standing
      when 'met' then null
      when 'unknown' then 'Put the row of drill.drill_policy back: insert into drill.drill_policy default values.'
      else 'Make a drill: restore into a separate environment and run pgdrill drill.'
    end
  from worded as w
  cross join lateral (
    select case
      when not w.is_policy_known then 'unknown'
      when w.now >= w.deadline then 'broken'
      when w.drill_id is null then 'due'
      when w.notice is null then 'unknown'
      when w.seconds_left <= w.notice then 'due'
      else 'met'
    end as standing
  ) as s
  union all
  select
    2, 'drill_after_schema_change', s.standing,
    case
      when w.drill_id is null then 'there is no good drill to compare the schema with'
      when s.standing = 'unknown'
        then pg_catalog.format(
          'the schema cannot be compared with that of the drill %s: %s', w.drill_id,
          coalesce(p_facts #>> '{schema_changes,problem}', 'production was not asked')
        )
      when s.standing = 'met' then pg_catalog.format('no major schema change since the drill %s', w.drill_id)
      else pg_catalog.format(
        '%s major schema change%s since the drill %s: %s', s.change_count, case when s.change_count <> 1 then 's' else '' end, w.drill_id,
        (
          select pg_catalog.string_agg(
            pg_catalog.format('%s %s %s', c.change ->> 'object_kind', c.change ->> 'object_name', c.change ->> 'change'), ', ' order by c.place
          )
          from pg_catalog.jsonb_array_elements(p_facts #> '{schema_changes,changes}') with ordinality as c (change, place)
          where c.place <= 5
        ) || case when s.change_count > 5 then pg_catalog.format(' and %s more', s.change_count - 5) else '' end
      )
    end,
    case s.standing
      when 'met' then null
      when 'due' then 'Make a drill: the plan wants one after each major schema change. All changes: pgdrill status, or drill.list_schema_changes with the baseline of that drill.'
      else 'Make a drill against a baseline of production: it becomes what later schemas are compared with.'
    end
  from worded as w
  cross join lateral (
    select
      case
        when w.drill_id is null
          or pg_catalog.jsonb_typeof(p_facts -> 'schema_changes') is distinct from 'object'
          or p_facts #>> '{schema_changes,problem}' is not null
          then 'unknown'
        when pg_catalog.jsonb_array_length(p_facts #> '{schema_changes,changes}') = 0 then 'met'
        else 'due'
      end as standing,
      case
        when pg_catalog.jsonb_typeof(p_facts #> '{schema_changes,changes}') = 'array'
          then pg_catalog.jsonb_array_length(p_facts #> '{schema_changes,changes}')
      end as change_count
  ) as s
  union all
  select
    3, 'drill_after_incident', s.standing,
    case s.standing
      when 'unknown' then 'production was not asked for its incidents'
      when 'met' then case when s.incident_count = 0 then 'no incident is recorded' else 'a good drill was started after each recorded incident' end
      else pg_catalog.format('no good drill was started since: %s', s.words)
        || case when s.open_count > 3 then pg_catalog.format(' and %s more', s.open_count - 3) else '' end
    end,
    case s.standing
      when 'met' then null
      when 'due' then 'Make a drill: the plan wants one after each incident with corrupted or deleted data.'
      else 'Give the target production.'
    end
  from worded as w
  cross join lateral (
    select
      case when not w.is_database_read then 'unknown' when pg_catalog.count(*) filter (where i.is_open) > 0 then 'due' else 'met' end as standing,
      pg_catalog.count(*) as incident_count,
      pg_catalog.count(*) filter (where i.is_open) as open_count,
      pg_catalog.string_agg(
        pg_catalog.to_char(i.occurred_at, 'YYYY-MM-DD HH24:MI "UTC"') || ' ' || i.what, '; ' order by i.place
      ) filter (where i.is_open and i.open_place <= 3) as words
    from (
      select
        o.*,
        pg_catalog.sum(case when o.is_open then 1 else 0 end) over (order by o.place) as open_place
      from (
        select
          e.place, (e.incident ->> 'occurred_at')::timestamptz as occurred_at, e.incident ->> 'what' as what,
          not exists (
            select from drills as d where d.is_good and d.started_at > (e.incident ->> 'occurred_at')::timestamptz
          ) as is_open
        from pg_catalog.jsonb_array_elements(p_facts -> 'incidents') with ordinality as e (incident, place)
        where (e.incident ->> 'occurred_at')::timestamptz <= w.newest
      ) as o
    ) as i
  ) as s
  union all
  -- What the newest drill measured: a later one that took too long outweighs the last good one.
  select
    v.place, v.obligation, s.standing,
    case
      when v.objective is null and w.is_database_read then pg_catalog.format('the policy %s is not set', v.obligation)
      when s.standing = 'unknown' then pg_catalog.format('no good drill has measured %s', v.words)
      else pg_catalog.format(
        'the drill %s of %s measured %s of %s, %s the %s of %s', s.drill_id, pg_catalog.to_char(s.finished_at, 'YYYY-MM-DD HH24:MI "UTC"'),
        drill._duration_words(s.seconds), v.words, case s.standing when 'met' then 'within' else 'beyond' end,
        pg_catalog.upper(v.obligation), drill._duration_words(v.objective)
      )
    end,
    case
      when s.standing = 'met' then null
      when v.objective is null and w.is_database_read then pg_catalog.format('Insert it: insert into drill.policy (policy_name, policy_value, description) values (%L, ...).', v.obligation)
      when s.standing = 'unknown' then pg_catalog.format('Make a drill: it measures %s.', v.words)
      else v.remedy
    end
  from (
    values
      (
        4, 'rpo', (p_facts #>> '{policies,rpo}')::numeric, 'data loss',
        'Take backups more often or archive WAL continuously, and repeat the drill; or change the objective with the owners of the plan.'
      ),
      (
        5, 'rto', (p_facts #>> '{policies,rto}')::numeric, 'recovery time',
        'Find what took the time (the stages in the proof), make it faster, and repeat the drill; or change the objective with the owners of the plan.'
      )
  ) as v (place, obligation, objective, words, remedy)
  cross join worded as w
  cross join lateral (
    select
      case
        when v.objective is null or not coalesce(pg_catalog.bool_or(d.is_good or d.seconds > v.objective), false) then 'unknown'
        when pg_catalog.bool_or(d.rank = 1 and d.seconds > v.objective) then 'broken'
        else 'met'
      end as standing,
      pg_catalog.max(d.drill_id) filter (where d.rank = 1) as drill_id,
      pg_catalog.max(d.finished_at) filter (where d.rank = 1) as finished_at,
      pg_catalog.max(d.seconds) filter (where d.rank = 1) as seconds
    from (
      select e.*, pg_catalog.row_number() over (order by e.finished_at desc, e.drill_id collate "C" desc) as rank
      from (
        select
          r.drill_id, r.finished_at, r.is_good,
          case v.obligation when 'rpo' then r.data_loss else r.recovery_time end as seconds
        from drills as r
        where r.state = 'finished'
          and r.problem is null
      ) as e
      -- Only a good one shows that it is met; any one shows that it is not.
      where e.seconds is not null
        and (e.is_good or e.seconds > v.objective)
    ) as d
  ) as s
$$;

comment on function drill._judge_drills(jsonb) is
  'Internal: the obligations of the plan that drills meet, judged by the facts of drill.get_cadence_facts(), each met, due, broken or unknown';

revoke all on function drill._judge_drills(jsonb) from public;
