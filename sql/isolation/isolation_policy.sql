create table drill.isolation_policy (
  kind text primary key,
  status text not null,
  description text not null,
  constraint isolation_policy_status_check check (status in ('fail', 'warn', 'skip'))
);

comment on table drill.isolation_policy is 'placeholder';
comment on column drill.isolation_policy.kind is 'x';
comment on column drill.isolation_policy.status is 'x';
comment on column drill.isolation_policy.description is 'x';

revoke all on table drill.isolation_policy from public;
