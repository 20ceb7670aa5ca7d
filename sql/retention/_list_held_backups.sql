-- The last word on each recorded backup, as src/rules/backups-held.ts has it: usable itself, with a time, not ended before it
-- began, and every backup that it depends on there, usable, and ended before it. Only what is bad travels along the chains, so
-- that sound ones cost nothing; and a circle is never sound, as somewhere in it time goes backwards.
create or replace function drill._list_held_backups()
returns table (
  source text,
  backup_id text,
  kind text,
  finished_at timestamptz,
  reaches_at timestamptz,
  usable text,
  reason text,
  byte_count numeric,
  position_number integer
)
language sql
stable
set search_path = ''
as $$
  with recursive link as materialized (
    select b.source, b.backup_id, d.depends_on, b.finished_at, p.backup_id as parent_id, p.finished_at as parent_finished_at
    from drill.backups as b
    cross join lateral pg_catalog.unnest(b.depends_on) as d (depends_on)
    left join drill.backups as p on p.source = b.source and p.backup_id = d.depends_on
  ),
  itself as materialized (
    select
      b.*,
      case
        when b.usable = 'no' or l.is_missing then 'no'
        when b.usable = 'unknown' or b.finished_at is null or b.started_at > b.finished_at or l.is_backward then 'unknown'
        else 'yes'
      end as state,
      case
        when b.usable <> 'yes' then b.reason
        when l.is_missing then 'its chain is broken: a backup that it depends on is missing'
        when b.finished_at is null then 'it is not known when it was finished'
        when b.started_at > b.finished_at then 'it ended before it began'
        when l.is_backward then 'it depends on one that did not end before it'
        else b.reason
      end as why
    from drill.backups as b
    left join (
      select
        k.source,
        k.backup_id,
        pg_catalog.bool_or(k.parent_id is null) as is_missing,
        coalesce(pg_catalog.bool_or(k.parent_finished_at >= k.finished_at), false) as is_backward
      from link as k
      group by k.source, k.backup_id
    ) as l using (source, backup_id)
  ),
  bad (source, backup_id, state) as (
    select i.source, i.backup_id, i.state
    from itself as i
    where i.state <> 'yes'
    union
    select k.source, k.backup_id, b.state
    from bad as b
    inner join link as k on k.source = b.source and k.parent_id = b.backup_id
  ),
  -- 'no' sorts before 'unknown', and outranks it.
  worst as (
    select b.source, b.backup_id, pg_catalog.min(b.state collate "C") as state
    from bad as b
    group by b.source, b.backup_id
  )
  select
    i.source,
    i.backup_id,
    i.kind,
    i.finished_at,
    case when i.kind = 'logical' then coalesce(i.started_at, i.finished_at) else i.finished_at end,
    coalesce(w.state, 'yes'),
    case
      when w.state is distinct from i.state and w.state is not null
        then 'its chain is broken: a backup that it depends on is not usable, or not known to be'
      else i.why
    end,
    i.byte_count,
    i.position_number
  from itself as i
  left join worst as w using (source, backup_id)
$$;

comment on function drill._list_held_backups() is
  'Internal: each recorded backup with whether it can be restored, its chain looked at, and up to when its data reaches';

revoke all on function drill._list_held_backups() from public;
