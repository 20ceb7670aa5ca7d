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
