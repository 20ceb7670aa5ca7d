-- Up Migration

-- begin copy of sql/cadence/incidents.sql
create table drill.incidents (
  incident_id uuid primary key default gen_random_uuid(),
  occurred_at timestamptz not null,
  what text not null,
  recorded_at timestamptz not null default now(),
  recorded_by text not null default session_user,
  constraint incidents_occurred_at_what_key unique (occurred_at, what),
  constraint incidents_what_check check (what ~ '\S')
);

comment on table drill.incidents is
  'Incidents with corrupted or deleted data in production; each makes a drill due until a good one was started after it';
comment on column drill.incidents.incident_id is 'Random identity of the incident';
comment on column drill.incidents.occurred_at is 'When it happened';
comment on column drill.incidents.what is 'What happened, in words; nothing secret';
comment on column drill.incidents.recorded_at is 'When this row was written';
comment on column drill.incidents.recorded_by is 'Role that wrote it';

revoke all on table drill.incidents from public;
-- end copy of sql/cadence/incidents.sql

-- begin copy of sql/cadence/record_incident.sql
-- Recording the same again changes nothing, so that a script may be run twice.
create or replace function drill.record_incident(p_occurred_at timestamptz, p_what text)
returns uuid
language plpgsql
volatile
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
declare
  v_incident_id uuid;
begin
  if p_occurred_at is null or p_what is null or p_what !~ '\S' then
    raise exception using
      errcode = 'RD007',
      message = 'cannot record the incident: its time or its description is missing',
      hint = 'Say when it happened and what: select drill.record_incident(''2026-11-23T04:30:00Z'', ''rows of public.calls deleted'').';
  end if;
  -- One in the future would demand a drill that nobody can have done.
  if not pg_catalog.isfinite(p_occurred_at) or p_occurred_at > drill.get_now() + drill.get_policy('clock_skew') then
    raise exception using
      errcode = 'RD007',
      message = format('cannot record the incident: %s has not come yet, or is no moment', p_occurred_at),
      hint = 'Give the moment at which it happened, with its time zone.';
  end if;

  insert into drill.incidents (occurred_at, what)
  values (p_occurred_at, pg_catalog.btrim(p_what, E' \t\r\n'))
  on conflict on constraint incidents_occurred_at_what_key do nothing
  returning incident_id into v_incident_id;

  return coalesce(
    v_incident_id,
    (
      select i.incident_id
      from drill.incidents as i
      where i.occurred_at = p_occurred_at
        and i.what = pg_catalog.btrim(p_what, E' \t\r\n')
    )
  );
end
$$;

comment on function drill.record_incident(timestamptz, text) is
  'Records an incident with corrupted or deleted data, which makes a drill due; gives its id, also when it was recorded before; raises RD007';

revoke all on function drill.record_incident(timestamptz, text) from public;
-- end copy of sql/cadence/record_incident.sql

-- begin copy of sql/cadence/_duration_words.sql
-- The program says durations in the same words: src/rules/cadence-words.ts.
create or replace function drill._duration_words(p_seconds numeric)
returns text
language sql
immutable
set search_path = ''
as $$
  select
    case
      when s.seconds >= 86400
        then pg_catalog.format('%s d %s h', pg_catalog.div(s.seconds, 86400), pg_catalog.div(pg_catalog.mod(s.seconds, 86400), 3600))
      when s.seconds >= 3600
        then pg_catalog.format('%s h %s min', pg_catalog.div(s.seconds, 3600), pg_catalog.div(pg_catalog.mod(s.seconds, 3600), 60))
      when s.seconds >= 60
        then pg_catalog.format('%s min %s s', pg_catalog.div(s.seconds, 60), pg_catalog.mod(s.seconds, 60))
      else pg_catalog.format('%s s', s.seconds)
    end
  from (select pg_catalog.floor(greatest(p_seconds, 0)) as seconds) as s
$$;

comment on function drill._duration_words(numeric) is
  'Internal: a duration in seconds as two units of words, rounded down, such as 3 d 4 h';

revoke all on function drill._duration_words(numeric) from public;
-- end copy of sql/cadence/_duration_words.sql

-- begin copy of sql/cadence/_retention_facts.sql
-- Null when no inventory was ever recorded: then nothing is known of the retention. Called dynamically, since the tables
-- come with a later migration.
create or replace function drill._retention_facts()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_is_recorded boolean := false;
  v_facts jsonb;
begin
  if pg_catalog.to_regclass('drill.backup_inventories') is not null then
    execute 'select exists (select from drill.backup_inventories)' into v_is_recorded;
  end if;
  if not v_is_recorded then
    return null;
  end if;

  execute $query$
    select pg_catalog.jsonb_build_object(
      'pass_count', pg_catalog.count(*) filter (where r.status = 'pass'),
      'fail_count', pg_catalog.count(*) filter (where r.status = 'fail'),
      'error_count', pg_catalog.count(*) filter (where r.status = 'error'),
      'detail', pg_catalog.min(r.detail collate "C") filter (where r.status in ('fail', 'error'))
    )
    from drill.verify_retention() as r
  $query$ into v_facts;
  return v_facts;
end
$$;

