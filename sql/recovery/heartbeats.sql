create table drill.heartbeats (
  beat_at timestamptz primary key,
  lsn pg_lsn not null,
  system_identifier bigint not null,
  timeline_id integer not null,
  started_at timestamptz not null,
  database_name text not null
);

comment on table drill.heartbeats is
  'Moments at which production was alive and writing; the newest one in a copy is its recovery point';
comment on column drill.heartbeats.beat_at is 'When the heartbeat was written';
comment on column drill.heartbeats.lsn is 'WAL insert position at that moment';
comment on column drill.heartbeats.system_identifier is 'Server that wrote it';
comment on column drill.heartbeats.timeline_id is 'Timeline on which it was written: tells production''s heartbeats from those of a copy whose jobs run on';

comment on column drill.heartbeats.started_at is 'Start of the server that wrote it: tells those that a copy writes since it runs';
comment on column drill.heartbeats.database_name is 'Database in which it was written: a copy may stand beside production on one server';

revoke all on table drill.heartbeats from public;
