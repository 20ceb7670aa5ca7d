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
