-- The OpsMantik-shaped production of the sandbox: tables, partitions, guards, row security.
--
-- It looks like an application that has grown for a year on Supabase: that is why columns are not in a tidy order,
-- why some helpers are security definer, and why the drift guard at the end is weak. The checks have to live with it.
--
-- Run once on an empty database, as superuser, as one multi-statement query.
-- The setting drill.now moves "now", so that a backdated production gets its own months.

-- Roles belong to the cluster, not to the database: several databases of one cluster may be set up at once.
do $$
declare
  v_role record;
begin
  for v_role in
    select r.role_name, r.attributes
    from (values
      ('anon', 'nologin noinherit'),
      ('authenticated', 'nologin noinherit'),
      ('service_role', 'nologin noinherit bypassrls')
    ) as r (role_name, attributes)
  loop
    if not exists (select from pg_catalog.pg_roles as a where a.rolname = v_role.role_name) then
      begin
        execute pg_catalog.format('create role %I %s', v_role.role_name, v_role.attributes);
      exception
        when duplicate_object or unique_violation then
          null; -- another session was faster
      end;
    end if;
  end loop;
end;
$$;

revoke create on schema public from public;
grant usage on schema public to anon, authenticated, service_role;

-- No usage for the API roles: what is in here is reached through security definer functions only.
create schema private;
revoke all on schema private from public;
comment on schema private is 'Secrets and internal helpers, closed to the API roles';

alter default privileges in schema public grant execute on functions to service_role;


-- tables --------------------------------------------------------------------------------------------------------------

create table public.sites (
  id uuid not null default pg_catalog.gen_random_uuid(),
  public_id text not null,
  user_id uuid not null,
  domain text not null,
  name text not null,
  config jsonb not null default '{}'::jsonb,
  created_at timestamptz not null default pg_catalog.now(),
  updated_at timestamptz not null default pg_catalog.now(),
  constraint sites_pkey primary key (id),
  constraint sites_public_id_key unique (public_id)
);
comment on table public.sites is 'A customer''s web site';

create table public.site_members (
  id uuid not null default pg_catalog.gen_random_uuid(),
  site_id uuid not null,
  user_id uuid not null,
  role text not null default 'viewer',
  created_at timestamptz not null default pg_catalog.now(),
  constraint site_members_pkey primary key (id),
  constraint site_members_site_id_user_id_key unique (site_id, user_id),
  constraint site_members_site_id_fkey foreign key (site_id) references public.sites (id) on delete cascade,
  constraint site_members_role_check check (role in ('owner', 'admin', 'operator', 'viewer'))
);
create index site_members_user_id_idx on public.site_members (user_id);
comment on table public.site_members is 'Who may see which site';

create table private.site_secrets (
  site_id uuid not null,
  current_secret text not null,
  next_secret text,
  rotated_at timestamptz,
  created_at timestamptz not null default pg_catalog.now(),
  constraint site_secrets_pkey primary key (site_id),
  constraint site_secrets_site_id_fkey foreign key (site_id) references public.sites (id) on delete cascade
);
comment on table private.site_secrets is 'Signing secret of each site, with its successor during a rotation';

