-- A person who knows that a copy may keep something edits its row; what a row says
-- of itself in a result is then "by policy".
create table drill.isolation_policy (
  kind text primary key,
  status text not null,
  description text not null,
  constraint isolation_policy_status_check check (status in ('fail', 'warn', 'skip'))
);

comment on table drill.isolation_policy is
  'How bad it is when a restored copy can reach the outside, or is reached: one row for each kind; edit them with update';
comment on column drill.isolation_policy.kind is 'Kind of thing, as drill.list_outbound() and drill.verify_isolation() name it';
comment on column drill.isolation_policy.status is 'fail, warn, or skip: do not judge it, and do not let pgdrill disarm touch it';
comment on column drill.isolation_policy.description is 'What the kind is';

insert into drill.isolation_policy (kind, status, description)
values
  ('event_trigger', 'fail', 'An event trigger is enabled whose function posts to the outside'),
  ('cron_job', 'fail', 'A job of pg_cron is active: it runs as soon as the copy does'),
  ('subscription', 'fail', 'A subscription is enabled: it uses up the replication slot of production'),
  ('webhook_trigger', 'fail', 'A trigger is enabled whose function posts to the outside'),
  ('request_queue', 'fail', 'Requests wait in the queue of pg_net, to be sent when the copy runs'),
  ('foreign_server', 'fail', 'A foreign server points at a host: foreign tables and dblink write there'),
  ('archiving', 'fail', 'The server archives its WAL, perhaps into the repository of production'),
  ('client', 'warn', 'Other clients are connected to the copy'),
  ('identity', 'fail', 'The server and database are those of production, or cannot be told from them');

revoke all on table drill.isolation_policy from public;