comment on function drill._retention_facts() is
  'Internal: how many rows of drill.verify_retention() pass, fail or could not look, and what one of these says; null when no inventory of backups is recorded';

revoke all on function drill._retention_facts() from public;
-- end copy of sql/cadence/_retention_facts.sql

-- begin copy of sql/cadence/get_cadence_facts.sql
-- Times as ISO text, durations in seconds; drill_every in parts, since months have no length.
create or replace function drill.get_cadence_facts()
returns jsonb
language sql
stable
set search_path = ''
set timezone = 'UTC'
as $$
  with moment as materialized (
    select drill.get_now() as now, drill.get_now() + drill.get_policy('clock_skew') as newest
  )
  select pg_catalog.jsonb_build_object(
    'now', m.now,
    'is_database_read', true,
    'installed_at', (select i.installed_at from drill.installation as i),
    'policies', coalesce(
      (select pg_catalog.jsonb_object_agg(p.policy_name, pg_catalog.date_part('epoch', p.policy_value)) from drill.policy as p),
      '{}'
    ) || coalesce(
      (
        select pg_catalog.jsonb_build_object(
          'baseline_max_age', pg_catalog.date_part('epoch', p.baseline_max_age), 'drill_notice', pg_catalog.date_part('epoch', p.drill_notice)
        )
        from drill.drill_policy as p
      ),
      '{}'
    ),
    'drill_policy', (
      select pg_catalog.jsonb_build_object(
        'is_app_required', p.is_app_required,
        'drill_every', case
          when p.drill_every is not null then pg_catalog.jsonb_build_object(
            'months', pg_catalog.date_part('year', p.drill_every) * 12 + pg_catalog.date_part('month', p.drill_every),
            'days', pg_catalog.date_part('day', p.drill_every),
            'seconds', pg_catalog.date_part('hour', p.drill_every) * 3600 + pg_catalog.date_part('minute', p.drill_every) * 60
              + pg_catalog.date_part('second', p.drill_every)
          )
        end
      )
      from drill.drill_policy as p
    ),
    'drills', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'drill_id', d.drill_id,
            'scope', d.scope,
            'is_sandbox', d.is_sandbox,
            'state', d.state,
            'verdict', d.verdict,
            'started_at', d.started_at,
            'finished_at', d.finished_at,
            'recovery_time', pg_catalog.date_part('epoch', d.recovery_time),
            'data_loss', pg_catalog.date_part('epoch', d.data_loss),
            'baseline_id', d.baseline_id,
            'proof_sha256', d.proof_sha256,
            'problem', null,
            'remark', null
          )
          order by d.started_at, d.drill_id collate "C"
        )
        from drill.drills as d
      ),
      '[]'
    ),
    'incidents', coalesce(
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object('occurred_at', i.occurred_at, 'what', i.what) order by i.occurred_at, i.what collate "C"
        )
        from drill.incidents as i
      ),
      '[]'
    ),
    'schema_changes', null,
    -- A moment that has not come is no evidence.
    'newest_baseline_at', (select pg_catalog.max(b.captured_at) from drill.baselines as b where b.captured_at <= m.newest),
    'newest_heartbeat_at', (select pg_catalog.max(h.beat_at) from drill.heartbeats as h where h.beat_at <= m.newest),
    'retention', drill._retention_facts()
  )
  from moment as m
$$;

comment on function drill.get_cadence_facts() is
  'What drill.verify_cadence() judges by: policies, drills, incidents, newest baseline and heartbeat, retention; times as text, durations in seconds; raises RD008';

revoke all on function drill.get_cadence_facts() from public;
-- end copy of sql/cadence/get_cadence_facts.sql