-- The key column has a default, because a partitioned table routes a row before its triggers run: without one, an
-- insert that leaves the month out would be routed with null. The trigger can correct a key only inside the partition
-- that was chosen (any day of the right month); a wrong month is refused by PostgreSQL itself (0A000).
create table public.sessions (
  id uuid not null default pg_catalog.gen_random_uuid(),
  site_id uuid not null,
  visitor_id text,
  fingerprint_hash text,
  ip_hash text,
  ip_prefix inet,
  entry_url text,
  entry_path text,
  exit_path text,
  referrer text,
  referrer_host text,
  utm_source text,
  utm_medium text,
  utm_campaign text,
  utm_term text,
  utm_content text,
  gclid text,
  fbclid text,
  attribution_source text,
  match_type text,
  ad_network text,
  ad_position smallint,
  placement text,
  device_type text,
  device_vendor text,
  device_os text,
  device_os_version text,
  browser text,
  browser_version text,
  screen_width integer,
  screen_height integer,
  viewport_width integer,
  language text,
  timezone_name text,
  country text,
  region text,
  city text,
  district text,
  geo_point point,
  isp text,
  connection_type text,
  is_proxy boolean not null default false,
  is_bot boolean not null default false,
  is_returning boolean not null default false,
  page_count integer not null default 1,
  event_count integer not null default 0,
  duration_seconds integer not null default 0,
  max_scroll_percent smallint,
  lead_score smallint not null default 0,
  intent_score numeric(5, 2),
  engagement_score double precision,
  user_journey jsonb not null default '[]'::jsonb,
  metadata jsonb not null default '{}'::jsonb,
  created_month date not null
    default (pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', pg_catalog.now())))::date,
  created_at timestamptz not null default pg_catalog.now(),
  wbraid text,
  gbraid text,
  consent_scopes text[] not null default '{}'::text[],
  ai_score numeric(5, 2),
  ai_tags text[],
  constraint sessions_pkey primary key (id, created_month),
  constraint sessions_site_id_fkey foreign key (site_id) references public.sites (id) on delete cascade
) partition by range (created_month);
create index sessions_site_id_created_at_idx on public.sessions (site_id, created_at);
comment on table public.sessions is 'A visit; one partition a month';
comment on column public.sessions.created_month is 'First day of the UTC month of created_at, kept by a trigger';

create table public.events (
  id uuid not null default pg_catalog.gen_random_uuid(),
  session_id uuid not null,
  session_month date not null
    default (pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', pg_catalog.now())))::date,
  site_id uuid not null,
  url text not null,
  category text not null,
  action text not null,
  label text,
  value numeric,
  metadata jsonb not null default '{}'::jsonb,
  created_at timestamptz not null default pg_catalog.now(),
  constraint events_pkey primary key (id, session_month),
  constraint events_site_id_fkey foreign key (site_id) references public.sites (id) on delete cascade,
  constraint events_session_id_session_month_fkey
    foreign key (session_id, session_month) references public.sessions (id, created_month)
    on delete cascade
    deferrable initially deferred
) partition by range (session_month);
create index events_session_id_idx on public.events (session_id);
create index events_site_id_created_at_idx on public.events (site_id, created_at);
create index events_created_at_idx on public.events (created_at);
comment on table public.events is 'Something that happened in a visit; lies under the month of the visit';
comment on column public.events.session_month is 'created_month of the session, kept by a trigger';

-- No foreign key to sessions: a call may be matched to a session long afterwards, or never.
create table public.calls (
  id uuid not null default pg_catalog.gen_random_uuid(),
  site_id uuid not null,
  phone_number text not null,
  matched_session_id uuid,
  status text not null default 'new',
  created_at timestamptz not null default pg_catalog.now(),
  updated_at timestamptz not null default pg_catalog.now(),
  constraint calls_pkey primary key (id),
  constraint calls_site_id_fkey foreign key (site_id) references public.sites (id) on delete cascade,
  constraint calls_status_check check (status in ('new', 'matched', 'contacted', 'won', 'lost', 'junk'))
);
create index calls_site_id_created_at_idx on public.calls (site_id, created_at);
create index calls_matched_session_id_idx on public.calls (matched_session_id) where matched_session_id is not null;
comment on table public.calls is 'A phone call; its status changes for weeks';


-- partitions ----------------------------------------------------------------------------------------------------------

create function private.create_partitions_of_month(p_month date)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_table text;
  v_partition text;
begin
  foreach v_table in array array['sessions', 'events'] loop
    v_partition := pg_catalog.format('%s_%s', v_table, pg_catalog.to_char(p_month, 'YYYY_MM'));

    if pg_catalog.to_regclass(pg_catalog.format('public.%I', v_partition)) is null then
      execute pg_catalog.format(
        'create table public.%I partition of public.%I for values from (%L) to (%L)',
        v_partition,
        v_table,
        p_month,
        (p_month + interval '1 month')::date
      );
    end if;
  end loop;
end;
$$;
comment on function private.create_partitions_of_month(date) is
  'Create the partitions of sessions and events for one month, unless they are there';
revoke all on function private.create_partitions_of_month(date) from public;

create function public.create_monthly_partitions(p_months_ahead integer)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_now timestamptz := coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.now()
  );
  v_month date := pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v_now))::date;
begin
  for v_ahead in 0..p_months_ahead loop
    perform private.create_partitions_of_month((v_month + pg_catalog.make_interval(months => v_ahead))::date);
  end loop;
end;
$$;
comment on function public.create_monthly_partitions(integer) is
  'Partition maintenance, run by pg_cron on the 25th: this month and the given number of months after it';
revoke all on function public.create_monthly_partitions(integer) from public;

do $$
declare
  v_now timestamptz := coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.now()
  );
  v_month date := pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v_now))::date;
begin
  for v_ago in reverse 12..1 loop
    perform private.create_partitions_of_month((v_month - pg_catalog.make_interval(months => v_ago))::date);
  end loop;

  perform public.create_monthly_partitions(1);
end;
$$;

create table public.sessions_default partition of public.sessions default;
create table public.events_default partition of public.events default;


-- guards --------------------------------------------------------------------------------------------------------------

create function public.trg_sessions_set_created_month()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.created_month := pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', new.created_at))::date;
  return new;
end;
$$;
comment on function public.trg_sessions_set_created_month() is 'Set created_month to the UTC month of created_at';

