-- Production has active jobs, subscriptions and webhooks by right; only a session
-- that takes the database for a copy judges them. One row per armed object, one per
-- kind when nothing of it is armed.
create or replace function drill.verify_isolation()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
as $$
declare
  v_kind record;
  v_object record;
  v_outbound jsonb;
  v_policy jsonb;
  v_status text;
  v_count bigint;
  v_bad_count bigint;
  v_text text;
  v_is_own boolean;
  v_baseline record;
  v_identity record;
begin
  if not drill._is_copy() then
    return next row(
      'isolation', null, 'skip',
      'this session does not take the database for a restored copy, so what it reaches is not judged',
      'On a restored copy run: set drill.is_copy = on. Then ask again.', null, null
    )::drill.check_result;
    return;
  end if;

  begin
    select coalesce(pg_catalog.jsonb_object_agg(p.kind, p.status), '{}')
    into v_policy
    from drill.isolation_policy as p;
  exception
    when insufficient_privilege then
      null; -- Said below, if there is anything to judge by it.
  end;

  -- Once: each look at the server's settings and sessions might differ.
  select coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(o) order by o.ordinality), '[]')
  into v_outbound
  from drill.list_outbound() with ordinality as o;

  for v_kind in
    select *
    from (
      values
        (
          'event_trigger', 'the event trigger', 'is enabled and posts to', 'is enabled and posts to an address that is not in its text',
          'no event trigger that posts to the outside is enabled', 'there is no event trigger'
        ),
        ('cron_job', 'the cron job', 'is active and reaches', 'is active', 'no cron job is active', 'there is no cron job'),
        (
          'subscription', 'the subscription', 'is enabled and reads from', 'is enabled', 'no subscription is enabled',
          'there is no subscription'
        ),
        (
          'webhook_trigger', 'the trigger', 'is enabled and posts to', 'is enabled and posts to an address that is not in its text',
          'no trigger that posts to the outside is enabled', 'there is no trigger'
        ),
        (
          'request_queue', 'the queue', 'holds requests to', 'holds requests', 'no request waits to be sent',
          'there is no queue of pg_net'
        ),
        (
          'foreign_server', 'the foreign server', 'points at', 'points at a host that is not among its options',
          'no foreign server points at a host', 'there is no foreign server that reaches another machine'
        ),
        (
          'archiving', 'the setting', 'sends the WAL of this server to', 'archives the WAL of this server',
          'what is written here is not archived elsewhere', 'the server has no archiving'
        )
    ) as k (kind, noun, verb, verb_alone, good, none)
  loop
    v_status := v_policy ->> v_kind.kind;
    if v_policy is not null and v_status is null then
      return next drill._unknown_isolation_policy(v_kind.kind);
      continue;
    end if;
    if v_status = 'skip' then
      return next row(
        'isolation', null, 'skip',
        pg_catalog.format('by the policy of this database, objects of kind %s are not judged', v_kind.kind), null, null, null
      )::drill.check_result;
      continue;
    end if;

    v_count := 0;
    v_bad_count := 0;
    for v_object in
      select o.*
      from pg_catalog.jsonb_to_recordset(v_outbound) as o (
        ordinality bigint, kind text, object_name text, reaches text, is_armed boolean, mitigation text, remark text,
        disarming_statements text[], problem text
      )
      where o.kind = v_kind.kind
      order by o.ordinality
    loop
      v_count := v_count + 1;
      if v_object.problem is not null then
        v_bad_count := v_bad_count + 1;
        return next row(
          'isolation', v_object.object_name, 'error',
          pg_catalog.format('could not look at everything of kind %s: %s', v_kind.kind, v_object.problem), v_object.remark, null, null
        )::drill.check_result;
      elsif v_object.is_armed and v_policy is null then
        v_bad_count := v_bad_count + 1;
        return next row(
          'isolation', v_object.object_name, 'error',
          pg_catalog.format('%s %s is armed, and how bad that is could not be read', v_kind.noun, v_object.object_name),
          pg_catalog.format('Run: grant select on drill.isolation_policy to %I.', current_user), null, null
        )::drill.check_result;
      elsif v_object.is_armed then
        v_bad_count := v_bad_count + 1;
        v_text := pg_catalog.array_to_string(v_object.disarming_statements, '; ');
        return next row(
          'isolation', v_object.object_name, case when v_object.mitigation is null then v_status else 'warn' end,
          pg_catalog.format(
            '%s %s %s%s', v_kind.noun, v_object.object_name,
            coalesce(v_kind.verb || ' ' || v_object.reaches, v_kind.verb_alone),
            coalesce('; ' || v_object.mitigation, '')
          ),
          nullif(pg_catalog.concat_ws(' ', 'Run: ' || nullif(v_text, '') || '.', nullif(v_object.remark, '')), ''),
          pg_catalog.to_jsonb('disarmed'::text),
          pg_catalog.jsonb_build_object('armed', true, 'reaches', v_object.reaches)
        )::drill.check_result;
      end if;
    end loop;

    if v_bad_count = 0 then
      -- Triggers were looked at though none of them posts.
      select
        case v_kind.kind
          when 'event_trigger' then (select pg_catalog.count(*) from pg_catalog.pg_event_trigger)
          when 'webhook_trigger' then (
            select pg_catalog.count(*)
            from pg_catalog.pg_trigger as t
            where t.tgparentid = 0
              and not t.tgisinternal
          )
          else v_count
        end
      into v_bad_count;
      return next row(
        'isolation', null, case when v_bad_count = 0 then 'skip' else 'pass' end,
        case
          when v_bad_count = 0 then v_kind.none
          when v_kind.kind in ('event_trigger', 'webhook_trigger') then pg_catalog.format('%s (looked at: %s)', v_kind.good, v_bad_count)
          when v_kind.kind in ('request_queue', 'archiving') then v_kind.good
          else pg_catalog.format('%s (%s in all)', v_kind.good, v_count)
        end
        || case
          when v_kind.kind = 'archiving'
            then coalesce(': ' || (v_outbound #>> '{-1,remark}'), '')
          else ''
        end,
        null, null, pg_catalog.to_jsonb(v_count::text)
      )::drill.check_result;
    end if;
  end loop;

  -- Other clients. Who may not see all sessions still sees that they are there.
  v_status := v_policy ->> 'client';
  if v_policy is not null and v_status is null then
    return next drill._unknown_isolation_policy('client');
  elsif v_status = 'skip' then
    return next row(
      'isolation', null, 'skip', 'by the policy of this database, objects of kind client are not judged', null, null, null
    )::drill.check_result;
  else
    return query
      select
        'isolation', pg_catalog.quote_ident(c.usename), coalesce(v_status, 'error')::drill.check_status,
        pg_catalog.format(
          '%s other %s of the role %I with the application name %L connected to this database%s',
          c.session_count, case when c.session_count = 1 then 'session is' else 'sessions are' end, c.usename, c.application_name,
          case
            when c.hidden_count > 0
              then pg_catalog.format('; what %s of them are could not be seen', c.hidden_count)
            else ''
          end
        ),
        case
          when v_status is null then pg_catalog.format('Run: grant select on drill.isolation_policy to %I.', current_user)
          else 'Stop the application, or point it elsewhere. To end these sessions, run: '
            || pg_catalog.format(
              'select pg_catalog.pg_terminate_backend(a.pid) from pg_catalog.pg_stat_activity as a where a.datname = %L and a.usename = %L and a.application_name = %L.',
              pg_catalog.current_database(), c.usename, c.application_name
            )
            || case
              when c.hidden_count > 0 then pg_catalog.format(' To see them, run: grant pg_read_all_stats to %I.', current_user)
              else ''
            end
        end,
        pg_catalog.to_jsonb('0'::text), pg_catalog.to_jsonb(c.session_count::text)
      from (
        select
          a.usename, coalesce(a.application_name, '') as application_name, pg_catalog.count(*) as session_count,
          pg_catalog.count(*) filter (where a.backend_type is null) as hidden_count
        from pg_catalog.pg_stat_activity as a
        where a.datname = pg_catalog.current_database()
          and a.pid <> pg_catalog.pg_backend_pid()
          and a.usename is not null
          and coalesce(a.backend_type, 'client backend') = 'client backend'
          -- Other sessions of this program, as far as they say so and have our role.
          and not (a.usename = session_user and a.application_name ~ '^pgdrill( |$)')
        group by a.usename, a.application_name
      ) as c
      order by c.usename collate "C", c.application_name collate "C";
    if not found then
      return next row(
        'isolation', null, 'pass', 'no other client is connected to this database', null, null, pg_catalog.to_jsonb('0'::text)
      )::drill.check_result;
    end if;
  end if;

  -- Whether this is production. The program asks production itself and says so by a
  -- setting of the session; with psql whoever is sure may set it.
  v_status := v_policy ->> 'identity';
  if v_policy is not null and v_status is null then
    return next drill._unknown_isolation_policy('identity');
    return;
  elsif v_status = 'skip' then
    return next row(
      'isolation', null, 'skip', 'by the policy of this database, objects of kind identity are not judged', null, null, null
    )::drill.check_result;
    return;
  end if;
  begin
    select i.*
    into strict v_identity
    from drill.get_identity() as i;
    -- The newest of all, and the newest that this server did not capture since it started.
    select b.*
    into v_baseline
    from drill.baselines as b
    where (b.system_identifier, b.started_at, b.database_name)
      is distinct from (v_identity.system_identifier, v_identity.started_at, v_identity.database_name)
    order by b.captured_at desc, b.baseline_id
    limit 1;
    v_is_own := exists (
      select
      from drill.baselines as b
      where b.system_identifier = v_identity.system_identifier
        and b.started_at = v_identity.started_at
        and b.database_name = v_identity.database_name
    );
  exception
    when insufficient_privilege then
      return next row(
        'isolation', null, 'skip', 'there is nothing to tell this database from production by: its baselines could not be read',
        pg_catalog.format('Run: grant select on drill.baselines, drill.installation to %I.', current_user), null, null
      )::drill.check_result;
      return;
  end;

  v_text := pg_catalog.quote_ident(v_identity.database_name);
  if coalesce(pg_catalog.current_setting('drill.is_not_production', true) = 'on', false) then
    return next row(
      'isolation', null, 'pass', pg_catalog.format('whoever asks has made sure that the database %s is not production', v_text),
      null, null, null
    )::drill.check_result;
  elsif v_is_own then
    return next row(
      'isolation', v_text, case when v_baseline.baseline_id is null then coalesce(v_status, 'error') else 'warn' end,
      pg_catalog.format('this running server captured baselines of the database %s: it is production itself, or a copy that captured baselines of itself', v_text),
      'If it is production, stop: it is no restored copy. If you are sure that it is a copy, run: set drill.is_not_production = on. Then ask again.',
      pg_catalog.to_jsonb('another server or database'::text), pg_catalog.to_jsonb('the same, running since the baseline'::text)
    )::drill.check_result;
  elsif v_baseline.baseline_id is null then
    return next row(
      'isolation', null, 'skip', 'there is no baseline to tell this database from production by',
      'Capture baselines in production: they travel with each backup.', null, null
    )::drill.check_result;
  elsif (v_identity.system_identifier, v_identity.timeline_id, v_identity.database_name)
    = (v_baseline.system_identifier, v_baseline.timeline_id, v_baseline.database_name)
  then
    return next row(
      'isolation', v_text, coalesce(v_status, 'error'),
      pg_catalog.format('the database %s cannot be told from production: it has the system identifier, the timeline and the name that the newest baseline has', v_text),
      'If it is production, stop: it is no restored copy. If you are sure that it is a copy, run: set drill.is_not_production = on. Then ask again.',
      pg_catalog.to_jsonb('another system identifier, timeline or name'::text), pg_catalog.to_jsonb('the same'::text)
    )::drill.check_result;
  else
    return next row(
      'isolation', null, 'pass',
      pg_catalog.format(
        'the database %s differs from the source of the newest baseline: %s', v_text,
        pg_catalog.concat_ws(
          ', ',
          case when v_identity.system_identifier <> v_baseline.system_identifier then 'another system identifier' end,
          case
            when v_identity.timeline_id <> v_baseline.timeline_id
              then pg_catalog.format('timeline %s instead of %s', v_identity.timeline_id, v_baseline.timeline_id)
          end,
          case
            when v_identity.database_name <> v_baseline.database_name
              then pg_catalog.format('the name %I instead of %I', v_identity.database_name, v_baseline.database_name)
          end
        )
      ),
      null, null, null
    )::drill.check_result;
  end if;
end
$$;

comment on function drill.verify_isolation() is
  'Whether a restored copy is kept from acting on the outside: cron jobs, subscriptions, triggers and event triggers that post, requests that wait, foreign servers, archiving; other clients; and whether it is production';

revoke all on function drill.verify_isolation() from public;
