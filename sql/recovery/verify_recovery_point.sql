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
  with evidence as materialized (
    select e.*
    from drill.list_recovery_evidence(p_read_data) as e
  ),
  newest_row as (
    select e.relation_name, e.reached_at
    from evidence as e
    where e.source = 'data'
      and e.reached_at is not null
    order by e.reached_at desc, e.relation_name collate "C"
    limit 1
  ),
  point as materialized (
    select
      r.*,
      f.failure_point,
      f.is_failure_given,
      f.failure_point - r.recovery_point as loss,
      drill.get_policy('rpo') as objective,
      drill.get_policy('clock_skew') as skew,
      drill.get_policy('heartbeat_interval') + drill.get_policy('clock_skew') as pause,
      n.reached_at as row_at,
      n.relation_name as row_relation,
      c.reached_at as commit_at,
      y.reached_at as replay_at,
      o.reached_at as asked_at,
      o.remark as asked_problem
    from drill.recovery_point(p_read_data) as r
    cross join (
      select
        coalesce(g.failure_point, drill.get_now()) as failure_point,
        g.failure_point is not null as is_failure_given
      from (
        select coalesce(
          p_failure_point,
          -- For psql: the checks that call this one take no argument.
          nullif(pg_catalog.current_setting('drill.failure_point', true), '')::timestamptz
        ) as failure_point
      ) as g
    ) as f
    left join newest_row as n on true
    left join evidence as c on c.source = 'commit'
    left join evidence as y on y.source = 'replay'
    left join evidence as o on o.source = 'operator'
  ),
  compared as (
    select
      p.*,
      -- Clients' clocks date rows, the server's clock all else: it decides where it is known.
      p.row_at > p.asked_at + p.skew and not coalesce(p.commit_at <= p.asked_at + p.skew, false) as is_row_beyond,
      -- Nobody can restore what came after the failure.
      case when p.is_failure_given and p.failure_point < p.asked_at then p.failure_point else p.asked_at end - p.pause as least_reach,
      'newest heartbeat of ' || p.heartbeat_at::text as heartbeat,
      pg_catalog.concat_ws(
        ', ',
        case
          when p.row_at is not null
            then pg_catalog.format(
              'newest row of %s in %s (%s before the failure point%s)', p.row_at, p.row_relation,
              greatest(p.failure_point - p.row_at, interval '0'),
              case when p.row_at > p.commit_at + p.skew then '; dated after the newest commit' else '' end
            )
        end,
        'newest commit of ' || p.commit_at::text,
        'last transaction recovered of ' || p.replay_at::text
      ) as others,
      pg_catalog.jsonb_build_object(
        'heartbeat_at', p.heartbeat_at, 'newest_row_at', p.row_at, 'newest_row_relation', p.row_relation,
        'newest_commit_at', p.commit_at, 'replayed_at', p.replay_at
      ) as moments
    from point as p
  ),
  judged as (
    select
      c.*,
      coalesce(c.is_exact and c.heartbeat_at < c.least_reach, false) as is_short,
      -- What the server's own clock proves to be there shows that only the heartbeats stopped.
      coalesce(greatest(c.commit_at, c.replay_at) >= c.least_reach, false) as is_reached
    from compared as c
  )
  select
    'recovery_point',
    null,
    case
      when v.recovery_point is null then 'error'
      when v.recovery_point > v.failure_point + v.skew then 'fail'
      when v.loss <= v.objective then 'pass'
      -- A rare heartbeat is only a lower bound; the rows were not looked at.
      when not v.is_exact and not p_read_data then 'error'
      else 'fail'
    end,
    case
      when v.recovery_point is null
        then 'the recovery point is unknown: there is no heartbeat and no dated row of an append-only relation'
      when v.recovery_point > v.failure_point + v.skew
        then pg_catalog.format('the data reaches to %s (%s), which is after the failure point %s', v.recovery_point, v.source, v.failure_point)
      when v.loss <= v.objective
        then pg_catalog.format('the data reaches to %s (%s): %s before the failure point, within the RPO of %s', v.recovery_point, v.source, greatest(v.loss, interval '0'), v.objective)
      when not v.is_exact and not p_read_data
        then pg_catalog.format('the newest heartbeat is of %s, but heartbeats are rare here, so the loss is not known without looking at the data', v.recovery_point)
      else pg_catalog.format('the data reaches only to %s (%s): %s before the failure point, beyond the RPO of %s', v.recovery_point, v.source, v.loss, v.objective)
    end
      || coalesce(
        '; ' || nullif(
          pg_catalog.concat_ws(', ', case when v.source = 'data' then v.heartbeat end, nullif(v.others, ''), 'asked for ' || v.asked_at::text), ''
        ),
        ''
      ),
    case
      when v.recovery_point is null
        then 'Call drill.record_heartbeat() in production once a minute, for instance with pg_cron.'
      when v.recovery_point > v.failure_point + v.skew
        then 'Check that this is the right database and that the recovery stopped where it should; a past failure needs its moment (--failure-point, or the setting drill.failure_point).'
      when v.loss <= v.objective then null
      when not v.is_exact and not p_read_data
        then 'Verify at depth standard, and record a heartbeat once a minute in production.'
      else 'Restore to a later point, or give the moment of the failure (--failure-point, or the setting drill.failure_point) if it was not now.'
    end,
    pg_catalog.jsonb_build_object('rpo', v.objective, 'failure_point', v.failure_point),
    pg_catalog.jsonb_build_object('recovery_point', v.recovery_point, 'source', v.source, 'is_exact', v.is_exact, 'loss', v.loss)
      || v.moments || pg_catalog.jsonb_build_object('restore_point', v.asked_at)
  from judged as v
  union all
  select
    'recovery_point', null, 'error', pg_catalog.format('the restore point that was asked for cannot be compared: %s', v.asked_problem),
    'Write the moment to which the database was restored as in: set drill.restore_point = ''2026-11-23T04:30:00Z''.',
    pg_catalog.to_jsonb('a moment that has passed'::text), null
  from judged as v
  where v.asked_problem is not null
  union all
  select
    'recovery_point', null, 'fail',
    pg_catalog.format(
      'the database reaches beyond %s, to which it was to be restored: %s (skew of %s allowed)',
      v.asked_at,
      pg_catalog.concat_ws(
        ', ',
        case when v.heartbeat_at > v.asked_at + v.skew then pg_catalog.format('newest heartbeat %s later', v.heartbeat_at - v.asked_at) end,
        case when v.is_row_beyond then pg_catalog.format('newest row of %s %s later', v.row_relation, v.row_at - v.asked_at) end,
        case when v.commit_at > v.asked_at + v.skew then pg_catalog.format('newest commit %s later', v.commit_at - v.asked_at) end,
        case when v.replay_at > v.asked_at + v.skew then pg_catalog.format('last transaction recovered %s later', v.replay_at - v.asked_at) end
      ),
      v.skew
    ),
    'The recovery did not stop there: check its target and its time zone, that nobody wrote into the copy, and the moment given (--restore-point, or the setting drill.restore_point).',
    pg_catalog.jsonb_build_object('restore_point', v.asked_at, 'clock_skew', v.skew), v.moments
  from judged as v
  where v.heartbeat_at > v.asked_at + v.skew
    or v.is_row_beyond
    or v.commit_at > v.asked_at + v.skew
    or v.replay_at > v.asked_at + v.skew
  union all
  select
    'recovery_point', null, 'fail',
    pg_catalog.format(
      'the heartbeats end at %s, %s before %s, to which the database was to be restored (at most %s are plausible): less was recovered than asked for; %s',
      v.heartbeat_at, v.asked_at - v.heartbeat_at, v.asked_at, v.pause, pg_catalog.concat_ws(', ', v.heartbeat, nullif(v.others, ''))
    ),
    'Check where the recovery stopped and whether its WAL was complete, and the moment given (--restore-point, or the setting drill.restore_point); if heartbeats had stopped in production, mend their job there.',
    pg_catalog.jsonb_build_object('restore_point', v.asked_at, 'heartbeat_interval_and_clock_skew', v.pause), v.moments
  from judged as v
  where v.is_short
    and not v.is_reached
  union all
  select
    'recovery_point', null, 'warn',
    pg_catalog.format(
      'nothing shows that the database reaches to %s, to which it was to be restored: %s', v.asked_at,
      pg_catalog.concat_ws(', ', v.heartbeat, nullif(v.others, ''))
    ),
    'Without regular heartbeats a quiet hour looks like this, too. Call drill.record_heartbeat() in production once a minute.',
    pg_catalog.jsonb_build_object('restore_point', v.asked_at), v.moments
  from judged as v
  where not v.is_exact
    and p_read_data
    and greatest(v.heartbeat_at, v.newest_data_at, v.row_at, v.commit_at, v.replay_at) < v.least_reach
  union all
  select
    'recovery_point', 'drill.heartbeats', 'warn',
    pg_catalog.format(
      'the heartbeats end at %s, but the database goes on: %s', v.heartbeat_at,
      pg_catalog.concat_ws(
        ', ',
        case when v.commit_at > v.heartbeat_at then pg_catalog.format('newest commit %s later', v.commit_at - v.heartbeat_at) end,
        case when v.row_at > v.heartbeat_at then pg_catalog.format('newest row of %s %s later', v.row_relation, v.row_at - v.heartbeat_at) end,
        case when v.replay_at > v.heartbeat_at then pg_catalog.format('last transaction recovered %s later', v.replay_at - v.heartbeat_at) end
      )
    ),
    'If heartbeats had stopped in production, mend their job there: until then the recovery point is told too early. Else clients date rows by clocks that run ahead, or somebody wrote into the copy.',
    pg_catalog.jsonb_build_object('heartbeat_interval_and_clock_skew', v.pause), v.moments
  from judged as v
  where v.is_exact
    and (
      v.commit_at > v.heartbeat_at + v.pause
      or v.row_at > v.heartbeat_at + v.pause
      or v.is_short and v.is_reached
    )
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
    'Take the setting away (alter database ... reset ...): only whoever verifies may say what now, the failure point, the restore point and a copy are.',
    null, pg_catalog.to_jsonb(s.setting)
  from pg_catalog.pg_db_role_setting as d
  cross join lateral pg_catalog.unnest(d.setconfig) as s (setting)
  where s.setting like 'drill.%'
    and d.setdatabase in (0, (select b.oid from pg_catalog.pg_database as b where b.datname = pg_catalog.current_database()))
$$;

comment on function drill.verify_recovery_point(timestamptz, boolean) is
  'Whether the data lost between the recovery point and the failure point (null: the setting drill.failure_point, else now) stays within the RPO of the policy, and whether heartbeats, rows, commits and the restore point that was asked for (setting drill.restore_point) agree';

revoke all on function drill.verify_recovery_point(timestamptz, boolean) from public;
