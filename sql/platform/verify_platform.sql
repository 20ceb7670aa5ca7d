-- What Supabase, PostgREST and TimescaleDB keep in a database. A part counts as there
-- when it has the columns of the real one: an application may have schemas of the same
-- names. Of a secret nothing is told but its id, and no message of an error: it may
-- hold the contents.
create or replace function drill.verify_platform()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
as $$
declare
  v_role_name constant text := pg_catalog.quote_ident(current_user);
  v_database_name constant text := pg_catalog.quote_ident(pg_catalog.current_database());
  v_database_oid oid := (select d.oid from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database());
  v_is_platform boolean := false;
  v_baseline_id uuid;
  v_is_baseline_closed boolean := false;
  v_object record;
  v_secrets oid;
  v_view oid;
  v_missing text[];
  v_secret_id uuid;
  v_is_decrypted boolean;
  v_bad text[] := array[]::text[];
  v_states text[] := array[]::text[];
  v_unread_count bigint := 0;
  v_unread_state text;
  v_count bigint := 0;
  v_bad_count bigint := 0;
  v_is_there boolean;
  v_text text;
begin
  -- Production's baseline, as far as it is asked below. One without objects is older than they are.
  begin
    select b.baseline_id
    into v_baseline_id
    from drill._newest_baseline() as b (baseline_id)
    where exists (select from drill.baseline_objects as o where o.baseline_id = b.baseline_id);
  exception
    when insufficient_privilege then
      v_is_baseline_closed := true;
  end;

  -- Vault: the key that decrypts lies outside the database, so a restore does not bring it along.
  select
    pg_catalog.max(c.oid) filter (where c.relname = 'secrets' and c.relkind = 'r' and l.names @> array['id', 'secret']),
    pg_catalog.max(c.oid) filter (where c.relname = 'decrypted_secrets' and c.relkind = 'v' and l.names @> array['id', 'decrypted_secret'])
  into v_secrets, v_view
  from pg_catalog.pg_class as c
  inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  cross join lateral (
    select pg_catalog.array_agg(a.attname::text) as names
    from pg_catalog.pg_attribute as a
    where a.attrelid = c.oid
      and a.attnum > 0
      and not a.attisdropped
      and (a.attname <> 'id' or a.atttypid = 'pg_catalog.uuid'::regtype)
  ) as l
  where n.nspname = 'vault'
    and c.relname in ('secrets', 'decrypted_secrets');

  if v_secrets is null or v_view is null then
    v_is_there := exists (select from pg_catalog.pg_extension as e where e.extname = 'supabase_vault');
    return next row(
      'platform', case when v_is_there then 'vault' end, case when v_is_there then 'error' else 'skip' end,
      case
        when v_is_there
          then 'could not look for secrets: the extension supabase_vault is installed, and vault.secrets or vault.decrypted_secrets is missing or has other columns'
        else 'there is no Supabase Vault'
      end,
      case
        when v_is_there then 'Bring the extension to the version of production: alter extension supabase_vault update. If that does not help, restore again.'
      end,
      null, null
    )::drill.check_result;
    v_is_platform := v_is_there;
  else
    v_is_platform := true;
    v_missing := array(
      select m.statement
      from (
        select 1 as position, 'grant usage on schema vault to ' || v_role_name as statement
        where not pg_catalog.has_schema_privilege('vault', 'usage')
        union all
        select 2, 'grant select on vault.secrets to ' || v_role_name
        where not pg_catalog.has_column_privilege(v_secrets, 'id', 'select')
          or not pg_catalog.has_column_privilege(v_secrets, 'secret', 'select')
        union all
        select 3, 'grant select on vault.decrypted_secrets to ' || v_role_name
        where not pg_catalog.has_column_privilege(v_view, 'id', 'select')
          or not pg_catalog.has_column_privilege(v_view, 'decrypted_secret', 'select')
        union all
        -- A view lends its owner's rights to tables, not to functions.
        select distinct
          4, pg_catalog.format('grant execute on function %s to %s', f.oid::regprocedure, v_role_name)
        from pg_catalog.pg_rewrite as w
        inner join pg_catalog.pg_depend as d
          on d.classid = 'pg_catalog.pg_rewrite'::regclass
          and d.objid = w.oid
          and d.refclassid = 'pg_catalog.pg_proc'::regclass
        inner join pg_catalog.pg_proc as f on f.oid = d.refobjid
        where w.ev_class = v_view
          and not pg_catalog.has_function_privilege(f.oid, 'execute')
      ) as m
      order by m.position, m.statement collate "C"
    );
    if pg_catalog.cardinality(v_missing) > 0 then
      return next row(
        'platform', 'vault.decrypted_secrets', 'error',
        pg_catalog.format('could not look whether the secrets of the vault can be decrypted: %s may not', v_role_name),
        pg_catalog.format('Verify as the owner of the vault, or run: %s.', pg_catalog.array_to_string(v_missing, '; ')),
        null, null
      )::drill.check_result;
    elsif pg_catalog.row_security_active(v_secrets) then
      return next row(
        'platform', 'vault.secrets', 'error',
        pg_catalog.format('could not look whether the secrets of the vault can be decrypted: row level security may hide some of them from %s', v_role_name),
        'Verify as a role with bypassrls.', null, null
      )::drill.check_result;
    else
      begin
        -- One by one: the first that fails would hide the others.
        for v_secret_id in execute 'select s.id from vault.secrets as s where s.secret is not null order by s.id' loop
          v_count := v_count + 1;
          begin
            execute 'select d.decrypted_secret is not null from vault.decrypted_secrets as d where d.id = $1'
            into v_is_decrypted
            using v_secret_id;
            if v_is_decrypted is not true then
              v_bad := v_bad || v_secret_id::text;
            end if;
          exception
            when insufficient_privilege or lock_not_available or read_only_sql_transaction
              or transaction_rollback or insufficient_resources then
              v_unread_count := v_unread_count + 1;
              v_unread_state := sqlstate;
            when others then
              v_bad := v_bad || v_secret_id::text;
              v_states := v_states || sqlstate::text;
          end;
        end loop;
      exception
        when insufficient_privilege or lock_not_available then
          v_unread_count := v_unread_count + 1;
          v_unread_state := sqlstate;
      end;
      if v_unread_count > 0 then
        return next row(
          'platform', 'vault.decrypted_secrets', 'error',
          pg_catalog.format('could not look whether all secrets of the vault can be decrypted (SQLSTATE %s)', v_unread_state),
          case
            when v_unread_state = '42501'
              then pg_catalog.format('Verify as the owner of the vault, or grant %s the right to execute what the view vault.decrypted_secrets calls.', v_role_name)
            else 'Verify again when nobody locks the vault.'
          end,
          null, null
        )::drill.check_result;
      end if;
      if pg_catalog.cardinality(v_bad) > 0 then
        return next row(
          'platform', 'vault.decrypted_secrets', 'fail',
          pg_catalog.format(
            '%s of %s secrets of the vault cannot be decrypted%s, by their ids: %s',
            pg_catalog.cardinality(v_bad), v_count,
            (
              select ' (SQLSTATE ' || pg_catalog.string_agg(distinct s.state, ', ') || ')'
              from pg_catalog.unnest(v_states) as s (state)
            ),
            pg_catalog.array_to_string(v_bad[1:10], ', ')
          ) || case when pg_catalog.cardinality(v_bad) > 10 then ' and others' else '' end,
          'The root key of this server is not the one that encrypted them. Copy production''s root key to this server, or enter each of them anew: delete from vault.secrets where id = ''ID''; select vault.create_secret(''VALUE'', ''NAME'').',
          pg_catalog.to_jsonb('0'::text), pg_catalog.to_jsonb(pg_catalog.cardinality(v_bad)::text)
        )::drill.check_result;
      elsif v_unread_count = 0 then
        return next row(
          'platform', null, case when v_count = 0 then 'skip' else 'pass' end,
          case
            when v_count = 0 then 'the vault holds no secret'
            else pg_catalog.format('each secret of the vault can be decrypted (%s in all)', v_count)
          end,
          null, null, null
        )::drill.check_result;
      end if;
    end if;
  end if;

  -- Triggers of users in schema auth: they make the application's own rows at each sign-up.
  if not exists (
    select
    from pg_catalog.pg_attribute as a
    inner join pg_catalog.pg_class as c on c.oid = a.attrelid
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = 'auth'
      and c.relname = 'users'
      and c.relkind = 'r'
      and a.attname in ('aud', 'encrypted_password', 'raw_app_meta_data')
      and not a.attisdropped
    having pg_catalog.count(*) = 3
  ) then
    return next row(
      'platform', null, 'skip', 'there is no Supabase Auth', null, null, null
    )::drill.check_result;
  else
    v_is_platform := true;
    v_count := 0;
    v_bad_count := 0;
    for v_object in
      select
        t.tgname,
        pg_catalog.format('%I.%I', n.nspname, c.relname) as relation_name,
        t.tgenabled
      from pg_catalog.pg_trigger as t
      inner join pg_catalog.pg_class as c on c.oid = t.tgrelid
      inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where n.nspname = 'auth'
        and (
          t.tgconstraint = 0
          or exists (select from pg_catalog.pg_constraint as k where k.oid = t.tgconstraint and k.contype = 't')
        )
      order by c.relname collate "C", t.tgname collate "C"
    loop
      v_count := v_count + 1;
      continue when v_object.tgenabled in ('O', 'A');
      v_bad_count := v_bad_count + 1;
      v_is_there := false;
      if v_baseline_id is not null then
        v_is_there := exists (
          select
          from drill.baseline_objects as o
          where o.baseline_id = v_baseline_id
            and o.object_kind = 'trigger'
            and o.object_name = v_object.relation_name || '.' || pg_catalog.quote_ident(v_object.tgname)
            and E'\n' || o.definition || E'\n' like case v_object.tgenabled when 'D' then E'%\ndisabled\n%' else E'%\nenabled for replica\n%' end
        );
      end if;
      return next row(
        'platform', v_object.relation_name || '.' || pg_catalog.quote_ident(v_object.tgname),
        case when v_is_there then 'warn' else 'fail' end,
        pg_catalog.format(
          'the trigger %I of %s %s%s', v_object.tgname, v_object.relation_name,
          case v_object.tgenabled when 'D' then 'is disabled' else 'fires only while rows are replicated' end,
          case when v_is_there then ', as in production' else '' end
        ),
        pg_catalog.format('Run: alter table %s enable trigger %I.', v_object.relation_name, v_object.tgname),
        pg_catalog.to_jsonb('enabled'::text),
        pg_catalog.to_jsonb(case v_object.tgenabled when 'D' then 'disabled' else 'enabled for replica' end)
      )::drill.check_result;
    end loop;
    if v_bad_count = 0 then
      return next row(
        'platform', null, case when v_count = 0 then 'skip' else 'pass' end,
        case
          when v_count = 0 then 'no table of schema auth has a trigger; whether production has any, the check objects tells'
          else pg_catalog.format('each trigger on the tables of schema auth is enabled (%s in all)', v_count)
        end,
        null, null, null
      )::drill.check_result;
    end if;
  end if;

  -- Storage: without row level security whoever holds a grant reaches every file.
  v_count := 0;
  v_bad_count := 0;
  v_secrets := null;
  for v_object in
    select
      c.oid,
      c.relname,
      pg_catalog.format('%I.%I', n.nspname, c.relname) as relation_name,
      c.relrowsecurity,
      (
        select pg_catalog.string_agg(r.rolname, ' and ' order by r.rolname)
        from pg_catalog.pg_roles as r
        where r.rolname in ('anon', 'authenticated')
          and pg_catalog.has_schema_privilege(r.oid, n.oid, 'usage')
          and (
            pg_catalog.has_any_column_privilege(r.oid, c.oid, 'select, insert, update')
            or pg_catalog.has_table_privilege(r.oid, c.oid, 'delete, truncate')
          )
      ) as role_names
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = 'storage'
      and c.relname in ('buckets', 'objects')
      and c.relkind in ('r', 'p')
      and exists (
        select
        from pg_catalog.pg_attribute as a
        where a.attrelid = c.oid
          and a.attname in (case c.relname when 'objects' then 'bucket_id' else 'public' end, 'name')
          and not a.attisdropped
        having pg_catalog.count(*) = 2
      )
    order by c.relname collate "C"
  loop
    v_is_platform := true;
    v_count := v_count + 1;
    if v_object.relname = 'objects' then
      v_secrets := v_object.oid;
    end if;
    continue when v_object.relrowsecurity;
    v_bad_count := v_bad_count + 1;
    return next row(
      'platform', v_object.relation_name, case when v_object.role_names is null then 'warn' else 'fail' end,
      pg_catalog.format(
        'row level security is off on %s, so %s', v_object.relation_name,
        case
          when v_object.role_names is null then 'only missing grants keep anon and authenticated out'
          else pg_catalog.format(
            '%s may reach every %s there is', v_object.role_names,
            case v_object.relname when 'objects' then 'file' else 'bucket' end
          )
        end
      ),
      pg_catalog.format('Run as its owner: alter table %s enable row level security.', v_object.relation_name),
      pg_catalog.to_jsonb('on'::text), pg_catalog.to_jsonb('off'::text)
    )::drill.check_result;
  end loop;
  if v_bad_count = 0 then
    return next row(
      'platform', null, case when v_count = 0 then 'skip' else 'pass' end,
      case
        when v_count = 0 then 'there is no Supabase Storage'
        when v_count = 2 then 'row level security is on for storage.buckets and storage.objects'
        when v_secrets is not null then 'row level security is on for storage.objects'
        else 'row level security is on for storage.buckets'
      end,
      null, null, null
    )::drill.check_result;
  end if;

  -- Without a policy only the service role and public buckets give files out, which may be how it is meant.
  if v_secrets is not null then
    select pg_catalog.count(*) into v_count from pg_catalog.pg_policy as p where p.polrelid = v_secrets;
    v_bad_count := null;
    if v_count = 0 and v_baseline_id is not null then
      select pg_catalog.count(*)
      into v_bad_count
      from drill.baseline_objects as o
      where o.baseline_id = v_baseline_id
        and o.object_kind = 'policy'
        and o.relation_name = 'storage.objects';
    end if;
    return next row(
      'platform', case when v_count = 0 and v_bad_count is distinct from 0 then 'storage.objects' end,
      case
        when v_count > 0 or v_bad_count = 0 then 'pass'
        when v_bad_count > 0 then 'fail'
        else 'warn'
      end,
      case
        when v_count = 1 then 'storage.objects has one policy'
        when v_count > 0 then pg_catalog.format('storage.objects has %s policies', v_count)
        when v_bad_count = 0 then 'storage.objects has no policy, and neither has production''s'
        when v_bad_count > 0
          then pg_catalog.format('storage.objects has no policy, and production''s has %s: anon and authenticated reach no file', v_bad_count)
        else 'storage.objects has no policy: only the service role and public buckets give files out'
      end,
      case
        when v_count = 0 and v_bad_count > 0
          then 'Create the policies again; the check objects names each.'
        when v_count = 0 and v_bad_count is null
          then 'If production has policies, create them again: select * from pg_policies where schemaname = ''storage''.'
      end,
      pg_catalog.to_jsonb(v_bad_count::text), pg_catalog.to_jsonb(v_count::text)
    )::drill.check_result;
  end if;

  -- PostgREST answers from a cache of the schema, and an event trigger tells it to look
  -- again. Roles belong to the whole server: what makes this database one of PostgREST's
  -- is that its login role may become a role with rights to something in here.
  v_count := 0;
  v_bad_count := 0;
  v_is_there := pg_catalog.to_regrole('authenticator') is not null
    and exists (
      select
      from pg_catalog.pg_shdepend as d
      left join pg_catalog.pg_class as c
        on d.classid = 'pg_catalog.pg_class'::regclass
        and c.oid = d.objid
      left join pg_catalog.pg_namespace as n
        on n.oid = case when d.classid = 'pg_catalog.pg_namespace'::regclass then d.objid else c.relnamespace end
      where d.dbid = v_database_oid
        and d.deptype = 'a'
        and d.refclassid = 'pg_catalog.pg_authid'::regclass
        and n.nspname not in ('drill', 'drill_migrations')
        and exists (
          select
          from pg_catalog.pg_roles as r
          where r.oid = d.refobjid
            and pg_catalog.pg_has_role('authenticator', r.oid, 'member')
        )
    );
  v_text := null;
  for v_object in
    with function_body as (
      select
        p.oid,
        p.proname,
        p.prorettype,
        -- Without comments, which tell nobody.
        pg_catalog.regexp_replace(pg_catalog.regexp_replace(p.prosrc, '--[^\n]*', ' ', 'g'), '/\*.*?\*/', ' ', 'g') as body
      from pg_catalog.pg_proc as p
      inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
      where n.nspname not in ('pg_catalog', 'information_schema', 'drill')
        and (p.prorettype = 'pg_catalog.event_trigger'::regtype or p.prosrc ~* '\mpgrst\M')
    ),
    notifier as (
      select f.oid, f.proname
      from function_body as f
      where f.body ~* '\mnotify\s+"?pgrst\M|\mpg_notify\s*\(\s*''pgrst'''
    )
    select
      t.evtname,
      t.evtevent,
      t.evtenabled,
      -- One that looks only at some commands leaves the others untold.
      t.evtevent = 'ddl_command_end' and (t.evttags is null or t.evttags @> array['CREATE TABLE', 'ALTER TABLE']) as is_enough
    from pg_catalog.pg_event_trigger as t
    inner join function_body as f on f.oid = t.evtfoid
    where exists (
      select
      from notifier as o
      where o.oid = f.oid
        or pg_catalog.strpos(pg_catalog.lower(pg_catalog.regexp_replace(f.body, '\s+\(', '(', 'g')), pg_catalog.lower(o.proname) || '(') > 0
    )
    order by t.evtname collate "C"
  loop
    v_is_there := true;
    if v_object.evtenabled in ('O', 'A') then
      if v_object.is_enough then
        v_count := v_count + 1;
      end if;
      v_text := pg_catalog.concat_ws(', ', v_text, pg_catalog.quote_ident(v_object.evtname));
    else
      v_bad_count := v_bad_count + 1;
      return next row(
        'platform', pg_catalog.quote_ident(v_object.evtname), 'warn',
        pg_catalog.format('the event trigger %I is not enabled, so PostgREST does not learn of every change of the schema', v_object.evtname),
        pg_catalog.format('Run: alter event trigger %I enable; notify pgrst, ''reload schema''.', v_object.evtname),
        pg_catalog.to_jsonb('enabled'::text),
        pg_catalog.to_jsonb(case v_object.evtenabled when 'R' then 'enabled for replica' else 'disabled' end)
      )::drill.check_result;
    end if;
  end loop;
  -- PostgreSQL 17 and newer can switch all of them off.
  if v_is_there and pg_catalog.current_setting('event_triggers', true) = 'off' then
    return next row(
      'platform', v_database_name, 'warn',
      'event_triggers is off, so no event trigger tells PostgREST of changes of the schema',
      pg_catalog.format('Run: alter database %s reset event_triggers; or find where else it is set, and run: notify pgrst, ''reload schema''.', v_database_name),
      pg_catalog.to_jsonb('on'::text), pg_catalog.to_jsonb('off'::text)
    )::drill.check_result;
  elsif v_bad_count = 0 then
    v_is_platform := v_is_platform or v_is_there;
    return next row(
      'platform', case when v_is_there and v_count = 0 then v_database_name end,
      case when not v_is_there then 'skip' when v_count > 0 then 'pass' else 'warn' end,
      case
        when not v_is_there then 'PostgREST does not serve this database'
        when v_count > 0 then pg_catalog.format('PostgREST learns of changes of the schema by the event triggers %s', v_text)
        else 'no event trigger tells PostgREST when a table is created or altered: it answers from its old cache'
      end,
      case
        when v_is_there and v_count = 0
          then 'Run after each change of the schema: notify pgrst, ''reload schema''. If production has them, create the event triggers pgrst_ddl_watch and pgrst_drop_watch again.'
      end,
      null, null
    )::drill.check_result;
  end if;
  v_is_platform := v_is_platform or v_is_there;

  -- TimescaleDB in restoring mode runs no jobs and lets its catalog drift. The setting of
  -- the database counts, too: this session may be older than it.
  select pg_catalog.format('%I.%I()', n.nspname, 'timescaledb_post_restore')
  into v_text
  from pg_catalog.pg_extension as e
  inner join pg_catalog.pg_namespace as n on n.oid = e.extnamespace
  where e.extname = 'timescaledb';
  if v_text is null then
    return next row(
      'platform', null, 'skip', 'TimescaleDB is not installed', null, null, null
    )::drill.check_result;
  else
    v_is_there := exists (
      select
      from (
        select pg_catalog.current_setting('timescaledb.restoring', true) as setting
        union all
        select pg_catalog.split_part(u.setting, '=', 2)
        from pg_catalog.pg_db_role_setting as s
        cross join lateral pg_catalog.unnest(s.setconfig) as u (setting)
        where s.setdatabase in (0, v_database_oid)
          and s.setrole = 0
          and pg_catalog.lower(pg_catalog.split_part(u.setting, '=', 1)) = 'timescaledb.restoring'
          -- That of the database wins over that of all.
          and (
            s.setdatabase <> 0
            or not exists (
              select
              from pg_catalog.pg_db_role_setting as o
              cross join lateral pg_catalog.unnest(o.setconfig) as v (setting)
              where o.setdatabase = v_database_oid
                and o.setrole = 0
                and pg_catalog.lower(pg_catalog.split_part(v.setting, '=', 1)) = 'timescaledb.restoring'
            )
          )
      ) as g
      where g.setting ~* '^(on|t|tr|tru|true|y|ye|yes|1)$'
    );
    return next row(
      'platform', case when v_is_there then v_database_name end, case when v_is_there then 'fail' else 'pass' end,
      case
        when v_is_there then pg_catalog.format('TimescaleDB of the database %s was left in restoring mode: it runs no jobs', v_database_name)
        else 'TimescaleDB is not in restoring mode'
      end,
      case when v_is_there then pg_catalog.format('Run: select %s; then connect anew.', v_text) end,
      pg_catalog.to_jsonb('off'::text), pg_catalog.to_jsonb(case when v_is_there then 'on' else 'off' end)
    )::drill.check_result;
  end if;

  -- The secret that signs tokens, where SQL functions make or check them. Only whether it is set.
  v_is_there := coalesce(pg_catalog.current_setting('app.settings.jwt_secret', true), '') <> ''
    or exists (
      select
      from pg_catalog.pg_db_role_setting as s
      cross join lateral pg_catalog.unnest(s.setconfig) as u (setting)
      where s.setdatabase in (0, v_database_oid)
        and pg_catalog.lower(u.setting) like 'app.settings.jwt\_secret=_%'
    );
  v_count := 0;
  if v_baseline_id is not null then
    select pg_catalog.count(*)
    into v_count
    from drill.baseline_objects as o
    where o.baseline_id = v_baseline_id
      and o.object_kind = 'setting'
      and pg_catalog.lower(o.object_name) like '% app.settings.jwt\_secret';
  end if;
  return next row(
    'platform', case when not v_is_there and v_count > 0 then v_database_name end,
    case
      when v_is_there then 'pass'
      when v_count > 0 then 'fail'
      when v_is_baseline_closed and v_is_platform then 'error'
      else 'skip'
    end,
    case
      when v_is_there then 'the setting app.settings.jwt_secret is there'
      when v_count > 0 then pg_catalog.format('the setting app.settings.jwt_secret is missing in the database %s, and production has it: no token can be made or checked', v_database_name)
      when v_is_baseline_closed and v_is_platform
        then pg_catalog.format('could not look whether production has the setting app.settings.jwt_secret: %s may not read the baselines', v_role_name)
      when v_baseline_id is null then 'the setting app.settings.jwt_secret is not there, and no baseline tells whether production has it'
      else 'neither this database nor production has the setting app.settings.jwt_secret'
    end,
    case
      when v_is_there then null
      when v_count > 0 then pg_catalog.format('Run with production''s value: alter database %s set app.settings.jwt_secret = ''VALUE''; then connect anew.', v_database_name)
      when v_is_baseline_closed and v_is_platform
        then pg_catalog.format('Run: grant drill_reader to %s.', v_role_name)
    end,
    case when v_count > 0 then pg_catalog.to_jsonb('set'::text) end,
    case when v_count > 0 or v_is_there then pg_catalog.to_jsonb(case when v_is_there then 'set' else 'not set' end) end
  )::drill.check_result;
end
$$;

comment on function drill.verify_platform() is
  'Whether what Supabase, PostgREST and TimescaleDB keep in the database works: secrets, triggers of auth, storage policies, event triggers, restoring mode, token secret';

revoke all on function drill.verify_platform() from public;
