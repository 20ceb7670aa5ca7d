create or replace function drill.export_backups()
returns jsonb
language sql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
  select pg_catalog.jsonb_build_object(
    'policy', (
      select pg_catalog.jsonb_build_object(
        'daily', p.daily_count,
        'weekly', p.weekly_count,
        'monthly', p.monthly_count,
        'since', p.backups_since,
        'gap_tolerance_seconds', extract(epoch from p.gap_tolerance),
        'rpo_seconds', extract(epoch from drill.get_policy('rpo')),
        'clock_skew_seconds', extract(epoch from drill.get_policy('clock_skew'))
      )
      from drill.retention_policy as p
    ),
    'now', drill.get_now(),
    'sources', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'source', i.source,
            'format', i.format,
            'read_at', i.read_at,
            'keeps_days', i.keeps_days,
            'window', case
              when i.window_starts_at is not null
                then pg_catalog.jsonb_build_object('from', i.window_starts_at, 'until', i.window_ends_at)
            end
          )
          order by i.source collate "C"
        )
        from drill.backup_inventories as i
      ),
      '[]'
    ),
    'backups', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'source', b.source,
            'id', b.backup_id,
            'kind', b.kind,
            'started_at', b.started_at,
            'finished_at', b.finished_at,
            'usable', b.usable,
            'reason', b.reason,
            'depends_on', b.depends_on,
            'bytes', b.byte_count::text,
            'is_pinned', b.is_pinned,
            'position', b.position_number,
            'times_listed', b.times_listed
          )
          order by b.source collate "C", b.backup_id collate "C"
        )
        from drill.backups as b
      ),
      '[]'
    )
  )
$$;

comment on function drill.export_backups() is
  'The recorded inventories with their backups, the policy that they are judged by (durations in seconds), and now; what pgdrill retention judges when no inventory is given';

revoke all on function drill.export_backups() from public;