-- begin copy of sql/cadence/list_schema_changes.sql
-- What the plan calls a major schema change. Normal work of a partition job is none:
-- a partition that came or went since, with all that hangs on it, is left out, but
-- for a default partition, which changes what the table takes.
create or replace function drill.list_schema_changes(p_baseline_id uuid)
returns table (area text, object_kind text, object_name text, change text)
language plpgsql
stable
set search_path = ''
as $$
begin
  if not exists (select from drill.baselines as b where b.baseline_id = p_baseline_id) then
    raise exception using
      errcode = 'RD004',
      message = format('there is no baseline %s in this database', coalesce(p_baseline_id::text, 'null')),
      hint = 'List what is stored: select * from drill.list_baselines().';
  end if;

  return query
  with object as (
    select false as is_now, o.object_kind, o.object_name, o.definition, o.relation_name, o.is_of_partition
    from drill.baseline_objects as o
    where o.baseline_id = p_baseline_id
      and o.object_kind in ('table', 'trigger', 'policy', 'event trigger', 'function')
    union all
    select true, o.object_kind, o.object_name, o.definition, o.relation_name, o.is_of_partition
    from drill.list_objects() as o
    where o.object_kind in ('table', 'trigger', 'policy', 'event trigger', 'function')
  ),
  -- The first line of each kind is the table's own: what holds free text comes behind.
  relation as materialized (
    select
      o.is_now,
      o.object_name as name,
      o.is_of_partition,
      pg_catalog.substring(o.definition, '(?n)^partition key: (.*)$') as partition_key,
      pg_catalog.substring(o.definition, '(?n)^partition of: (.*)$') as parent,
      pg_catalog.substring(o.definition, '(?n)^bound: (.*)$') as bound,
      nullif(pg_catalog.substring(o.definition, '(?n)^row level security: (.*)$'), 'off') as row_security
    from object as o
    where o.object_kind = 'table'
  ),
  -- Partitions that are on one side only.
  passing as materialized (
    select r.name, pg_catalog.bool_or(r.bound = 'DEFAULT') as is_default
    from relation as r
    group by r.name
    having pg_catalog.count(*) = 1
      and pg_catalog.bool_and(r.is_of_partition)
  ),
  thing (is_now, area, object_kind, object_name, content) as (
    select r.is_now, 'partitioning', 'partition key', r.name, r.partition_key
    from relation as r
    where r.partition_key is not null
      and not exists (select from passing as p where p.name = r.name)
    union all
    select r.is_now, 'partitioning', 'partition', r.name, r.parent || ' ' || r.bound
    from relation as r
    where r.is_of_partition
      and not exists (select from passing as p where p.name = r.name and not p.is_default)
    union all
    select r.is_now, 'row level security', 'row level security', r.name, r.row_security
    from relation as r
    where r.row_security is not null
      and not exists (select from passing as p where p.name = r.name)
    union all
    select
      o.is_now,
      case o.object_kind when 'policy' then 'row level security' else 'triggers' end,
      o.object_kind, o.object_name, o.definition
    from object as o
    where o.object_kind in ('trigger', 'policy', 'event trigger')
      and not exists (select from passing as p where p.name = o.relation_name)
    union all
    -- The text that the server makes of a function has a line for what it returns.
    select o.is_now, 'triggers', 'trigger function', o.object_name, o.definition
    from object as o
    where o.object_kind = 'function'
      and o.definition ~ '(?n)^ RETURNS (event_)?trigger$'
    union all
    select false, 'guards', 'guard', g.guard ->> 'relation_name' || '.' || (g.guard ->> 'trigger_name'), (g.guard - 'is_trigger_ours')::text
    from drill.baselines as b
    cross join lateral pg_catalog.jsonb_array_elements(b.guards) as g (guard)
    where b.baseline_id = p_baseline_id
    union all
    select true, 'guards', 'guard', g.guard ->> 'relation_name' || '.' || (g.guard ->> 'trigger_name'), (g.guard - 'is_trigger_ours')::text
    from pg_catalog.jsonb_array_elements(drill.export_registrations() -> 'guards') as g (guard)
    union all
    select false, 'partitioning', 'registered period', r.relation ->> 'relation_name', r.relation ->> 'period'
    from drill.baselines as b
    cross join lateral pg_catalog.jsonb_array_elements(b.partitioned_relations) as r (relation)
    where b.baseline_id = p_baseline_id
    union all
    select true, 'partitioning', 'registered period', r.relation_name, r.period
    from drill.partitioned_relations as r
    union all
    select false, 'critical relations', 'critical relation', r.relation_name, ''
    from drill.baseline_relations as r
    where r.baseline_id = p_baseline_id
    union all
    select true, 'critical relations', 'critical relation', r.relation_name, ''
    from drill.critical_relations as r
  )
  select
    coalesce(n.area, o.area),
    coalesce(n.object_kind, o.object_kind),
    coalesce(n.object_name, o.object_name),
    case
      when o.object_name is null then 'added'
      when n.object_name is null then 'removed'
      else 'changed'
    end
  from (select t.* from thing as t where not t.is_now) as o
  full join (select t.* from thing as t where t.is_now) as n
    on n.area = o.area
    and n.object_kind = o.object_kind
    and n.object_name = o.object_name
  where n.content is distinct from o.content
    or n.object_name is null
    or o.object_name is null
  order by
    coalesce(n.area, o.area) collate "C",
    coalesce(n.object_kind, o.object_kind) collate "C",
    coalesce(n.object_name, o.object_name) collate "C";
end
$$;

comment on function drill.list_schema_changes(uuid) is
  'How partitioning, triggers, row level security, guards and the set of critical relations differ now from those of a stored baseline, partitions that came or went by themselves left out; raises RD004';

revoke all on function drill.list_schema_changes(uuid) from public;
-- end copy of sql/cadence/list_schema_changes.sql

