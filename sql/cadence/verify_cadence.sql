create or replace function drill.verify_cadence()
returns setof drill.check_result
language sql
stable
set search_path = ''
set timezone = 'UTC'
as $$
  with fact as materialized (
    select drill.get_cadence_facts() as facts
  ),
  last_good as materialized (
    select d.baseline_id
    from fact as f
    cross join lateral drill._list_counted_drills(f.facts) as d
    where d.is_good
    order by d.finished_at desc, d.drill_id collate "C" desc
    limit 1
  )
  select r.*
  from fact as f
  left join last_good as g on true
  cross join lateral (
    select case when exists (select from last_good) then drill.get_schema_changes(g.baseline_id::uuid) end as schema_changes
  ) as c
  cross join lateral drill._judge_cadence(f.facts || pg_catalog.jsonb_build_object('schema_changes', c.schema_changes)) as r
$$;

comment on function drill.verify_cadence() is
  'Whether production keeps the plan: one row per obligation (drills, after schema changes and incidents, RPO, RTO, retention, baseline, heartbeat), actual is met, due, broken or unknown; then drills that failed or were left open; raises RD008';

revoke all on function drill.verify_cadence() from public;
