-- A year of data for the OpsMantik-shaped production: the twelve months before this one, and this month up to now.
--
-- The same "now" (setting drill.now) gives the same rows in every database: keys and values come from hashes of
-- numbers, never from random(). About 60 sessions a day, fewer at weekends and at night, three events a session,
-- five calls a day.
--
-- One statement does the inserts, so that nothing of it remains if it fails. Triggers and foreign key checks are off
-- inside it (the keys written are the ones that they would have written), which makes it several times faster.

do $$
declare
  v_now timestamptz := coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.now()
  );
  v_this_month timestamptz := pg_catalog.timezone(
    'UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v_now))
  );
  v_first_day date := (pg_catalog.timezone('UTC', v_this_month) - interval '12 months')::date;
  v_last_day date := pg_catalog.timezone('UTC', v_now)::date;
  v_start timestamptz := pg_catalog.timezone('UTC', v_first_day::timestamp);
begin
  set local session_replication_role = replica;
  set local jit = off;
  -- a day is 24 hours long here, whatever the session's time zone
  set local timezone = 'UTC';

  insert into public.sites (id, public_id, user_id, domain, name, config, created_at, updated_at)
  select
    pg_catalog.md5('site ' || n)::uuid,
    pg_catalog.substr(pg_catalog.md5('public id ' || n), 1, 16),
    pg_catalog.md5('user ' || n)::uuid,
    d.name || '.example',
    pg_catalog.initcap(d.name),
    pg_catalog.jsonb_build_object(
      'currency', (array['TRY', 'EUR', 'USD'])[1 + n % 3],
      'ingest', pg_catalog.jsonb_build_object('sampling', 1, 'bot_filter', n % 2 = 0)
    ),
    v_start - pg_catalog.make_interval(days => 9 - n::integer, hours => n::integer),
    v_start + pg_catalog.make_interval(days => 37 * n::integer)
  from pg_catalog.unnest(
    array['altinkapi', 'bayrakdis', 'cinarhukuk', 'denizoto', 'egemobilya', 'firattasima', 'guneskoltuk', 'hisarklima']
  ) with ordinality as d (name, n);

  -- The first member of a site is its owner.
  insert into public.site_members (id, site_id, user_id, role, created_at)
  select
    pg_catalog.md5('member ' || m)::uuid,
    s.id,
    case when m <= 8 then s.user_id else pg_catalog.md5('user ' || m)::uuid end,
    case when m <= 8 then 'owner' else (array['admin', 'operator', 'viewer'])[1 + m % 3] end,
    s.created_at + pg_catalog.make_interval(days => case when m <= 8 then 0 else 11 * m end)
  from pg_catalog.generate_series(1, 20) as m
  join public.sites as s on s.id = pg_catalog.md5('site ' || (1 + (m - 1) % 8))::uuid;

  insert into private.site_secrets (site_id, current_secret, next_secret, rotated_at, created_at)
  select
    s.id,
    'seed-' || pg_catalog.md5('current secret ' || n),
    case when n % 4 = 0 then 'seed-' || pg_catalog.md5('next secret ' || n) end,
    case when n % 3 <> 0 then v_now - pg_catalog.make_interval(days => 5 + 9 * n, hours => n) end,
    s.created_at
  from pg_catalog.generate_series(1, 8) as n
  join public.sites as s on s.id = pg_catalog.md5('site ' || n)::uuid;

  -- Sessions of a day are spread by u + sin(u): a step is short around noon and long at night.
  -- Two kinds are added to the regular ones: visits in the last minute of each month, whose events go on in the next
  -- month, and visits just before now.
  insert into public.sessions (
    id, site_id, visitor_id, fingerprint_hash, ip_hash, ip_prefix, entry_url, entry_path, exit_path, referrer,
    referrer_host, utm_source, utm_medium, utm_campaign, utm_term, utm_content,
    gclid, attribution_source, match_type, ad_position,
    device_type, device_vendor, device_os, browser, browser_version, screen_width, screen_height, viewport_width,
    language, timezone_name, country, city, geo_point, connection_type, is_proxy, is_bot, is_returning, page_count,
    event_count, duration_seconds, max_scroll_percent, lead_score, intent_score, engagement_score, user_journey,
    metadata, created_month, created_at, consent_scopes, ai_score, ai_tags
  )
  with visits as (
    select
      g.number,
      v_start
        + pg_catalog.make_interval(days => g.day)
        + interval '1 day' * (f.fraction + 0.6 * pg_catalog.sin(6.283185307179586 * f.fraction) / 6.283185307179586)
        as created_at,
      (1 + (g.hash >> 8 & 255) % 5)::integer as events,
      (5 + (g.hash >> 16 & 1023) % 60)::integer as seconds_between_events
    from (
      select
        d.day,
        d.day * 100 + k.visit as number,
        k.visit,
        d.visits,
        pg_catalog.hashint8extended(d.day * 100 + k.visit, 1) as hash
      from (
        select
          n as day,
          -- weekday or weekend, give or take a few
          case when extract(isodow from v_first_day + n) >= 6 then 40 else 60 end
            + pg_catalog.abs(pg_catalog.hashint4(n)) % 7 as visits
        from pg_catalog.generate_series(0, v_last_day - v_first_day) as n
      ) as d
      cross join lateral pg_catalog.generate_series(1, d.visits) as k (visit)
    ) as g
    cross join lateral (
      select (g.visit - 1 + (g.hash & 255) / 256.0::double precision) / g.visits as fraction
    ) as f

    union all

    select
      9000000 + n,
      pg_catalog.timezone('UTC', v_first_day + pg_catalog.make_interval(months => 1 + n / 2))
        - pg_catalog.make_interval(secs => 14 + n),
      4,
      30
    from pg_catalog.generate_series(0, 23) as n

    union all

    select l.number, v_now - l.ago, l.events, 40
    from (values (9999998, interval '85 seconds', 3), (9999999, interval '8 seconds', 1)) as l (number, ago, events)
  ),
  -- materialized, or each use of a column would compute its hash again
  traits as materialized (
    select
      v.number,
      v.created_at,
      v.events,
      (v.events - 1) * v.seconds_between_events as duration,
      pg_catalog.md5('session ' || v.number) as text_hash,
      pg_catalog.hashint8extended(v.number, 2) & 1023 as a,
      pg_catalog.hashint8extended(v.number, 3) & 1023 as b
    from visits as v
    where v.created_at <= v_now - interval '8 seconds'
  )
  select
    t.text_hash::uuid,
    -- the first sites have most of the visits
    pg_catalog.md5('site ' || (1 + t.a * t.a * 8 / 1048576))::uuid,
    'v' || pg_catalog.substr(t.text_hash, 1, 12),
    pg_catalog.substr(t.text_hash, 3, 16),
    pg_catalog.substr(t.text_hash, 9, 16),
    '192.0.2.0/24'::inet,
    'https://www.example/' || (array['', 'services', 'contact', 'prices', 'blog'])[1 + t.b % 5] || '?v=' || t.a,
    '/' || (array['', 'services', 'contact', 'prices', 'blog'])[1 + t.b % 5],
    case when t.a % 3 = 0 then '/contact' end,
    case when t.b % 2 = 0 then 'https://www.google.com/' end,
    case when t.b % 2 = 0 then 'www.google.com' end,
    case when t.b % 2 = 0 then 'google' end,
    case when t.b % 2 = 0 then 'cpc' end,
    case when t.b % 2 = 0 then 'campaign-' || t.a % 12 end,
    case when t.b % 8 = 0 then 'term ' || t.a % 40 end,
    -- there, but empty: not the same as null
    case when t.b % 2 = 0 then '' end,
    case when t.b % 2 = 0 then t.text_hash end,
    (array['paid', 'organic', 'paid', 'direct'])[1 + t.b % 4],
    case when t.b % 2 = 0 then (array['e', 'p', 'b'])[1 + t.a % 3] end,
    case when t.b % 2 = 0 then 1 + t.a % 4 end,
    (array['mobile', 'mobile', 'desktop', 'mobile', 'tablet'])[1 + t.a % 5],
    (array['Samsung', 'Apple', 'Xiaomi', null])[1 + t.b % 4],
    (array['Android', 'iOS', 'Windows'])[1 + t.a % 3],
    (array['Chrome', 'Safari', 'Firefox', 'Edge'])[1 + t.a % 4],
    (110 + t.a % 20)::text,
    (array[390, 412, 1920, 1366])[1 + t.b % 4],
    (array[844, 915, 1080, 768])[1 + t.b % 4],
    (array[390, 412, 1903, 1349])[1 + t.b % 4],
    (array['tr-TR', 'tr-TR', 'en-US', 'de-DE'])[1 + t.a % 4],
    'Europe/Istanbul',
    case when t.a % 16 = 0 then 'DE' else 'TR' end,
    (array['İstanbul', 'Ankara', 'İzmir', 'Bursa', 'Şanlıurfa'])[1 + t.b % 5],
    case when t.a % 4 = 0 then pg_catalog.point(28 + t.a / 512.0, 41 - t.b / 512.0) end,
    (array['4g', 'wifi'])[1 + t.b % 2],
    t.a % 97 = 0,
    t.a % 61 = 0,
    t.a % 4 = 0,
    1 + t.a % 4,
    t.events,
    t.duration,
    t.b % 101,
    t.a % 100,
    (t.b % 1000) / 10.0,
    t.a / 1023.0,
    '[{"step": "landing"}]'::jsonb,
    pg_catalog.jsonb_build_object('consent', t.a % 3 > 0, 'build', 'b' || t.b % 30),
    pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', t.created_at))::date,
    t.created_at,
    case when t.a % 3 > 0 then array['analytics', 'marketing'] else array['analytics'] end,
    case when t.b % 5 = 0 then (t.a % 1000) / 10.0 end,
    case when t.b % 5 = 0 then array['lead', 'urgent'] end
  from traits as t
  order by t.created_at;

  -- An event lies under the month of its session, also when it happened just after that month's end.
  insert into public.events (
    id, session_id, session_month, site_id, url, category, action, label, value, metadata, created_at
  )
  with steps as materialized (
    select
      s.id as session_id,
      s.created_month,
      s.site_id,
      s.entry_url,
      n as step,
      pg_catalog.uuid_hash_extended(s.id, n) & 8191 as hash,
      s.created_at
        + pg_catalog.make_interval(secs => (n - 1) * s.duration_seconds / greatest(s.event_count - 1, 1))
        as created_at
    from public.sessions as s
    cross join lateral pg_catalog.generate_series(1, s.event_count) as n
  )
  select
    pg_catalog.md5('event ' || e.step || e.session_id)::uuid,
    e.session_id,
    e.created_month,
    e.site_id,
    e.entry_url,
    case when e.step = 1 then 'page' when e.hash % 7 = 0 then 'conversion' else 'interaction' end,
    case
      when e.step = 1 then 'view'
      when e.hash % 7 = 0 then 'phone_click'
      else (array['scroll', 'click', 'form_focus', 'video_play'])[1 + e.hash % 4]
    end,
    case when e.step > 1 then 'block-' || e.hash % 20 end,
    case when e.hash % 7 = 0 then (e.hash % 5000) / 100.0 end,
    (
      array['{"scroll": 10}', '{"scroll": 50}', '{"scroll": 90, "pinned": true}', '{"x": 118, "y": 640}', '{}']::jsonb[]
    )[1 + e.hash % 5],
    e.created_at
  from steps as e
  -- a visit just before now is still going on
  where e.created_at <= v_now - interval '3 seconds'
  order by e.created_at;

  -- The status of a call is settled up to three weeks after the call.
  insert into public.calls (id, site_id, phone_number, matched_session_id, status, created_at, updated_at)
  select
    pg_catalog.md5('call ' || c.session_id)::uuid,
    c.site_id,
    '+1202555' || pg_catalog.lpad((100 + c.hash % 100)::text, 4, '0'),
    case when c.hash % 10 < 7 then c.session_id end,
    case
      when c.settled_at <= v_now then (array['contacted', 'won', 'lost', 'junk'])[1 + c.hash % 4]
      when c.hash % 10 < 7 then 'matched'
      else 'new'
    end,
    c.created_at,
    case when c.settled_at <= v_now then c.settled_at else c.created_at end
  from (
    select
      h.session_id,
      h.site_id,
      h.hash,
      h.created_at,
      h.created_at + pg_catalog.make_interval(hours => 1 + (h.hash % 500)::integer) as settled_at
    from (
      select
        s.id as session_id,
        s.site_id,
        pg_catalog.uuid_hash_extended(s.id, 7) & 65535 as hash,
        least(s.created_at + interval '4 minutes', v_now - interval '6 seconds') as created_at
      from public.sessions as s
    ) as h
    where h.hash % 11 = 0
      or h.created_at = v_now - interval '6 seconds'
  ) as c
  order by c.created_at;

  set local session_replication_role = origin;
end;
$$;

-- Of the wide table only the columns that queries filter and join by: all would take half as long as the inserts.
set default_statistics_target = 10;

analyze
  public.sites,
  public.site_members,
  public.sessions (id, site_id, created_month, created_at),
  public.events,
  public.calls,
  private.site_secrets;

reset default_statistics_target;
