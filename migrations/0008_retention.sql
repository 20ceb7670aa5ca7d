-- Up Migration

-- begin copy of sql/retention/retention_policy.sql
-- How many backups the plan promises, as data. One row.
create table drill.retention_policy (
  is_only_row boolean primary key default true,
  daily_count integer not null default 30,
  weekly_count integer not null default 12,
  monthly_count integer not null default 12,
  gap_tolerance interval not null default interval '1 hour',
  backups_since timestamptz,
  constraint retention_policy_is_only_row_check check (is_only_row),
  constraint retention_policy_daily_count_check check (daily_count between 0 and 3660),
  constraint retention_policy_weekly_count_check check (weekly_count between 0 and 520),
  constraint retention_policy_monthly_count_check check (monthly_count between 0 and 120),
  constraint retention_policy_gap_tolerance_check check (gap_tolerance >= interval '0' and isfinite(gap_tolerance)),
  constraint retention_policy_backups_since_check check (isfinite(backups_since))
);

comment on table drill.retention_policy is
  'How many days, weeks and months have to have a backup; edit it with update';
comment on column drill.retention_policy.is_only_row is 'Always true: there is one row';
comment on column drill.retention_policy.daily_count is 'Each of so many last UTC days has a backup; today counts once it has its own';
comment on column drill.retention_policy.weekly_count is 'Each of so many last complete ISO weeks (UTC) has a backup';
comment on column drill.retention_policy.monthly_count is 'Each of so many last complete months (UTC) has a backup';
comment on column drill.retention_policy.gap_tolerance is
  'By how much a pause between backups, or the age of the newest, may exceed the RPO and be only a warning';
comment on column drill.retention_policy.backups_since is
  'Since when backups are made: slots before it are neither pass nor fail; null when nobody says so, and then missing old ones fail';

insert into drill.retention_policy default values;

revoke all on table drill.retention_policy from public;
-- end copy of sql/retention/retention_policy.sql

-- begin copy of sql/retention/backup_inventories.sql
-- Where backups are listed, as last recorded by pgdrill retention --record. Names and numbers only, no addresses or secrets.
create table drill.backup_inventories (
  source text primary key,
  format text not null,
  read_at timestamptz not null,
  keeps_days integer,
  window_starts_at timestamptz,
  window_ends_at timestamptz,
  constraint backup_inventories_keeps_days_check check (keeps_days > 0),
  constraint backup_inventories_window_check check (
    (window_starts_at is null) = (window_ends_at is null) and coalesce(window_starts_at <= window_ends_at, true)
  )
);

comment on table drill.backup_inventories is
  'Inventories of backups as last recorded, one row each; delete the row of one that is no longer in use, its backups go with it';
comment on column drill.backup_inventories.source is 'Its name, such as pgbackrest main';
comment on column drill.backup_inventories.format is 'What it was read as: own, dumps, csv, json, pgbackrest, barman, wal-g or supabase';
comment on column drill.backup_inventories.read_at is 'When it was read';
comment on column drill.backup_inventories.keeps_days is 'The source deletes what is older than so many days; null: no such limit is known';
comment on column drill.backup_inventories.window_starts_at is 'Oldest moment of its point-in-time recovery; null: it offers none';
comment on column drill.backup_inventories.window_ends_at is 'Newest moment of its point-in-time recovery';

revoke all on table drill.backup_inventories from public;
-- end copy of sql/retention/backup_inventories.sql

-- begin copy of sql/retention/backups.sql
-- The backups of those inventories. Their listing says that they are there: only a restore proves it.
create table drill.backups (
  source text not null,
  backup_id text not null,
  kind text not null,
  started_at timestamptz,
  finished_at timestamptz,
  usable text not null,
  reason text,
  depends_on text[] not null default '{}',
  byte_count numeric,
  is_pinned boolean not null default false,
  position_number integer,
  times_listed integer not null default 1,
  constraint backups_pkey primary key (source, backup_id),
  constraint backups_source_fkey foreign key (source) references drill.backup_inventories (source) on delete cascade,
  constraint backups_kind_check check (kind in ('full', 'diff', 'incr', 'logical', 'unknown')),
  constraint backups_usable_check check (usable in ('yes', 'no', 'unknown')),
  constraint backups_times_listed_check check (times_listed > 0)
);

comment on table drill.backups is
  'Backups as last recorded by pgdrill retention --record, one row each';
comment on column drill.backups.source is 'The inventory that lists it';
comment on column drill.backups.backup_id is 'Its name there';
comment on column drill.backups.kind is 'full, diff, incr, logical or unknown';
comment on column drill.backups.started_at is 'When it was begun; of a logical one the moment of its snapshot';
comment on column drill.backups.finished_at is 'When it was finished; null when not known, or never';
comment on column drill.backups.usable is 'What the inventory says of it alone: yes, no or unknown; its chain is looked at when it is judged';
comment on column drill.backups.reason is 'Why it is not usable, or what was assumed';
comment on column drill.backups.depends_on is 'Backups of the same source without which it cannot be restored';
comment on column drill.backups.byte_count is 'Its size; null when not known';
comment on column drill.backups.is_pinned is 'Kept for good by its tool';
comment on column drill.backups.position_number is 'Its place in the order in which the source says that they were made; null when it says none';
comment on column drill.backups.times_listed is 'How often the source lists it';

