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
