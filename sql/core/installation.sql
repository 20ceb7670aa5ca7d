-- Travels with every dump and every physical copy, so that a baseline of another
-- database is recognised however the copy is named.
create table drill.installation (
  installation_id uuid primary key default gen_random_uuid(),
  installed_at timestamptz not null default now(),
  is_only boolean not null default true,
  constraint installation_is_only_key unique (is_only),
  constraint installation_is_only_check check (is_only)
);

comment on table drill.installation is
  'One row: the identity that pgdrill gave this database when it was installed; a restored copy has the same one';
comment on column drill.installation.installation_id is 'Random identity, the same in production and in all of its copies';
comment on column drill.installation.installed_at is 'When pgdrill was installed; later than a baseline means installed after the restore';
comment on column drill.installation.is_only is 'Always true; keeps the table at one row';

insert into drill.installation default values;

revoke all on table drill.installation from public;