create trigger sessions_set_created_month
  before insert or update of created_at, created_month on public.sessions
  for each row execute function public.trg_sessions_set_created_month();

create function public.trg_events_set_session_month_from_session()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  v_session record;
begin
  select s.created_month, s.site_id
  into v_session
  from public.sessions as s
  where s.id = new.session_id
  order by s.created_month desc
  limit 1;

  -- The session may follow later in the same transaction; then the deferred foreign key judges what was given.
  if found then
    new.session_month := v_session.created_month;
    new.site_id := v_session.site_id;
  end if;

  return new;
end;
$$;
comment on function public.trg_events_set_session_month_from_session() is
  'Copy the month and the site of the session';

create trigger events_set_session_month_from_session
  before insert or update of session_id, session_month, site_id on public.events
  for each row execute function public.trg_events_set_session_month_from_session();

create function public.notify_new_call()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- pg_net makes schema net. Without it, and without an address, nothing leaves the database.
  if pg_catalog.to_regnamespace('net') is not null
    and nullif(pg_catalog.current_setting('app.call_webhook_url', true), '') is not null
  then
    execute 'select net.http_post(url := $1, body := $2)'
    using
      pg_catalog.current_setting('app.call_webhook_url'),
      pg_catalog.jsonb_build_object('call_id', new.id, 'site_id', new.site_id);
  end if;

  return null;
end;
$$;
comment on function public.notify_new_call() is 'Tell the outside about a new call, through pg_net';
revoke all on function public.notify_new_call() from public;

create trigger calls_notify_new_call
  after insert on public.calls
  for each row execute function public.notify_new_call();


-- row security --------------------------------------------------------------------------------------------------------
-- On the parents only: the API roles have no privilege on a partition, and a query through the parent obeys the
-- parent's policies.

create function public.current_user_id()
returns uuid
language sql
stable
set search_path = ''
as $$
  select nullif(pg_catalog.current_setting('request.jwt.claim.sub', true), '')::uuid
$$;
comment on function public.current_user_id() is 'Who asks, from the token of the request';

-- Security definer, because the policies of site_members would call it again otherwise.
create function public.is_site_member(p_site_id uuid)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select exists (
    select
    from public.site_members as m
    where m.site_id = p_site_id
      and m.user_id = public.current_user_id()
  )
$$;
comment on function public.is_site_member(uuid) is 'Whether the asking user may see a site';
revoke all on function public.is_site_member(uuid) from public;
grant execute on function public.is_site_member(uuid) to authenticated, service_role;

create function public.get_site_secrets(p_public_id text)
returns table (current_secret text, next_secret text)
language sql
stable
security definer
set search_path = ''
as $$
  select k.current_secret, k.next_secret
  from private.site_secrets as k
  join public.sites as s on s.id = k.site_id
  where s.public_id = p_public_id
$$;
comment on function public.get_site_secrets(text) is 'The signing secrets of a site, for the ingestion service only';
revoke all on function public.get_site_secrets(text) from public;
grant execute on function public.get_site_secrets(text) to service_role;

alter table public.sites enable row level security;
alter table public.site_members enable row level security;
alter table public.sessions enable row level security;
alter table public.events enable row level security;
alter table public.calls enable row level security;

create policy sites_select_member on public.sites
  for select to authenticated
  using (public.is_site_member(id));

create policy sites_update_owner on public.sites
  for update to authenticated
  using (user_id = public.current_user_id())
  with check (user_id = public.current_user_id());

create policy site_members_select_own_sites on public.site_members
  for select to authenticated
  using (public.is_site_member(site_id));

create policy sessions_select_member on public.sessions
  for select to authenticated
  using (public.is_site_member(site_id));

create policy events_select_member on public.events
  for select to authenticated
  using (public.is_site_member(site_id));

create policy calls_select_member on public.calls
  for select to authenticated
  using (public.is_site_member(site_id));

create policy calls_update_member on public.calls
  for update to authenticated
  using (public.is_site_member(site_id))
  with check (public.is_site_member(site_id));

grant select on public.sites, public.site_members, public.sessions, public.events, public.calls to authenticated;
grant update (name, config, updated_at) on public.sites to authenticated;
grant update (status, updated_at) on public.calls to authenticated;
grant select, insert, update, delete
  on public.sites, public.site_members, public.sessions, public.events, public.calls
  to service_role;


-- the old drift guard -------------------------------------------------------------------------------------------------
-- Weak on purpose: two names in pg_trigger. It is true when a trigger is disabled, emptied, or calls something else,
-- and when any other table has triggers of these names. It is what pgdrill replaces.

create function public.verify_partition_triggers_exist()
returns boolean
language sql
security definer
as $$
  select exists (select 1 from pg_trigger where tgname = 'sessions_set_created_month')
    and exists (select 1 from pg_trigger where tgname = 'events_set_session_month_from_session');
$$;
