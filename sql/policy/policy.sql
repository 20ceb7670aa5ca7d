create table drill.policy (
  policy_name text primary key,
  policy_value interval not null,
  description text not null,
  constraint policy_policy_value_check check (policy_value >= interval '0' and isfinite(policy_value))
);

comment on table drill.policy is
  'The recovery plan as data: durations that the checks judge by; edit them with update';
comment on column drill.policy.policy_name is 'Name that the checks look up';
comment on column drill.policy.policy_value is 'The duration';
comment on column drill.policy.description is 'What the duration means';

revoke all on table drill.policy from public;
