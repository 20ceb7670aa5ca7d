-- What of the plan's drills is no duration that every copy is judged by. One row.
create table drill.drill_policy (
  is_only_row boolean primary key default true,
  is_app_required boolean not null default true,
  drill_every interval,
  drill_notice interval not null default interval '14 days',
  baseline_max_age interval not null default interval '1 day',
  follow_up_due interval not null default interval '14 days',
  constraint drill_policy_is_only_row_check check (is_only_row),
  constraint drill_policy_drill_every_check check (drill_every > interval '0' and isfinite(drill_every)),
  constraint drill_policy_drill_notice_check check (drill_notice >= interval '0' and isfinite(drill_notice)),
  constraint drill_policy_baseline_max_age_check check (baseline_max_age >= interval '0' and isfinite(baseline_max_age)),
  constraint drill_policy_follow_up_due_check check (follow_up_due >= interval '0' and isfinite(follow_up_due))
);

comment on table drill.drill_policy is
  'What a drill has to have, and how often there has to be one; edit it with update';
comment on column drill.drill_policy.is_only_row is 'Always true: there is one row';
comment on column drill.drill_policy.is_app_required is 'False: a drill of the database alone counts';
comment on column drill.drill_policy.drill_every is 'At most this long between good drills; null: one in each calendar quarter (UTC)';
comment on column drill.drill_policy.drill_notice is 'How long before its deadline the next drill is due';
comment on column drill.drill_policy.baseline_max_age is
  'How old the newest baseline may be: a drill that starts captures one when it is older';
comment on column drill.drill_policy.follow_up_due is
  'How long what a drill could not look at may stay so; what it found wrong: half as long';

insert into drill.drill_policy default values;

revoke all on table drill.drill_policy from public;
