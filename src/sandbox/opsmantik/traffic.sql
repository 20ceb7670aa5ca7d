-- One beat of normal traffic: a visit with three events, now and then a call, now and then news about an old call.
--
-- Several writers run it at the same time, over and over. One statement, therefore one transaction however it is sent.
-- It writes as the app does and leaves the keys to the triggers: the month is not given, or as some day of the month;
-- the site of an event is given wrongly. (A key of another month would be refused, see schema.sql.)

do $$
declare
  v_set_now timestamptz := nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz;
  v_now timestamptz := coalesce(v_set_now, pg_catalog.clock_timestamp());
  v_today date := pg_catalog.timezone('UTC', v_now)::date;
  v_default_month date := pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', pg_catalog.now()))::date;
  v_site_id uuid;
  v_session_id uuid := pg_catalog.gen_random_uuid();
  v_call_id uuid := pg_catalog.gen_random_uuid();
begin
  select s.id
  into strict v_site_id
  from public.sites as s
  order by pg_catalog.random()
  limit 1;

  -- The default of the column is of the transaction's start, which a set clock or the turn of a month makes wrong.
  if v_default_month = pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v_now))::date
    and pg_catalog.random() < 0.5
  then
    insert into public.sessions (
      id, site_id, visitor_id, entry_url, entry_path, utm_source, utm_medium, device_type, country, page_count,
      event_count, lead_score, created_at, consent_scopes
    )
    values (
      v_session_id, v_site_id, 'live', 'https://www.example/', '/', 'google', 'cpc', 'mobile', 'TR', 1,
      3, (pg_catalog.random() * 100)::smallint, v_now, array['analytics']
    );
  else
    insert into public.sessions (
      id, site_id, visitor_id, entry_url, entry_path, device_type, country, page_count,
      event_count, lead_score, created_month, created_at, consent_scopes
    )
    values (
      v_session_id, v_site_id, 'live', 'https://www.example/contact', '/contact', 'desktop', 'TR', 1,
      3, (pg_catalog.random() * 100)::smallint, v_today, v_now, array['analytics', 'marketing']
    );
  end if;

  insert into public.events (session_id, session_month, site_id, url, category, action, label, value, created_at)
  select
    v_session_id,
    v_today,
    other.id,
    'https://www.example/',
    e.category,
    e.action,
    e.label,
    e.value,
    coalesce(v_set_now, pg_catalog.clock_timestamp())
  from (values
    ('page', 'view', null, null::numeric),
    ('interaction', 'scroll', 'block-3', null),
    ('conversion', 'phone_click', 'header', 12.50)
  ) as e (category, action, label, value)
  cross join (
    select s.id
    from public.sites as s
    order by s.id = v_site_id, s.id
    limit 1
  ) as other;

  if pg_catalog.random() < 0.2 then
    insert into public.calls (site_id, phone_number, matched_session_id, status, created_at, updated_at)
    values (v_site_id, '+12025550100', v_session_id, 'matched', v_now, v_now);
  end if;

  if pg_catalog.random() < 0.2 then
    -- the next one from a random key on; a writer never waits for another one's row
    select c.id
    into v_call_id
    from public.calls as c
    where c.id >= v_call_id
      and c.created_at < v_now - interval '1 day'
      and c.created_at > v_now - interval '40 days'
    order by c.id
    limit 1
    for update skip locked;

    update public.calls as c
    set
      status = (array['contacted', 'won', 'lost', 'junk'])[1 + (pg_catalog.random() * 3)::integer],
      updated_at = v_now
    where c.id = v_call_id;
  end if;
end;
$$;