revoke all on table drill.backups from public;
-- end copy of sql/retention/backups.sql

-- begin copy of sql/retention/record_backups.sql
-- Replaces what was recorded of the same sources, whole: a backup that is gone must not be remembered as held.
create or replace function drill.record_backups(p_held jsonb)
returns integer
language plpgsql
volatile
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
declare
  v_count integer;
begin
  if pg_catalog.jsonb_typeof(p_held -> 'sources') is distinct from 'array'
    or pg_catalog.jsonb_typeof(p_held -> 'backups') is distinct from 'array'
  then
    raise exception using
      errcode = 'RD007',
      message = 'cannot record backups: there are no lists of sources and backups',
      hint = 'Record them with: pgdrill retention --inventory FILE --target production --record.';
  end if;

  delete from drill.backup_inventories as i
  where i.source in (select s.value ->> 'source' from pg_catalog.jsonb_array_elements(p_held -> 'sources') as s);

  insert into drill.backup_inventories (source, format, read_at, keeps_days, window_starts_at, window_ends_at)
  select
    s.source,
    s.format,
    s.read_at,
    s.keeps_days,
    (s."window" ->> 'from')::timestamptz,
    (s."window" ->> 'until')::timestamptz
  from pg_catalog.jsonb_to_recordset(p_held -> 'sources') as s (
    source text, format text, read_at timestamptz, keeps_days integer, "window" jsonb
  );

  insert into drill.backups (
    source, backup_id, kind, started_at, finished_at, usable, reason, depends_on, byte_count, is_pinned, position_number, times_listed
  )
  select
    b.source,
    b.id,
    b.kind,
    b.started_at,
    b.finished_at,
    b.usable,
    b.reason,
    array(select d.value from pg_catalog.jsonb_array_elements_text(b.depends_on) as d),
    b.bytes::numeric,
    b.is_pinned,
    b."position",
    b.times_listed
  from pg_catalog.jsonb_to_recordset(p_held -> 'backups') as b (
    source text, id text, kind text, started_at timestamptz, finished_at timestamptz, usable text, reason text,
    depends_on jsonb, bytes text, is_pinned boolean, "position" integer, times_listed integer
  );

  get diagnostics v_count = row_count;
  return v_count;
end
$$;

comment on function drill.record_backups(jsonb) is
  'Stores inventories of backups as pgdrill retention read them, in place of what was recorded of the same sources; answers with their number';

revoke all on function drill.record_backups(jsonb) from public;
-- end copy of sql/retention/record_backups.sql

-- begin copy of sql/retention/export_backups.sql
create or replace function drill.export_backups()
returns jsonb
language sql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
  select pg_catalog.jsonb_build_object(
    'policy', (
      select pg_catalog.jsonb_build_object(
        'daily', p.daily_count,
        'weekly', p.weekly_count,
        'monthly', p.monthly_count,
        'since', p.backups_since,
        'gap_tolerance_seconds', extract(epoch from p.gap_tolerance),
        'rpo_seconds', extract(epoch from drill.get_policy('rpo')),
        'clock_skew_seconds', extract(epoch from drill.get_policy('clock_skew'))
      )
      from drill.retention_policy as p
    ),
    'now', drill.get_now(),
    'sources', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'source', i.source,
            'format', i.format,
            'read_at', i.read_at,
            'keeps_days', i.keeps_days,
            'window', case
              when i.window_starts_at is not null
                then pg_catalog.jsonb_build_object('from', i.window_starts_at, 'until', i.window_ends_at)
            end
          )
          order by i.source collate "C"
        )
        from drill.backup_inventories as i
      ),
      '[]'
    ),
    'backups', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'source', b.source,
            'id', b.backup_id,
            'kind', b.kind,
            'started_at', b.started_at,
            'finished_at', b.finished_at,
            'usable', b.usable,
            'reason', b.reason,
            'depends_on', b.depends_on,
            'bytes', b.byte_count::text,
            'is_pinned', b.is_pinned,
            'position', b.position_number,
            'times_listed', b.times_listed
          )
          order by b.source collate "C", b.backup_id collate "C"
        )
        from drill.backups as b
      ),
      '[]'
    )
  )
$$;

comment on function drill.export_backups() is
  'The recorded inventories with their backups, the policy that they are judged by (durations in seconds), and now; what pgdrill retention judges when no inventory is given';

revoke all on function drill.export_backups() from public;
-- end copy of sql/retention/export_backups.sql