-- begin copy of sql/cadence/get_schema_changes.sql
-- A baseline that is gone, or holds no objects, is no proof that nothing changed.
create or replace function drill.get_schema_changes(p_baseline_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_problem text;
  v_changes jsonb;
begin
  v_problem := case
    when p_baseline_id is null then 'it does not say against which baseline it was verified'
    when not exists (select from drill.baselines as b where b.baseline_id = p_baseline_id)
      then pg_catalog.format('its baseline %s is not stored here (any more)', p_baseline_id)
    when not exists (select from drill.baseline_objects as o where o.baseline_id = p_baseline_id)
      then pg_catalog.format('its baseline %s holds no objects', p_baseline_id)
  end;

  if v_problem is null then
    select pg_catalog.jsonb_agg(
      pg_catalog.jsonb_build_object('area', c.area, 'object_kind', c.object_kind, 'object_name', c.object_name, 'change', c.change)
      order by c.place
    )
    into v_changes
    from drill.list_schema_changes(p_baseline_id) with ordinality as c (area, object_kind, object_name, change, place);
  end if;

  return pg_catalog.jsonb_build_object(
    'baseline_id', p_baseline_id, 'problem', v_problem, 'changes', coalesce(v_changes, '[]')
  );
end
$$;

comment on function drill.get_schema_changes(uuid) is
  'The rows of drill.list_schema_changes() as a document, or the problem why nothing can be compared with that baseline';

revoke all on function drill.get_schema_changes(uuid) from public;
-- end copy of sql/cadence/get_schema_changes.sql

-- begin copy of sql/cadence/_list_counted_drills.sql
-- As of the moment of the facts: a drill that began later is not there, and one that
-- ended later is still open. Rehearsals on the sandbox are left out altogether.
-- src/rules/cadence.ts has the same rule, and test vectors hold both to it.
create or replace function drill._list_counted_drills(p_facts jsonb)
returns table (
  drill_id text,
  state text,
  verdict text,
  is_good boolean,
  started_at timestamptz,
  finished_at timestamptz,
  recovery_time numeric,
  data_loss numeric,
  baseline_id text,
  problem text,
  remark text
)
language sql
stable
set search_path = ''
set timezone = 'UTC'
as $$
  with moment as (
    select
      (p_facts ->> 'now')::timestamptz
        + pg_catalog.make_interval(secs => coalesce((p_facts #>> '{policies,clock_skew}')::double precision, 0)) as newest,
      coalesce((p_facts #>> '{drill_policy,is_app_required}')::boolean, true) as is_app_required
  ),
  known as (
    select
      d.*,
      m.is_app_required,
      d.state = 'open' or d.state = 'finished' and d.finished_at is null or coalesce(d.finished_at > m.newest, false) as is_open
    from pg_catalog.jsonb_to_recordset(p_facts -> 'drills') as d (
      drill_id text, scope text, is_sandbox boolean, state text, verdict text, started_at timestamptz,
      finished_at timestamptz, recovery_time numeric, data_loss numeric, baseline_id text, problem text, remark text
    )
    cross join moment as m
    where not d.is_sandbox
      and d.started_at <= m.newest
  )
  select
    k.drill_id,
    case when k.is_open then 'open' else k.state end,
    k.verdict,
    coalesce(
      not k.is_open
        and k.state = 'finished'
        and k.verdict = 'verified'
        and k.finished_at >= k.started_at
        and k.problem is null
        and (k.scope = 'whole' or k.scope = 'database_only' and not k.is_app_required),
      false
    ),
    k.started_at,
    k.finished_at,
    k.recovery_time,
    k.data_loss,
    k.baseline_id,
    k.problem,
    k.remark
  from known as k
$$;

comment on function drill._list_counted_drills(jsonb) is
  'Internal: the drills on a real target among the facts of drill.get_cadence_facts(), as they stood at their moment, and which of them is a good one';

revoke all on function drill._list_counted_drills(jsonb) from public;
-- end copy of sql/cadence/_list_counted_drills.sql

-- begin copy of sql/cadence/_judge_drills.sql
-- The obligations that drills meet. src/rules/cadence.ts judges the same facts by the
-- same rules and in the same words; test vectors hold both to it.
create or replace function drill._judge_drills(p_facts jsonb)
returns table (place integer, obligation text, standing text, detail text, hint text)
language sql
stable
set search_path = ''
set timezone = 'UTC'
as $$
  with drills as materialized (
    select d.*
    from drill._list_counted_drills(p_facts) as d
  ),
  moment as (
    select
      (p_facts ->> 'now')::timestamptz as now,
      (p_facts ->> 'now')::timestamptz
        + pg_catalog.make_interval(secs => coalesce((p_facts #>> '{policies,clock_skew}')::double precision, 0)) as newest,
      (p_facts ->> 'installed_at')::timestamptz as installed_at,
      (p_facts ->> 'is_database_read')::boolean as is_database_read
  ),
  last_good as (
    select d.*
    from drills as d
    where d.is_good
    order by d.finished_at desc, d.drill_id collate "C" desc
    limit 1
  ),
  -- Calendar arithmetic in UTC. Without a good drill the clock runs from the installation.
  clock as (
    select
      m.*,
      g.drill_id,
      g.finished_at,
      pg_catalog.jsonb_typeof(p_facts -> 'drill_policy') = 'object' as is_policy_known,
      pg_catalog.jsonb_typeof(p_facts #> '{drill_policy,drill_every}') = 'object' as is_interval,
      (p_facts #>> '{policies,drill_notice}')::numeric as notice,
      case
        when pg_catalog.jsonb_typeof(p_facts #> '{drill_policy,drill_every}') = 'object'
          then coalesce(g.finished_at, m.installed_at) + pg_catalog.make_interval(
            months => (p_facts #>> '{drill_policy,drill_every,months}')::integer,
            days => (p_facts #>> '{drill_policy,drill_every,days}')::integer,
            secs => (p_facts #>> '{drill_policy,drill_every,seconds}')::double precision
          )
        when g.finished_at is not null then pg_catalog.date_trunc('quarter', g.finished_at) + interval '6 months'
        else pg_catalog.date_trunc('quarter', m.installed_at) + interval '3 months'
      end as deadline
    from moment as m
    left join last_good as g on true
  ),
  worded as (
    select
      c.*,
      pg_catalog.date_part('epoch', c.deadline - c.now)::numeric as seconds_left,
      'before ' || pg_catalog.to_char(c.deadline, 'YYYY-MM-DD HH24:MI "UTC"') as deadline_words,
      case
        when c.drill_id is null then 'there is no good drill'
        else pg_catalog.format('the last good drill is %s of %s', c.drill_id, pg_catalog.to_char(c.finished_at, 'YYYY-MM-DD HH24:MI "UTC"'))
      end as last_words
    from clock as c
  )
  select
    1, 'quarterly_drill', s.standing,
    case s.standing
      when 'unknown' then case when w.is_policy_known then 'the policy drill_notice is not set' else 'the policy of drills is not known' end
      else w.last_words
    end || case
      when s.standing = 'unknown' then ''
      when s.standing = 'broken'
        then pg_catalog.format('; one was due %s and is overdue by %s', w.deadline_words, drill._duration_words(-w.seconds_left))
      when w.deadline is null then '; one is due'
      else pg_catalog.format('; the next is due %s, in %s', w.deadline_words, drill._duration_words(w.seconds_left))
    end,
    case s.standing
      when 'met' then null
      when 'unknown' then 'Put the row of drill.drill_policy back: insert into drill.drill_policy default values.'
      else 'Make a drill: restore into a separate environment and run pgdrill drill.'
    end
  from worded as w
  cross join lateral (
    select case
      when not w.is_policy_known then 'unknown'
      when w.now >= w.deadline then 'broken'
      when w.drill_id is null then 'due'
      when w.notice is null then 'unknown'
      when w.seconds_left <= w.notice then 'due'
      else 'met'
    end as standing
  ) as s
  union all
  select
    2, 'drill_after_schema_change', s.standing,
    case
      when w.drill_id is null then 'there is no good drill to compare the schema with'
      when s.standing = 'unknown'
        then pg_catalog.format(
          'the schema cannot be compared with that of the drill %s: %s', w.drill_id,
          coalesce(p_facts #>> '{schema_changes,problem}', 'production was not asked')
        )
      when s.standing = 'met' then pg_catalog.format('no major schema change since the drill %s', w.drill_id)
      else pg_catalog.format(
        '%s major schema change%s since the drill %s: %s', s.change_count, case when s.change_count <> 1 then 's' else '' end, w.drill_id,
        (
          select pg_catalog.string_agg(
            pg_catalog.format('%s %s %s', c.change ->> 'object_kind', c.change ->> 'object_name', c.change ->> 'change'), ', ' order by c.place
          )
          from pg_catalog.jsonb_array_elements(p_facts #> '{schema_changes,changes}') with ordinality as c (change, place)
          where c.place <= 5
        ) || case when s.change_count > 5 then pg_catalog.format(' and %s more', s.change_count - 5) else '' end
      )
    end,
    case s.standing
      when 'met' then null
      when 'due' then 'Make a drill: the plan wants one after each major schema change. All changes: pgdrill status, or drill.list_schema_changes with the baseline of that drill.'
      else 'Make a drill against a baseline of production: it becomes what later schemas are compared with.'
    end
  from worded as w
  cross join lateral (
    select
      case
        when w.drill_id is null
          or pg_catalog.jsonb_typeof(p_facts -> 'schema_changes') is distinct from 'object'
          or p_facts #>> '{schema_changes,problem}' is not null
          then 'unknown'
        when pg_catalog.jsonb_array_length(p_facts #> '{schema_changes,changes}') = 0 then 'met'
        else 'due'
      end as standing,
      case
        when pg_catalog.jsonb_typeof(p_facts #> '{schema_changes,changes}') = 'array'
          then pg_catalog.jsonb_array_length(p_facts #> '{schema_changes,changes}')
      end as change_count
  ) as s
  union all
  select
    3, 'drill_after_incident', s.standing,
    case s.standing
      when 'unknown' then 'production was not asked for its incidents'
      when 'met' then case when s.incident_count = 0 then 'no incident is recorded' else 'a good drill was started after each recorded incident' end
      else pg_catalog.format('no good drill was started since: %s', s.words)
        || case when s.open_count > 3 then pg_catalog.format(' and %s more', s.open_count - 3) else '' end
    end,
    case s.standing
      when 'met' then null
      when 'due' then 'Make a drill: the plan wants one after each incident with corrupted or deleted data.'
      else 'Give the target production.'
    end
  from worded as w
  cross join lateral (
    select
      case when not w.is_database_read then 'unknown' when pg_catalog.count(*) filter (where i.is_open) > 0 then 'due' else 'met' end as standing,
      pg_catalog.count(*) as incident_count,
      pg_catalog.count(*) filter (where i.is_open) as open_count,
      pg_catalog.string_agg(
        pg_catalog.to_char(i.occurred_at, 'YYYY-MM-DD HH24:MI "UTC"') || ' ' || i.what, '; ' order by i.place
      ) filter (where i.is_open and i.open_place <= 3) as words
    from (
      select
        o.*,
        pg_catalog.sum(case when o.is_open then 1 else 0 end) over (order by o.place) as open_place
      from (
        select
          e.place, (e.incident ->> 'occurred_at')::timestamptz as occurred_at, e.incident ->> 'what' as what,
          not exists (
            select from drills as d where d.is_good and d.started_at > (e.incident ->> 'occurred_at')::timestamptz
          ) as is_open
        from pg_catalog.jsonb_array_elements(p_facts -> 'incidents') with ordinality as e (incident, place)
        where (e.incident ->> 'occurred_at')::timestamptz <= w.newest
      ) as o
    ) as i
  ) as s
  union all
  -- What the newest drill measured: a later one that took too long outweighs the last good one.
  select
    v.place, v.obligation, s.standing,
    case
      when v.objective is null and w.is_database_read then pg_catalog.format('the policy %s is not set', v.obligation)
      when s.standing = 'unknown' then pg_catalog.format('no good drill has measured %s', v.words)
      else pg_catalog.format(
        'the drill %s of %s measured %s of %s, %s the %s of %s', s.drill_id, pg_catalog.to_char(s.finished_at, 'YYYY-MM-DD HH24:MI "UTC"'),
        drill._duration_words(s.seconds), v.words, case s.standing when 'met' then 'within' else 'beyond' end,
        pg_catalog.upper(v.obligation), drill._duration_words(v.objective)
      )
    end,
    case
      when s.standing = 'met' then null
      when v.objective is null and w.is_database_read then pg_catalog.format('Insert it: insert into drill.policy (policy_name, policy_value, description) values (%L, ...).', v.obligation)
      when s.standing = 'unknown' then pg_catalog.format('Make a drill: it measures %s.', v.words)
      else v.remedy
    end
  from (
    values
      (
        4, 'rpo', (p_facts #>> '{policies,rpo}')::numeric, 'data loss',
        'Take backups more often or archive WAL continuously, and repeat the drill; or change the objective with the owners of the plan.'
      ),
      (
        5, 'rto', (p_facts #>> '{policies,rto}')::numeric, 'recovery time',
        'Find what took the time (the stages in the proof), make it faster, and repeat the drill; or change the objective with the owners of the plan.'
      )
  ) as v (place, obligation, objective, words, remedy)
  cross join worded as w
  cross join lateral (
    select
      case
        when v.objective is null or not coalesce(pg_catalog.bool_or(d.is_good or d.seconds > v.objective), false) then 'unknown'
        when pg_catalog.bool_or(d.rank = 1 and d.seconds > v.objective) then 'broken'
        else 'met'
      end as standing,
      pg_catalog.max(d.drill_id) filter (where d.rank = 1) as drill_id,
      pg_catalog.max(d.finished_at) filter (where d.rank = 1) as finished_at,
      pg_catalog.max(d.seconds) filter (where d.rank = 1) as seconds
    from (
      select e.*, pg_catalog.row_number() over (order by e.finished_at desc, e.drill_id collate "C" desc) as rank
      from (
        select
          r.drill_id, r.finished_at, r.is_good,
          case v.obligation when 'rpo' then r.data_loss else r.recovery_time end as seconds
        from drills as r
        where r.state = 'finished'
          and r.problem is null
      ) as e
      -- Only a good one shows that it is met; any one shows that it is not.
      where e.seconds is not null
        and (e.is_good or e.seconds > v.objective)
    ) as d
  ) as s
$$;

comment on function drill._judge_drills(jsonb) is
  'Internal: the obligations of the plan that drills meet, judged by the facts of drill.get_cadence_facts(), each met, due, broken or unknown';

revoke all on function drill._judge_drills(jsonb) from public;
-- end copy of sql/cadence/_judge_drills.sql

-- begin copy of sql/cadence/_judge_cadence.sql
-- Pure: facts in, rows out. src/rules/cadence.ts is the same for the program, which
-- also reads proofs; test vectors hold both to it.
create or replace function drill._judge_cadence(p_facts jsonb)
returns setof drill.check_result
language sql
stable
set search_path = ''
set timezone = 'UTC'
as $$
  with moment as (
    select
      (p_facts ->> 'now')::timestamptz as now,
      coalesce((p_facts #>> '{policies,clock_skew}')::numeric, 0) as skew,
      (p_facts ->> 'is_database_read')::boolean as is_database_read
  ),
  drills as materialized (
    select d.*
    from drill._list_counted_drills(p_facts) as d
  ),
  last_good as (
    select d.*
    from drills as d
    where d.is_good
    order by d.finished_at desc, d.drill_id collate "C" desc
    limit 1
  ),
  obligation as (
    select d.*
    from drill._judge_drills(p_facts) as d
    union all
    select
      6, 'retention', s.standing,
      case
        when not m.is_database_read then 'production was not asked for its backups'
        when s.standing = 'met' then pg_catalog.format('the backups recorded meet the retention (%s checked)', r.facts ->> 'pass_count')
        when r.facts ->> 'detail' is not null then r.facts ->> 'detail'
        else 'no backup is recorded'
      end,
      case s.standing
        when 'met' then null
        when 'broken' then 'See pgdrill retention for all that is wrong.'
        else case when not m.is_database_read then 'Give the target production.' else 'Record what is held: pgdrill retention --inventory FILE --target production --record.' end
      end
    from moment as m
    cross join lateral (
      select case when pg_catalog.jsonb_typeof(p_facts -> 'retention') = 'object' then p_facts -> 'retention' end as facts
    ) as r
    cross join lateral (
      select case
        when not m.is_database_read or r.facts is null then 'unknown'
        when (r.facts ->> 'fail_count')::integer > 0 then 'broken'
        when (r.facts ->> 'error_count')::integer > 0 or (r.facts ->> 'pass_count')::integer = 0 then 'unknown'
        else 'met'
      end as standing
    ) as s
    union all
    select
      v.place, v.obligation, s.standing,
      case
        when not m.is_database_read then pg_catalog.format('production was not asked for its %ss', v.obligation)
        when v.newest_at is null then pg_catalog.format('there is no %s', v.obligation)
        when v.limit_seconds is null then pg_catalog.format('the policy %s is not set', v.policy_name)
        else pg_catalog.format(
          'the newest %s is of %s, %s ago; at most %s are allowed', v.obligation, pg_catalog.to_char(v.newest_at, 'YYYY-MM-DD HH24:MI "UTC"'),
          drill._duration_words(s.age), drill._duration_words(v.limit_seconds)
        )
      end,
      case
        when s.standing = 'met' then null
        when not m.is_database_read then 'Give the target production.'
        when s.standing = 'unknown' and v.obligation = 'baseline' then 'Put the row of drill.drill_policy back: insert into drill.drill_policy default values.'
        when s.standing = 'unknown' then pg_catalog.format('Insert it: insert into drill.policy (policy_name, policy_value, description) values (%L, ...).', v.policy_name)
        else v.remedy
      end
    from moment as m
    cross join (
      values
        (
          7, 'baseline', 'baseline_max_age', (p_facts ->> 'newest_baseline_at')::timestamptz,
          (p_facts #>> '{policies,baseline_max_age}')::numeric,
          'Capture one each day: pgdrill baseline capture, or the job that pgdrill schedule installs.'
        ),
        (
          8, 'heartbeat', 'heartbeat_interval', (p_facts ->> 'newest_heartbeat_at')::timestamptz,
          (p_facts #>> '{policies,heartbeat_interval}')::numeric,
          'Record one each minute: drill.record_heartbeat(), or the job that pgdrill schedule installs.'
        )
    ) as v (place, obligation, policy_name, newest_at, limit_seconds, remedy)
    cross join lateral (
      select
        pg_catalog.date_part('epoch', m.now - v.newest_at)::numeric as age,
        case
          when not m.is_database_read then 'unknown'
          when v.newest_at is null then 'broken'
          when v.limit_seconds is null then 'unknown'
          when pg_catalog.date_part('epoch', m.now - v.newest_at)::numeric > v.limit_seconds + m.skew then 'broken'
          else 'met'
        end as standing
    ) as s
  ),
  -- Beside the obligations: a drill that failed wants to be done again, whatever the calendar says.
  finding as (
    select
      d.started_at, d.drill_id, f.place, f.status, f.expected, f.actual,
      pg_catalog.format('the drill %s of %s %s', d.drill_id, pg_catalog.to_char(d.started_at, 'YYYY-MM-DD HH24:MI "UTC"'), f.words) as detail, f.hint
    from drills as d
    cross join moment as m
    left join last_good as g on true
    cross join lateral (
      select
        1 as place, 'fail' as status, 'verified' as expected, 'failed' as actual, 'failed, and no good drill was finished after it' as words,
        'Mend what failed (see its proof), then repeat the drill.' as hint
      where d.state = 'finished'
        and d.verdict = 'failed'
        and not coalesce(g.finished_at > d.finished_at, false)
      union all
      select
        1, 'warn', 'verified', d.verdict, 'could not verify, and no good drill was finished after it',
        'See its proof for what could not be looked at, then repeat the drill.'
      where d.state = 'finished'
        and d.verdict = 'could_not_verify'
        and not coalesce(g.finished_at > d.finished_at, false)
      union all
      select
        1, 'warn', 'finished', 'aborted', 'was aborted, and no good drill was finished after it', 'Do it again, to its end.'
      where d.state = 'aborted'
        and not coalesce(g.finished_at > d.started_at, false)
      union all
      select
        1, 'warn', 'finished', 'open', 'was left open: it does not count until it is finished', 'Finish it, or abort it: pgdrill drill.'
      where d.state = 'open'
        and pg_catalog.date_part('epoch', m.now - d.started_at) > 86400
      union all
      select 2, 'fail', 'one record', 'contradiction', 'does not count: ' || d.problem, 'Find out which record is true, and correct the other.'
      where d.problem is not null
      union all
      select 3, 'warn', 'in both', 'in one', d.remark, 'Record it in production, or fetch its proof.'
      where d.remark is not null
    ) as f
  )
  select 'cadence', o.obligation, o.status, o.detail, o.hint, o.expected, o.actual
  from (
    select
      o.place, null::timestamptz as started_at, 0 as sub_place, o.obligation,
      case o.standing when 'met' then 'pass' when 'unknown' then 'error' else 'fail' end::drill.check_status as status,
      o.detail, o.hint, pg_catalog.to_jsonb('met'::text) as expected, pg_catalog.to_jsonb(o.standing) as actual
    from obligation as o
    union all
    select
      9, f.started_at, f.place, 'drill ' || f.drill_id, f.status::drill.check_status, f.detail, f.hint,
      pg_catalog.to_jsonb(f.expected), pg_catalog.to_jsonb(f.actual)
    from finding as f
  ) as o
  order by o.place, o.started_at, o.obligation collate "C", o.sub_place
$$;

comment on function drill._judge_cadence(jsonb) is
  'Internal: judges the facts of drill.get_cadence_facts(), with schema_changes filled in; one row per obligation of the plan, then one per drill that needs somebody';

revoke all on function drill._judge_cadence(jsonb) from public;
-- end copy of sql/cadence/_judge_cadence.sql

-- begin copy of sql/cadence/verify_cadence.sql
create or replace function drill.verify_cadence()
returns setof drill.check_result
language sql
stable
set search_path = ''
set timezone = 'UTC'
as $$
  with fact as materialized (
    select drill.get_cadence_facts() as facts
  ),
  last_good as materialized (
    select d.baseline_id
    from fact as f
    cross join lateral drill._list_counted_drills(f.facts) as d
    where d.is_good
    order by d.finished_at desc, d.drill_id collate "C" desc
    limit 1
  )
  select r.*
  from fact as f
  left join last_good as g on true
  cross join lateral (
    select case when exists (select from last_good) then drill.get_schema_changes(g.baseline_id::uuid) end as schema_changes
  ) as c
  cross join lateral drill._judge_cadence(f.facts || pg_catalog.jsonb_build_object('schema_changes', c.schema_changes)) as r
$$;

comment on function drill.verify_cadence() is
  'Whether production keeps the plan: one row per obligation (drills, after schema changes and incidents, RPO, RTO, retention, baseline, heartbeat), actual is met, due, broken or unknown; then drills that failed or were left open; raises RD008';

revoke all on function drill.verify_cadence() from public;
-- end copy of sql/cadence/verify_cadence.sql

-- begin copy of sql/cadence/assert_cadence.sql
-- For pg_cron and psql: rows never fail a job; this does.
create or replace function drill.assert_cadence()
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_summary record;
begin
  select
    pg_catalog.count(*) filter (where r.status = 'fail') as fail_count,
    pg_catalog.count(*) filter (where r.status = 'error') as error_count,
    pg_catalog.string_agg(
      pg_catalog.format('%s %s: %s', r.actual #>> '{}', r.object_name, r.detail), E'\n' order by r.status desc, r.object_name collate "C"
    ) filter (where r.status in ('fail', 'error')) as findings
  into v_summary
  from drill.verify_cadence() as r;

  if v_summary.fail_count > 0 then
    raise exception using
      errcode = 'RD001',
      message = format('the plan is not kept: %s due or broken, %s unknown', v_summary.fail_count, v_summary.error_count),
      detail = v_summary.findings,
      hint = 'Run: select * from drill.verify_cadence() where status <> ''pass''.';
  end if;
  if v_summary.error_count > 0 then
    raise exception using
      errcode = 'RD002',
      message = format('whether the plan is kept is not known: %s unknown', v_summary.error_count),
      detail = v_summary.findings,
      hint = 'Run: select * from drill.verify_cadence() where status <> ''pass''.';
  end if;
end
$$;

comment on function drill.assert_cadence() is
  'Returns when every obligation of the plan is met; raises RD001 when something is due or broken, RD002 when something is unknown';

revoke all on function drill.assert_cadence() from public;
-- end copy of sql/cadence/assert_cadence.sql

-- begin copy of sql/cadence/list_incidents.sql
create or replace function drill.list_incidents()
returns table (incident_id uuid, occurred_at timestamptz, what text, recorded_at timestamptz, recorded_by text, drill_id text)
language sql
stable
set search_path = ''
as $$
  with good as (
    select d.drill_id, d.started_at, d.finished_at
    from drill._list_counted_drills(drill.get_cadence_facts()) as d
    where d.is_good
  )
  select
    i.incident_id, i.occurred_at, i.what, i.recorded_at, i.recorded_by,
    (
      select g.drill_id
      from good as g
      where g.started_at > i.occurred_at
      order by g.finished_at, g.drill_id collate "C"
      limit 1
    )
  from drill.incidents as i
  order by i.occurred_at desc, i.what collate "C"
$$;

comment on function drill.list_incidents() is
  'Recorded incidents, newest first, each with the first good drill that was started after it, or null while one is due';

revoke all on function drill.list_incidents() from public;
-- end copy of sql/cadence/list_incidents.sql

-- Down Migration

drop function drill.list_incidents();
drop function drill.assert_cadence();
drop function drill.verify_cadence();
drop function drill._judge_cadence(jsonb);
drop function drill._judge_drills(jsonb);
drop function drill._list_counted_drills(jsonb);
drop function drill.get_schema_changes(uuid);
drop function drill.list_schema_changes(uuid);
drop function drill.get_cadence_facts();
drop function drill._retention_facts();
drop function drill._duration_words(numeric);
drop function drill.record_incident(timestamptz, text);
drop table drill.incidents;
