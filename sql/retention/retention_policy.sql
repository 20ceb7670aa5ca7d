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
