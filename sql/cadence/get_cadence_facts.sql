-- Times as ISO text, durations in seconds; drill_every in parts, since months have no length.
create or replace function drill.get_cadence_facts()
returns jsonb
language sql
stable
set search_path = ''
set timezone = 'UTC'
as $$
  with moment as materialized (
    select drill.get_now() as now, drill.get_now() + drill.get_policy('clock_skew') as newest
  )
  select pg_catalog.jsonb_build_object(
    'now', m.now,
    'is_database_read', true,
    'installed_at', (select i.installed_at from drill.installation as i),
    'policies', coalesce(
      (select pg_catalog.jsonb_object_agg(p.policy_name, pg_catalog.date_part('epoch', p.policy_value)) from drill.policy as p),
      '{}'
    ) || coalesce(
      (
        select pg_catalog.jsonb_build_object(
          'baseline_max_age', pg_catalog.date_part('epoch', p.baseline_max_age), 'drill_notice', pg_catalog.date_part('epoch', p.drill_notice)
        )
        from drill.drill_policy as p
      ),
      '{}'
    ),
    'drill_policy', (
      select pg_catalog.jsonb_build_object(
        'is_app_required', p.is_app_required,
        'drill_every', case
          when p.drill_every is not null then pg_catalog.jsonb_build_object(
            'months', pg_catalog.date_part('year', p.drill_every) * 12 + pg_catalog.date_part('month', p.drill_every),
            'days', pg_catalog.date_part('day', p.drill_every),
            'seconds', pg_catalog.date_part('hour', p.drill_every) * 3600 + pg_catalog.date_part('minute', p.drill_every) * 60
              + pg_catalog.date_part('second', p.drill_every)
          )
        end
      )
      from drill.drill_policy as p
    ),
    'drills', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'drill_id', d.drill_id,
            'scope', d.scope,
            'is_sandbox', d.is_sandbox,
            'state', d.state,
            'verdict', d.verdict,
            'started_at', d.started_at,
            'finished_at', d.finished_at,
            'recovery_time', pg_catalog.date_part('epoch', d.recovery_time),
            'data_loss', pg_catalog.date_part('epoch', d.data_loss),
            'baseline_id', d.baseline_id,
            'proof_sha256', d.proof_sha256,
            'problem', null,
            'remark', null
          )
          order by d.started_at, d.drill_id collate "C"
        )
        from drill.drills as d
      ),
      '[]'
    ),
    'incidents', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object('occurred_at', i.occurred_at, 'what', i.what) order by i.occurred_at, i.what collate "C"
        )
        from drill.incidents as i
      ),
      '[]'
    ),
    'schema_changes', null,
    -- A moment that has not come is no evidence.
    'newest_baseline_at', (select pg_catalog.max(b.captured_at) from drill.baselines as b where b.captured_at <= m.newest),
    'newest_heartbeat_at', (select pg_catalog.max(h.beat_at) from drill.heartbeats as h where h.beat_at <= m.newest),
    'retention', drill._retention_facts()
  )
  from moment as m
$$;

comment on function drill.get_cadence_facts() is
  'What drill.verify_cadence() judges by: policies, drills, incidents, newest baseline and heartbeat, retention; times as text, durations in seconds; raises RD008';

revoke all on function drill.get_cadence_facts() from public;
