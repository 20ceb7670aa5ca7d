-- What of the plan's drills is no duration that every copy is judged by. One row.
create table drill.drill_policy (
  is_only_row boolean primary key default true,
  is_app_required boolean not null default true,
  drill_every interval,
  constraint drill_policy_is_only_row_check check (is_only_row),
  constraint drill_policy_drill_every_check check (drill_every > interval '0')
);

comment on table drill.drill_policy is
  'What a drill has to have, and how often there has to be one; edit it with update';
comment on column drill.drill_policy.is_only_row is 'Always true: there is one row';
comment on column drill.drill_policy.is_app_required is 'False: a drill of the database alone counts';
comment on column drill.drill_policy.drill_every is 'At most this long between good drills; null: one in each calendar quarter (UTC)';

insert into drill.drill_policy default values;

revoke all on table drill.drill_policy from public;
