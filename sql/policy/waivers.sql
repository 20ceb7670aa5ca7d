-- A waiver accepts one finding, in writing. What the verdict rests on (that this is
-- a copy, with the checks that pgdrill ships) cannot be waived, hence the list.
create table drill.waivers (
  check_name text not null,
  object_name text,
  reason text not null,
  owner text not null,
  until date not null,
  written_at timestamptz not null default now(),
  constraint waivers_check_name_check check (
    check_name in (
      'access', 'amcheck', 'app_browser', 'app_health', 'app_keys', 'app_page', 'app_sync', 'app_worker',
      'buckets_present', 'critical_relations', 'days_present', 'fingerprints', 'guard_rpc', 'guards_fire', 'indexes',
      'isolation', 'newest_timestamps', 'objects', 'orphans', 'partition_keys', 'partition_triggers', 'partitions',
      'physical', 'platform', 'recovery_point', 'registrations', 'row_counts', 'sequences', 'tenants'
    )
  ),
  constraint waivers_reason_check check (reason ~ '\S'),
  constraint waivers_owner_check check (owner ~ '\S'),
  constraint waivers_until_check check (isfinite(until))
);

-- Without an object it is for the rows of a check that name none.
create unique index waivers_check_name_object_name_key on drill.waivers (check_name, coalesce(object_name, ''));

comment on table drill.waivers is
  'Failures that somebody accepts for a time: each is shown as waived until the day is over, then it fails again';
comment on column drill.waivers.check_name is 'The check, as in the result row';
comment on column drill.waivers.object_name is 'The object, exactly as in the result row; null when the row names none';
comment on column drill.waivers.reason is 'Why it is accepted';
comment on column drill.waivers.owner is 'Who answers for it';
comment on column drill.waivers.until is 'The last day, in UTC, on which it holds';
comment on column drill.waivers.written_at is 'When it was written';

revoke all on table drill.waivers from public;