-- begin copy of sql/retention/_list_held_backups.sql
-- The last word on each recorded backup, as src/rules/backups-held.ts has it: usable itself, with a time, not ended before it
-- began, and every backup that it depends on there, usable, and ended before it. Only what is bad travels along the chains, so
-- that sound ones cost nothing; and a circle is never sound, as somewhere in it time goes backwards.
create or replace function drill._list_held_backups()
returns table (
  source text,
  backup_id text,
  kind text,
  finished_at timestamptz,
  reaches_at timestamptz,
  usable text,
  reason text,
  byte_count numeric,
  position_number integer
)
language sql
stable
set search_path = ''
as $$
  with recursive link as materialized (
    select b.source, b.backup_id, d.depends_on, b.finished_at, p.backup_id as parent_id, p.finished_at as parent_finished_at
    from drill.backups as b
    cross join lateral pg_catalog.unnest(b.depends_on) as d (depends_on)
    left join drill.backups as p on p.source = b.source and p.backup_id = d.depends_on
  ),
  itself as materialized (
    select
      b.*,
      case
        when b.usable = 'no' or l.is_missing then 'no'
        when b.usable = 'unknown' or b.finished_at is null or b.started_at > b.finished_at or l.is_backward then 'unknown'
        else 'yes'
      end as state,
      case
        when b.usable <> 'yes' then b.reason
        when l.is_missing then 'its chain is broken: a backup that it depends on is missing'
        when b.finished_at is null then 'it is not known when it was finished'
        when b.started_at > b.finished_at then 'it ended before it began'
        when l.is_backward then 'it depends on one that did not end before it'
        else b.reason
      end as why
    from drill.backups as b
    left join (
      select
        k.source,
        k.backup_id,
        pg_catalog.bool_or(k.parent_id is null) as is_missing,
        coalesce(pg_catalog.bool_or(k.parent_finished_at >= k.finished_at), false) as is_backward
      from link as k
      group by k.source, k.backup_id
    ) as l using (source, backup_id)
  ),
  bad (source, backup_id, state) as (
    select i.source, i.backup_id, i.state
    from itself as i
    where i.state <> 'yes'
    union
    select k.source, k.backup_id, b.state
    from bad as b
    inner join link as k on k.source = b.source and k.parent_id = b.backup_id
  ),
  -- 'no' sorts before 'unknown', and outranks it.
  worst as (
    select b.source, b.backup_id, pg_catalog.min(b.state collate "C") as state
    from bad as b
    group by b.source, b.backup_id
  )
  select
    i.source,
    i.backup_id,
    i.kind,
    i.finished_at,
    case when i.kind = 'logical' then coalesce(i.started_at, i.finished_at) else i.finished_at end,
    coalesce(w.state, 'yes'),
    case
      when w.state is distinct from i.state and w.state is not null
        then 'its chain is broken: a backup that it depends on is not usable, or not known to be'
      else i.why
    end,
    i.byte_count,
    i.position_number
  from itself as i
  left join worst as w using (source, backup_id)
$$;

comment on function drill._list_held_backups() is
  'Internal: each recorded backup with whether it can be restored, its chain looked at, and up to when its data reaches';

revoke all on function drill._list_held_backups() from public;
-- end copy of sql/retention/_list_held_backups.sql

-- begin copy of sql/retention/_list_retention_slots.sql
-- The calendar of the policy, in UTC: days with today, complete ISO weeks, complete months, as src/rules/retention-slots.ts
-- has it. Of the days there is one more than the policy asks for: whether today or the oldest counts depends on the backups.
create or replace function drill._list_retention_slots(p_now timestamptz)
returns table (tier text, label text, starts_at timestamptz, ends_at timestamptz, age integer)
language sql
stable
set search_path = ''
set timezone = 'UTC'
as $$
  select t.tier, pg_catalog.to_char(t.starts_at, t.pattern), t.starts_at, t.starts_at + t.step, n.age
  from drill.retention_policy as p
  cross join lateral (
    values
      ('daily', 'day', interval '1 day', 0, p.daily_count),
      ('weekly', 'week', interval '7 days', 1, p.weekly_count),
      ('monthly', 'month', interval '1 month', 1, p.monthly_count)
  ) as k (tier, unit, step, first_age, last_age)
  cross join lateral pg_catalog.generate_series(k.first_age, k.last_age) as n (age)
  cross join lateral (
    select
      k.tier,
      k.step,
      pg_catalog.date_trunc(k.unit, p_now) - n.age * k.step as starts_at,
      case k.tier when 'daily' then 'YYYY-MM-DD' when 'weekly' then 'IYYY-"W"IW' else 'YYYY-MM' end as pattern
  ) as t
  where k.last_age > 0
$$;

comment on function drill._list_retention_slots(timestamptz) is
  'Internal: the slots of the retention policy at a moment, with how many slots ago each is; today is number 0';

revoke all on function drill._list_retention_slots(timestamptz) from public;
-- end copy of sql/retention/_list_retention_slots.sql

-- begin copy of sql/retention/verify_retention.sql
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
-- end copy of sql/retention/verify_retention.sql

-- Down Migration

drop function drill.verify_retention();
drop function drill._list_retention_slots(timestamptz);
drop function drill._list_held_backups();
drop function drill.export_backups();
drop function drill.record_backups(jsonb);
drop table drill.backups;
drop table drill.backup_inventories;
drop table drill.retention_policy;
