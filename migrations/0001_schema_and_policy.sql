-- Up Migration

-- begin copy of sql/core/schema.sql
-- The schema that holds every check, fact and baseline of pgdrill.
-- Nothing here is open to PUBLIC: each function and table names who may use it.
create schema drill;

comment on schema drill is
  'pgdrill: checks that tell whether a restored database is really production''s data, the facts they compare, and the stored baselines';

revoke all on schema drill from public;
-- end copy of sql/core/schema.sql

-- begin copy of sql/core/check_status.sql
-- A domain instead of an enum: a new status can be added inside a transaction,
-- which the migration runner needs.
create domain drill.check_status as text
  constraint check_status_check check (value in ('pass', 'warn', 'fail', 'skip', 'error', 'waived'));

comment on domain drill.check_status is
  'pass; warn (does not change the verdict); fail (verified to be wrong); skip (not applicable); error (could not look, which is never a pass); waived (wrong, and accepted by a waiver that is in date)';
-- end copy of sql/core/check_status.sql

-- begin copy of sql/core/check_result.sql
-- One row per check and object, passes included. One type for all checks makes
-- `union all` of checks valid by construction and keeps psql's \df readable.
create type drill.check_result as (
  check_name text,
  object_name text,
  status drill.check_status,
  detail text,
  hint text,
  expected jsonb,
  actual jsonb
);

comment on type drill.check_result is
  'The answer of a check about one object: what was looked at, how it stands, one sentence of facts, what to do, and the two values compared';
comment on column drill.check_result.check_name is 'Stable name of the check: also its documentation page and its test';
comment on column drill.check_result.object_name is 'Qualified and quoted name of the object; null when the check is about the whole database';
comment on column drill.check_result.status is 'pass, warn, fail, skip, error or waived';
comment on column drill.check_result.detail is 'One sentence with the facts, naming the object';
comment on column drill.check_result.hint is 'What to do next, as a full sentence; null when there is nothing to do';
comment on column drill.check_result.expected is 'What the check wanted to find';
comment on column drill.check_result.actual is 'What the check found';
-- end copy of sql/core/check_result.sql

-- begin copy of sql/core/get_now.sql
-- The seam for time. Tests and backdated drills say what "now" is through the
-- setting drill.now; nobody has to shadow now(). The time of the statement, not
-- of the transaction: a session that sat idle must not date its facts too early.
create or replace function drill.get_now()
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.statement_timestamp()
  )
$$;

comment on function drill.get_now() is
  'The moment that checks take as now: the setting drill.now when it is set, else the start of the statement';

revoke all on function drill.get_now() from public;
-- end copy of sql/core/get_now.sql

-- begin copy of sql/core/_is_copy.sql
-- Nothing inside a database says that it is a copy, so whoever looks does: pgdrill
-- verify and the files of verify/ set drill.is_copy. It changes what counts as
-- evidence: what a copy wrote itself says nothing about production.
create or replace function drill._is_copy()
returns boolean
language sql
stable
set search_path = ''
as $$
  select coalesce(pg_catalog.current_setting('drill.is_copy', true) = 'on', false)
$$;

comment on function drill._is_copy() is
  'Internal: whether the session takes this database for a restored copy (setting drill.is_copy)';

revoke all on function drill._is_copy() from public;
-- end copy of sql/core/_is_copy.sql

-- begin copy of sql/core/_relation_name.sql
-- regclass::text leaves out the schema when it is on the search_path; names that
-- are stored and compared must not depend on who asks.
create or replace function drill._relation_name(p_relation oid)
returns text
language sql
stable
set search_path = ''
as $$
  select pg_catalog.format('%I.%I', n.nspname, c.relname)
  from pg_catalog.pg_class as c
  inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where c.oid = p_relation
$$;

comment on function drill._relation_name(oid) is
  'Internal: schema and name of a relation, quoted where needed; null when there is none';

revoke all on function drill._relation_name(oid) from public;
-- end copy of sql/core/_relation_name.sql

-- begin copy of sql/core/_relation_oid.sql
-- Like to_regclass, but for whoever may not use the schema: to_regclass raises an
-- error then, which would end a check over many relations for the sake of one.
-- plpgsql keeps its plan for the session: this is called for each partition, and planning takes longer than looking.
create or replace function drill._relation_oid(p_relation_name text)
returns oid
language plpgsql
stable
set search_path = ''
as $$
declare
  v_parts text[];
begin
  -- What parse_ident() would raise an error for is the name of nothing: a row of a copy must not end the check of all others.
  if p_relation_name ~* '^([a-z_][a-z0-9_$]*|"([^"]|"")+")\.([a-z_][a-z0-9_$]*|"([^"]|"")+")$' then
    v_parts := pg_catalog.parse_ident(p_relation_name);
  end if;

  return (
    select c.oid
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = v_parts[1]
      and c.relname = v_parts[2]
  );
