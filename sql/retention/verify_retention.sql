-- Judges the recorded inventories by the rules of src/rules/judge-retention.ts; one set of test vectors holds both to the
-- same answers. One more good backup never makes the verdict worse: what could is a warning.
create or replace function drill.verify_retention()
returns setof drill.check_result
language sql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
  with setting as materialized (
    select
      n.now_at,
      p.*,
      drill.get_policy('rpo') as rpo,
      drill.get_policy('rpo') + p.gap_tolerance as limit_of_rpo,
      n.now_at + drill.get_policy('clock_skew') as latest_at
    from drill.retention_policy as p
    cross join (select drill.get_now() as now_at) as n
  ),
  held as materialized (
    select h.*
    from drill._list_held_backups() as h
  ),
  good as materialized (
    select h.*
    from held as h
    cross join setting as s
    where h.usable = 'yes'
      and h.finished_at <= s.latest_at
  ),
  recovery_window as materialized (
    select i.source, i.window_starts_at as starts_at, least(i.window_ends_at, s.now_at) as ends_at
    from drill.backup_inventories as i
    cross join setting as s
    where i.window_starts_at <= least(i.window_ends_at, s.now_at)
  ),
  -- From when on it is not known that nothing can be restored: src/rules/retention-gaps.ts says why.
  doubt as materialized (
    select
      least(
        pg_catalog.min(i.read_at) filter (where i.read_at < s.now_at - s.limit_of_rpo),
        pg_catalog.min(least(i.window_ends_at, s.now_at))
      ) as doubt_at
    from drill.backup_inventories as i
    cross join setting as s
  ),
  beginning as materialized (
    select
      coalesce(
        s.backups_since,
        least(
          (select pg_catalog.min(g.finished_at) from good as g),
          (select pg_catalog.min(h.finished_at) from held as h where h.usable <> 'yes'),
          (select pg_catalog.min(w.starts_at) from recovery_window as w)
        )
      ) as since_at,
      s.backups_since is not null as is_stated
    from setting as s
  ),
  calendar as materialized (
    select c.*
    from setting as s
    cross join lateral drill._list_retention_slots(s.now_at) as c
  ),
  filler as materialized (
    select distinct on (f.tier, f.age) f.*
    from (
      select c.tier, c.age, g.source, g.backup_id, g.finished_at as filled_at
      from calendar as c
      inner join good as g on g.finished_at >= c.starts_at and g.finished_at < c.ends_at
      union all
      select c.tier, c.age, w.source, null, least(w.ends_at, c.ends_at - interval '1 millisecond')
      from calendar as c
      inner join recovery_window as w on w.starts_at < c.ends_at and w.ends_at >= c.starts_at
    ) as f
    order by f.tier, f.age, f.filled_at desc, f.source collate "C" desc, f.backup_id is null, f.backup_id collate "C" desc
  ),
  slot as materialized (
    select
      c.*,
      f.source,
      f.backup_id,
      f.filled_at,
      c.tier || ' ' || c.label as slot_name,
      case
        when f.filled_at is not null then 'filled'
        when c.tier = 'daily' and c.age = 0 then 'open'
        when c.starts_at < b.since_at then 'not_yet_possible'
        else 'empty'
      end as state,
      case c.tier when 'daily' then 1 when 'weekly' then 2 else 3 end as tier_number,
      coalesce(c.ends_at > d.doubt_at, false) as is_doubtful
    from calendar as c
    cross join beginning as b
    cross join setting as s
    cross join doubt as d
    left join filler as f using (tier, age)
    -- Today takes the place of the oldest day once it has its backup.
    where c.tier <> 'daily'
      or c.age < s.daily_count
      or not exists (select from filler as t where t.tier = 'daily' and t.age = 0)
  ),
  judged as materialized (
    select l.*
    from slot as l
    where l.state <> 'open'
  ),
  span as materialized (
    select g.reaches_at as starts_at, g.reaches_at as ends_at
    from good as g
    union all
    select w.starts_at, w.ends_at
    from recovery_window as w
  ),
  reach as materialized (
    select
      pg_catalog.min(p.starts_at) as oldest_at,
      pg_catalog.max(p.ends_at) as newest_at,
      (select pg_catalog.min(j.starts_at) from judged as j) as wanted_at,
      (select pg_catalog.count(*) from judged as j where j.state = 'not_yet_possible') as before_count
    from span as p
  ),
  gap_window as (
    select
      case
        -- What is missing before the first backup is a failure of its own where nobody states since when there are any.
        when b.is_stated or pg_catalog.bool_or(j.state = 'not_yet_possible')
          then greatest(pg_catalog.min(j.starts_at), b.since_at)
        else pg_catalog.min(j.starts_at)
      end as starts_at
    from judged as j
    cross join beginning as b
    where j.tier = 'daily'
    group by b.is_stated, b.since_at
  ),
  pause as (
    select
      greatest(w.starts_at, pg_catalog.max(p.ends_at) over earlier) as starts_at,
      least(p.starts_at, s.now_at) as ends_at
    from span as p
    cross join gap_window as w
    cross join setting as s
    window earlier as (order by p.starts_at, p.ends_at rows between unbounded preceding and 1 preceding)
  ),
  gap as materialized (
    select
      p.starts_at,
      p.ends_at,
      p.ends_at - p.starts_at as length,
      p.ends_at - p.starts_at > s.limit_of_rpo as is_wide,
      least(p.ends_at, d.doubt_at) - p.starts_at > s.limit_of_rpo as is_sure
    from pause as p
    cross join setting as s
    cross join doubt as d
    where p.ends_at - p.starts_at > s.rpo
  ),
  gaps as (
    select
      pg_catalog.count(*) as gap_count,
      pg_catalog.max(g.length) as longest,
      coalesce(pg_catalog.bool_or(g.is_sure), false) as is_sure,
      coalesce(pg_catalog.bool_or(g.is_wide), false) as is_wide,
      (
        select pg_catalog.format('%s from %s to %s', o.length, o.starts_at, o.ends_at)
        from gap as o
        order by o.is_sure desc, o.length desc, o.starts_at
        limit 1
      ) as example
    from gap as g
  ),
  limits as (
    select
      pg_catalog.max(i.keeps_days) as keeps_days,
      pg_catalog.string_agg(i.source, ' and ' order by i.source collate "C") as names,
      coalesce(
        pg_catalog.ceil(extract(epoch from (select s.now_at - pg_catalog.min(j.ends_at) from judged as j, setting as s group by s.now_at)) / 86400),
        0
      ) as needed_days,
      coalesce(
        extract(epoch from (select s.now_at - pg_catalog.min(j.ends_at) from judged as j, setting as s group by s.now_at)) / 86400,
        0
      ) as exact_days
    from drill.backup_inventories as i
    having pg_catalog.count(*) > 0
      and pg_catalog.count(*) = pg_catalog.count(i.keeps_days)
  ),
  neighbour as (
    select
      g.source,
      g.backup_id,
      g.byte_count,
      array[
        pg_catalog.lag(g.byte_count, 1) over series, pg_catalog.lag(g.byte_count, 2) over series,
        pg_catalog.lag(g.byte_count, 3) over series, pg_catalog.lead(g.byte_count, 1) over series,
        pg_catalog.lead(g.byte_count, 2) over series, pg_catalog.lead(g.byte_count, 3) over series
      ] as byte_counts
    from good as g
    where g.byte_count is not null
      and g.kind not in ('diff', 'incr')
    window series as (partition by g.source, g.kind order by g.finished_at, g.backup_id collate "C")
  ),
  odd as materialized (
    select
      'backup_sizes' as check_name,
      n.source,
      n.backup_id,
      pg_catalog.format('%s has %s bytes, its neighbours %s', n.backup_id, n.byte_count, m.median) as sentence
    from neighbour as n
    cross join lateral (
      select
        pg_catalog.percentile_disc(0.5) within group (order by u.byte_count) as median,
        pg_catalog.count(u.byte_count) as neighbour_count
      from pg_catalog.unnest(n.byte_counts) as u (byte_count)
      where u.byte_count is not null
    ) as m
    where m.neighbour_count >= 3
      and n.byte_count * 2 < m.median
    union all
    select 'backup_times', h.source, h.backup_id, pg_catalog.format('%s is of the future: %s', h.backup_id, h.finished_at)
    from held as h
    cross join setting as s
    where h.usable = 'yes'
      and h.finished_at > s.latest_at
    union all
    select
      'backup_times', o.source, o.backup_id,
      pg_catalog.format('%s was made after %s and ended before it', o.backup_id, o.before_id)
    from (
      select
        h.source,
        h.backup_id,
        h.finished_at,
        pg_catalog.lag(h.backup_id) over made as before_id,
        pg_catalog.lag(h.finished_at) over made as before_at
      from held as h
      where h.finished_at is not null
        and h.position_number is not null
      window made as (partition by h.source order by h.position_number)
    ) as o
    where o.finished_at < o.before_at
    union all
    select
      'backups_usable', h.source, h.backup_id,
      pg_catalog.format(
        '%s: %s', h.backup_id,
        coalesce(h.reason, case h.usable when 'no' then 'it is not usable' else 'it is not known whether it is usable' end)
      )
    from held as h
    where h.usable <> 'yes'
  ),
  odd_check (check_name, fine, hint) as (
    values
      (
        'backups_usable', 'all backups are usable as far as the inventories tell',
        'They fill no slot. Look why they failed, and delete them if nothing depends on them.'
      ),
      ('backup_sizes', 'no backup is far smaller than its neighbours', 'Look at these before you rely on them.'),
      ('backup_times', 'times are in order, and none lies in the future', 'Look at these before you rely on them.')
  ),
  duplicate as (
    select pg_catalog.count(*) as duplicate_count
    from (
      select b.backup_id from drill.backups as b where b.times_listed > 1
      union all
      select b.backup_id
      from (
        select d.backup_id, pg_catalog.row_number() over (partition by d.backup_id, d.finished_at) as occurrence
        from drill.backups as d
        where d.finished_at is not null
      ) as b
      where b.occurrence > 1
    ) as t
  ),
  result (part, place, name, check_name, object_name, status, detail, hint, expected, actual) as (
    select
      1, 0, i.source, 'inventory', i.source,
      case
        when s.now_at - i.read_at > s.limit_of_rpo then 'error'
        when c.listed = 0 and i.window_starts_at is null then 'warn'
        else 'pass'
      end,
      pg_catalog.format('%s: %s listed, %s usable', i.source, c.listed, c.usable)
        || case when i.window_starts_at is not null then ', and a window of point-in-time recovery' else '' end
        || case
          when s.now_at - i.read_at > s.limit_of_rpo
            then pg_catalog.format('; read %s ago, so what is held now is not known', s.now_at - i.read_at)
          else ''
        end,
      case
        when s.now_at - i.read_at > s.limit_of_rpo
          then 'Record it again (pgdrill retention --inventory FILE --target production --record); delete its row in drill.backup_inventories if it is no longer in use.'
        when c.listed = 0 and i.window_starts_at is null then 'Check that this is the right repository, server or folder.'
      end,
      null::jsonb,
      pg_catalog.jsonb_build_object('listed', c.listed, 'usable', c.usable)
    from drill.backup_inventories as i
    cross join setting as s
    cross join lateral (
      select
        (select pg_catalog.count(*) from held as h where h.source = i.source) as listed,
        (select pg_catalog.count(*) from good as g where g.source = i.source) as usable
    ) as c
    union all
    select
      1, 0, null, 'inventory', null, 'error', 'there is no inventory',
      'Record one: pgdrill retention --inventory FILE --target production --record.', null, null
    where not exists (select from drill.backup_inventories)
    union all
    select
      2, l.tier_number * 10000 + l.age, null, 'retention', l.slot_name,
      case
        when l.state = 'filled' then 'pass'
        when l.state <> 'empty' then 'skip'
        when l.is_doubtful then 'error'
        else 'fail'
      end,
      case l.state
        when 'filled'
          then pg_catalog.format('%s: %s of %s, %s', l.slot_name, coalesce(l.backup_id, 'the window'), l.source, l.filled_at)
        when 'open' then l.slot_name || ': no backup yet, and the day is not over'
        when 'not_yet_possible' then l.slot_name || ': before the first backup'
        else l.slot_name || ': no backup'
          || case when l.is_doubtful then ' is known, and what the inventories say does not reach so far' else '' end
      end
        || coalesce(
          (
            select pg_catalog.format(' (%s does not count: %s)', h.backup_id, h.reason)
            from held as h
            where l.state <> 'filled'
              and h.usable <> 'yes'
              and h.finished_at >= l.starts_at
              and h.finished_at < l.ends_at
            order by h.finished_at, h.source collate "C", h.backup_id collate "C"
            limit 1
          ),
          ''
        ),
      case
        when l.state = 'empty' and l.is_doubtful
          then 'Record the inventory again; with point-in-time recovery call drill.record_heartbeat() and see whether the newest restore point follows.'
        when l.state = 'empty'
          then 'It cannot be made up for: find out why it was not made or was deleted, so that it does not go on.'
      end,
      null,
      case when l.state = 'filled' then pg_catalog.jsonb_build_object('source', l.source, 'id', l.backup_id) end
    from slot as l
    union all
    select
      3, 0, null, 'retention_reach', null,
      case
        when r.oldest_at is null then 'fail'
        when r.before_count > 0 and not b.is_stated then 'fail'
        when b.is_stated and r.oldest_at < b.since_at then 'warn'
        else 'pass'
      end,
      case
        when r.oldest_at is null then 'there is no usable backup'
        else pg_catalog.format('backups reach back to %s', r.oldest_at)
          || case
            when r.before_count > 0 and not b.is_stated
              then pg_catalog.format('; %s slots of the policy lie before the first backup, and nothing says whether none was made then or they were deleted', r.before_count)
            when b.is_stated and r.oldest_at < b.since_at then pg_catalog.format(', but are said to be made only since %s', b.since_at)
            when r.before_count > 0 then pg_catalog.format('; %s slots lie before %s, since when backups are made', r.before_count, b.since_at)
            else ''
          end
      end,
      case
        when r.oldest_at is null then 'Make one now.'
        when r.before_count > 0 and not b.is_stated
          then 'If backups are made only since then, say so: update drill.retention_policy set backups_since = ... Else keep them longer.'
        when b.is_stated and r.oldest_at < b.since_at then 'Correct since when backups are made.'
      end,
      pg_catalog.jsonb_build_object('reaches_back_to', pg_catalog.to_char(coalesce(r.wanted_at, s.now_at), 'YYYY-MM-DD')),
      case
        when r.oldest_at is not null
          then pg_catalog.jsonb_build_object('reaches_back_to', pg_catalog.to_char(r.oldest_at, 'YYYY-MM-DD'))
      end
    from reach as r
    cross join beginning as b
    cross join setting as s
    union all
    select
      4, 0, null, 'retention_limit', null,
      case when t.keeps_days >= t.exact_days then 'pass' else 'fail' end,
      case
        when t.keeps_days >= t.exact_days
          then pg_catalog.format('%s may keep backups for %s days, which the policy does not exceed', t.names, t.keeps_days)
        else pg_catalog.format(
          'the policy cannot be met: %s keeps backups for at most %s days, and it needs one that is %s days old',
          t.names, t.keeps_days, t.needed_days
        )
      end,
      case
        when t.keeps_days < t.exact_days
          then 'Keep backups of your own beside it (pgdrill backup), and give them as a second inventory; or write down what is kept as the policy.'
      end,
      pg_catalog.jsonb_build_object('days', t.needed_days),
      pg_catalog.jsonb_build_object('days', t.keeps_days)
    from limits as t
    union all
    select
      5, 0, null, 'backup_age', null,
      case
        when a.age is null then 'fail'
        when a.age <= s.rpo then 'pass'
        when a.age <= s.limit_of_rpo then 'warn'
        -- What lies before the doubt is sure.
        when d.doubt_at - a.newest_at <= s.limit_of_rpo then 'error'
        else 'fail'
      end,
      case
        when a.age is null then 'there is no usable backup'
        else pg_catalog.format(
          'the newest restorable moment is %s, %s ago; the RPO is %s%s', a.newest_at, a.age, s.rpo,
          case
            when a.age > s.limit_of_rpo and d.doubt_at - a.newest_at <= s.limit_of_rpo
              then '; but an inventory is old, or point-in-time recovery ends early: in a database without writes, or because archiving has stopped'
            else ''
          end
        )
      end,
      case
        when a.age <= s.rpo then null
        when a.age <= s.limit_of_rpo then 'The next backup is due now: look again.'
        when d.doubt_at - a.newest_at <= s.limit_of_rpo
          then 'Record the inventory again; with point-in-time recovery call drill.record_heartbeat() and see whether the newest restore point follows.'
        else 'Make a backup now.'
      end,
      pg_catalog.jsonb_build_object('rpo_seconds', pg_catalog.round(extract(epoch from s.rpo))),
      case
        when a.age is not null
          then pg_catalog.jsonb_build_object('age_seconds', pg_catalog.round(extract(epoch from a.age)))
      end
    from setting as s
    cross join lateral (
      select r.newest_at, greatest(s.now_at - r.newest_at, case when r.newest_at is not null then interval '0' end) as age
      from reach as r
    ) as a
    cross join doubt as d
    union all
    select
      6, 0, null, 'backup_gaps', null,
      case
        when s.daily_count = 0 or r.oldest_at is null then 'skip'
        when g.is_sure then 'fail'
        when g.is_wide then 'error'
        when g.gap_count > 0 then 'warn'
        else 'pass'
      end,
      case
        when s.daily_count = 0 then 'gaps are not looked for: the policy asks for no days'
        when r.oldest_at is null then 'gaps are not looked for: there is no usable backup'
        when g.gap_count = 0 then pg_catalog.format('no pause between backups in the days of the policy is longer than the RPO of %s', s.rpo)
        else pg_catalog.format('%s pauses between backups longer than the RPO of %s, such as %s', g.gap_count, s.rpo, g.example)
          || case
            when g.is_sure then ''
            when g.is_wide
              then '; an inventory is old, or a window of point-in-time recovery ends early, as in a database without writes'
            else ', within the tolerance'
          end
      end,
      case
        when s.daily_count > 0 and r.oldest_at is not null and g.gap_count > 0
          then 'Restoring to a moment in a pause loses all since its beginning: find out which backup was not made.'
      end,
      case
        when s.daily_count > 0 and r.oldest_at is not null
          then pg_catalog.jsonb_build_object('rpo_seconds', pg_catalog.round(extract(epoch from s.rpo)))
      end,
      case
        when s.daily_count = 0 or r.oldest_at is null then null
        when g.gap_count = 0 then '{"gaps": 0}'::jsonb
        else pg_catalog.jsonb_build_object(
          'gaps', g.gap_count, 'longest_seconds', pg_catalog.round(extract(epoch from g.longest))
        )
      end
    from setting as s
    cross join reach as r
    cross join gaps as g
    union all
    select
      7, 0, o.check_name || ' ' || o.source, o.check_name, o.source, 'warn',
      pg_catalog.format(
        '%s: %s%s', o.source, pg_catalog.array_to_string(o.sentences[1:5], '; '),
        case when o.odd_count > 5 then pg_catalog.format('; and %s more', o.odd_count - 5) else '' end
      ),
      o.hint, null, pg_catalog.jsonb_build_object('backups', o.odd_count)
    from (
      select
        d.check_name,
        d.source,
        c.hint,
        pg_catalog.count(*) as odd_count,
        pg_catalog.array_agg(d.sentence order by d.backup_id collate "C", d.sentence collate "C") as sentences
      from odd as d
      inner join odd_check as c using (check_name)
      group by d.check_name, d.source, c.hint
    ) as o
    union all
    select
      7, 0, c.check_name, c.check_name, null,
      case when c.check_name = 'backups_usable' and not exists (select from held) then 'skip' else 'pass' end,
      case when c.check_name = 'backups_usable' and not exists (select from held) then 'no backup is listed' else c.fine end,
      null, null, null
    from odd_check as c
    where not exists (select from odd as d where d.check_name = c.check_name)
    union all
    select
      8, 0, null, 'backup_duplicates', null,
      case when d.duplicate_count = 0 then 'pass' else 'warn' end,
      case
        when d.duplicate_count = 0 then 'no backup is listed twice'
        else pg_catalog.format('%s listed more than once', d.duplicate_count)
      end,
      case when d.duplicate_count > 0 then 'It counts once: check that the inventories are not of the same place.' end,
      null,
      case when d.duplicate_count > 0 then pg_catalog.jsonb_build_object('backups', d.duplicate_count) end
    from duplicate as d
    union all
    select
      9, 0, null, 'retention', null, 'error', 'there is no retention policy: the table drill.retention_policy is empty',
      'Insert its row: insert into drill.retention_policy default values.', null, null
    where not exists (select from drill.retention_policy)
  )
  select r.check_name, r.object_name, r.status, r.detail, r.hint, r.expected, r.actual
  from result as r
  -- Without an inventory nothing was looked at.
  where r.part in (1, 9)
    or exists (select from drill.backup_inventories)
  order by r.part, r.place, r.name collate "C"
$$;

comment on function drill.verify_retention() is
  'Whether the recorded backups fill the slots of drill.retention_policy, are young enough for the RPO and without gaps; one row per inventory, slot and check';

revoke all on function drill.verify_retention() from public;