end
$$;

comment on function drill._relation_oid(text) is
  'Internal: the relation of a qualified name, quoted where needed; null when there is none';

revoke all on function drill._relation_oid(text) from public;
-- end copy of sql/core/_relation_oid.sql

-- begin copy of sql/core/_fingerprint.sql
-- Twelve digits: enough to see a change. Not a safe place for a weak secret, but
-- better than the secret.
create or replace function drill._fingerprint(p_text text)
returns text
language sql
stable
set search_path = ''
as $$
  select 'sha256 ' || pg_catalog.substr(
    pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(p_text, pg_catalog.getdatabaseencoding())), 'hex'), 1, 12
  )
$$;

comment on function drill._fingerprint(text) is
  'Internal: what stands for a text that must not be shown; equal texts have equal ones';

revoke all on function drill._fingerprint(text) from public;
-- end copy of sql/core/_fingerprint.sql

-- begin copy of sql/core/_trigger_definition.sql
-- Arguments of triggers hold secrets: webhooks of Supabase carry their headers
-- there. The arguments are the end of the text, and its length follows from them:
-- each in quotes, quotes in them doubled, a comma and a blank between, a bracket last.
create or replace function drill._trigger_definition(p_trigger oid)
returns text
language sql
stable
set search_path = ''
set standard_conforming_strings = on
as $$
  select
    case
      when t.tgnargs = 0 then d.definition
      else pg_catalog.format(
        '%s%s argument%s, %s)',
        pg_catalog.convert_from(
          pg_catalog.substr(
            pg_catalog.convert_to(d.definition, d.encoding),
            1,
            pg_catalog.octet_length(d.definition) - (
              pg_catalog.octet_length(t.tgargs) + 3 * t.tgnargs - 1
              + pg_catalog.length(d.arguments) - pg_catalog.length(pg_catalog.replace(d.arguments, '''', ''))
            )
          ),
          d.encoding
        ),
        t.tgnargs,
        case when t.tgnargs > 1 then 's' end,
        drill._fingerprint(d.arguments)
      )
    end
  from pg_catalog.pg_trigger as t
  cross join lateral (
    select
      pg_catalog.pg_get_triggerdef(t.oid) as definition,
      pg_catalog.encode(t.tgargs, 'escape') as arguments,
      pg_catalog.getdatabaseencoding() as encoding
  ) as d
  where t.oid = p_trigger
$$;

comment on function drill._trigger_definition(oid) is
  'Internal: definition of a trigger; of its arguments only number and fingerprint, for they may be secrets';

revoke all on function drill._trigger_definition(oid) from public;
-- end copy of sql/core/_trigger_definition.sql

-- begin copy of sql/core/installation.sql
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
-- end copy of sql/core/installation.sql

-- begin copy of sql/core/get_identity.sql
-- A physical copy keeps the system identifier, so that alone proves nothing: a
-- promoted copy has another timeline, a logical one another identifier, and a
-- running server its own start time.
create or replace function drill.get_identity()
returns table (
  installation_id uuid,
  installed_at timestamptz,
  system_identifier bigint,
  timeline_id integer,
  started_at timestamptz,
  database_name text,
  server_version text,
  server_version_num integer,
  is_in_recovery boolean,
  is_sandbox boolean
)
language sql
stable
set search_path = ''
as $$
  select
    i.installation_id,
    i.installed_at,
    (select s.system_identifier from pg_catalog.pg_control_system() as s),
    -- The control file learns of a promotion only at the next checkpoint.
    case
      when pg_catalog.pg_is_in_recovery() then (select c.timeline_id from pg_catalog.pg_control_checkpoint() as c)
      else (
        'x' || pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8)
      )::bit(32)::integer
    end,
    pg_catalog.pg_postmaster_start_time(),
    pg_catalog.current_database()::text,
    pg_catalog.current_setting('server_version'),
    pg_catalog.current_setting('server_version_num')::integer,
    pg_catalog.pg_is_in_recovery(),
    coalesce(pg_catalog.current_setting('drill.sandbox', true) = 'on', false)
  from (select) as this_server
  left join drill.installation as i on true
$$;

comment on function drill.get_identity() is
  'Which server and database this is, and which installation of pgdrill it carries; one row';

revoke all on function drill.get_identity() from public;
-- end copy of sql/core/get_identity.sql

-- begin copy of sql/policy/policy.sql
create table drill.policy (
  policy_name text primary key,
  policy_value interval not null,
  description text not null,
  constraint policy_policy_value_check check (policy_value >= interval '0' and isfinite(policy_value))
);

comment on table drill.policy is
  'The recovery plan as data: durations that the checks judge by; edit them with update';
comment on column drill.policy.policy_name is 'Name that the checks look up';
comment on column drill.policy.policy_value is 'The duration';
comment on column drill.policy.description is 'What the duration means';

revoke all on table drill.policy from public;
-- end copy of sql/policy/policy.sql

-- begin copy of sql/policy/get_policy.sql
-- A forgotten setting must not silently become a default: a check that cannot
-- know the plan cannot judge by it.
create or replace function drill.get_policy(p_policy_name text)
returns interval
language plpgsql
stable
set search_path = ''
as $$
declare
  v_policy_value interval;
begin
  select p.policy_value
  into v_policy_value
  from drill.policy as p
  where p.policy_name = p_policy_name;

  if v_policy_value is null then
    raise exception using
      errcode = 'RD008',
      message = format('the policy %L is not set', p_policy_name),
      hint = format('Insert it: insert into drill.policy (policy_name, policy_value, description) values (%L, ...).', p_policy_name);
  end if;

  return v_policy_value;
end
$$;

comment on function drill.get_policy(text) is
  'One duration of the recovery plan by name; raises RD008 when it is not set';

revoke all on function drill.get_policy(text) from public;
-- end copy of sql/policy/get_policy.sql

-- begin copy of sql/policy/critical_relations.sql
create table drill.critical_relations (
  relation_name text primary key,
  timestamp_column text,
  is_append_only boolean not null,
  tolerance numeric not null default 0,
  tenant_column text,
  is_tenant_shown boolean not null default false,
  is_secret boolean not null default false,
  depth text not null default 'full',
  profile text not null default 'custom',
  constraint critical_relations_relation_name_check check (
    relation_name = format('%I.%I', (parse_ident(relation_name))[1], (parse_ident(relation_name))[2])
  ),
  constraint critical_relations_tolerance_check check (tolerance between 0 and 1),
  constraint critical_relations_depth_check check (depth in ('standard', 'full'))
);

comment on table drill.critical_relations is
  'What must be recoverable: the tables that baselines count and that a restored database has to hold';
comment on column drill.critical_relations.relation_name is 'Schema and table, quoted where needed, such as public.sessions';
comment on column drill.critical_relations.timestamp_column is 'Column (timestamptz, timestamp or date) that says when a row came; null when there is none';
comment on column drill.critical_relations.is_append_only is 'True when rows are never deleted, so that a closed bucket must keep its count; false when they may be';
comment on column drill.critical_relations.tolerance is 'Share of a settled bucket''s rows (0 to 1) that may differ, for tables that are not append-only';
comment on column drill.critical_relations.tenant_column is 'Column that says whose row it is, to count rows by tenant at depth full; null: not counted';
comment on column drill.critical_relations.is_tenant_shown is 'True when the raw id of a tenant may leave the database; else a hash does';
comment on column drill.critical_relations.is_secret is 'True when not even a hash of the content may leave the database: rows are only counted';
comment on column drill.critical_relations.depth is 'full, or standard: its content is never fingerprinted, whatever the depth of the verification';
comment on column drill.critical_relations.profile is 'Which profile registered it; custom for your own';

revoke all on table drill.critical_relations from public;
-- end copy of sql/policy/critical_relations.sql

-- begin copy of sql/policy/register_critical_relation.sql
create or replace function drill.register_critical_relation(
  p_relation_name text,
  p_timestamp_column text,
  p_is_append_only boolean,
  p_tolerance numeric default 0,
  p_tenant_column text default null,
  p_is_tenant_shown boolean default false,
  p_is_secret boolean default false,
  p_depth text default 'full'
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_relation regclass := pg_catalog.to_regclass(p_relation_name);
  v_relation_name text;
begin
  -- A view is computed and a foreign table is another server's: neither comes back with this database.
  if v_relation is null
    or not exists (
      select
      from pg_catalog.pg_class as c
      where c.oid = v_relation
        and c.relkind in ('r', 'p')
        and c.relpersistence <> 't'
    )
    or p_is_append_only is null or p_tolerance is null
    or p_is_tenant_shown is null or p_is_secret is null or p_depth is null or p_depth not in ('standard', 'full')
  then
    raise exception using
      errcode = 'RD007',
      message = format('cannot register %s: no such table, or an argument is null or unknown', coalesce(p_relation_name, 'null')),
      hint = 'Name an existing table with its schema, such as public.orders; the depth is standard or full.';
  end if;

  if p_timestamp_column is not null and not exists (
    select
    from pg_catalog.pg_attribute as a
    where a.attrelid = v_relation
      and a.attname = p_timestamp_column
      and not a.attisdropped
      and a.atttypid in ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
  ) then
    raise exception using
      errcode = 'RD007',
      message = format('cannot register %s: %s is not a column of type timestamptz, timestamp or date', v_relation, p_timestamp_column),
      hint = 'Name such a column, or pass null to count rows only.';
  end if;

  if p_tenant_column is not null and not exists (
    select
    from pg_catalog.pg_attribute as a
    where a.attrelid = v_relation
      and a.attname = p_tenant_column
      and a.attnum > 0
      and not a.attisdropped
  ) then
    raise exception using
      errcode = 'RD007',
      message = format('cannot register %s: it has no column %s', v_relation, p_tenant_column),
      hint = 'Name the column that says whose row it is, or pass null.';
  end if;

  v_relation_name := drill._relation_name(v_relation);

  insert into drill.critical_relations as c (
    relation_name, timestamp_column, is_append_only, tolerance, tenant_column, is_tenant_shown, is_secret, depth
  )
  values (
    v_relation_name, p_timestamp_column, p_is_append_only, p_tolerance, p_tenant_column, p_is_tenant_shown, p_is_secret, p_depth
  )
  on conflict (relation_name) do update
  set
    timestamp_column = excluded.timestamp_column,
    is_append_only = excluded.is_append_only,
    tolerance = excluded.tolerance,
    tenant_column = excluded.tenant_column,
    is_tenant_shown = excluded.is_tenant_shown,
    is_secret = excluded.is_secret,
    depth = excluded.depth;
end
$$;

comment on function drill.register_critical_relation(text, text, boolean, numeric, text, boolean, boolean, text) is
  'Adds or changes a table that must be recoverable: its timestamp column (or null), whether rows are never deleted, the tolerated share of difference, the column of its tenants, whether their ids may be shown, whether it is secret, and how deep it is looked at';

revoke all on function drill.register_critical_relation(text, text, boolean, numeric, text, boolean, boolean, text) from public;
-- end copy of sql/policy/register_critical_relation.sql

-- begin copy of sql/policy/default_policy.sql
-- The plan's numbers. A person who edited one keeps it.
insert into drill.policy (policy_name, policy_value, description)
values
  ('rpo', interval '24 hours', 'Recovery point objective: how much data may be lost, from the recovery point to the failure'),
  ('rto', interval '4 hours', 'Recovery time objective: how long it may take from the start of the restore until it is verified'),
  ('clock_skew', interval '5 minutes', 'How far clocks may differ before a timestamp counts as being in the future'),
  ('settle_after', interval '1 day', 'How long after its end a partition may still get late rows; after that it is settled'),
  ('heartbeat_interval', interval '5 minutes', 'Longest pause between heartbeats with which the newest one tells the recovery point exactly'),
  ('heartbeat_retention', interval '7 days', 'How long heartbeats are kept'),
  ('baseline_retention', interval '400 days', 'How long baselines are kept; the newest of each depth always is')
on conflict (policy_name) do nothing;
-- end copy of sql/policy/default_policy.sql

-- begin copy of sql/policy/waivers.sql
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
-- end copy of sql/policy/waivers.sql

-- begin copy of sql/isolation/isolation_policy.sql
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
-- end copy of sql/isolation/isolation_policy.sql

-- begin copy of sql/policy/opsmantik_profile.sql
-- What OpsMantik must get back, as its recovery plan lists it. For another
-- database: delete from drill.<table> where profile = 'opsmantik', and register yours.
insert into drill.critical_relations (relation_name, timestamp_column, is_append_only, tolerance, tenant_column, is_secret, profile)
values
  ('public.sites', 'created_at', false, 0.02, null, false, 'opsmantik'),
  ('public.site_members', 'created_at', false, 0.02, 'site_id', false, 'opsmantik'),
  ('public.sessions', 'created_at', true, 0, 'site_id', false, 'opsmantik'),
  ('public.events', 'created_at', true, 0, 'site_id', false, 'opsmantik'),
  ('public.calls', 'created_at', false, 0.02, 'site_id', false, 'opsmantik'),
  ('private.site_secrets', 'created_at', false, 0.02, null, true, 'opsmantik')
on conflict (relation_name) do nothing;
-- end copy of sql/policy/opsmantik_profile.sql

-- Down Migration

drop table drill.isolation_policy;
drop table drill.waivers;
drop function drill.register_critical_relation(text, text, boolean, numeric, text, boolean, boolean, text);
drop table drill.critical_relations;
drop function drill.get_policy(text);
drop table drill.policy;
drop function drill.get_identity();
drop table drill.installation;
drop function drill._trigger_definition(oid);
drop function drill._fingerprint(text);
drop function drill._relation_oid(text);
drop function drill._relation_name(oid);
drop function drill._is_copy();
drop function drill.get_now();
drop type drill.check_result;
drop domain drill.check_status;
drop schema drill;
