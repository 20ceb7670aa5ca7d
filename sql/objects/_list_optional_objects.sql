-- What depends on the version of PostgreSQL, on an extension or on a platform: asked for
-- only where it is, by statements made here. A table that is there and may not be read whole gives
-- one row with the problem instead: a role that sees some of the rows must not pass for all of them.
create or replace function drill._list_optional_objects()
returns table (
  object_kind text, object_name text, definition text, relation_name text, is_of_partition boolean, problem text
)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_version integer := pg_catalog.current_setting('server_version_num')::integer;
  v_columns text[];
  v_table record;
begin
  -- Members as they were named, never pg_publication_tables, which grows with each partition.
  return query execute pg_catalog.format(
    $query$
      select 'publication' as object_kind, pg_catalog.quote_ident(p.pubname),
        pg_catalog.concat_ws(
          E'\n',
          'owner: ' || pg_catalog.pg_get_userbyid(p.pubowner),
          pg_catalog.format(
            'all tables: %%s, insert: %%s, update: %%s, delete: %%s, truncate: %%s, via root: %%s',
            p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot
          ),
          'generated columns: ' || case pg_catalog.to_jsonb(p) ->> 'pubgencols' when 's' then 'stored' end,
          %1$s,
          (
            select pg_catalog.string_agg(
              pg_catalog.format('table: %%I.%%I', n.nspname, c.relname) || %2$s, E'\n' order by n.nspname collate "C", c.relname collate "C"
            )
            from pg_catalog.pg_publication_rel as l
            inner join pg_catalog.pg_class as c on c.oid = l.prrelid
            inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
            where l.prpubid = p.oid
          )
        ),
        null::text, false, null::text
      from pg_catalog.pg_publication as p
    $query$,
    case
      when v_version < 150000 then 'null'
      else
        '(select pg_catalog.string_agg(''schema: '' || pg_catalog.quote_ident(n.nspname), E''\n'' order by n.nspname collate "C")'
        ' from pg_catalog.pg_publication_namespace as s'
        ' inner join pg_catalog.pg_namespace as n on n.oid = s.pnnspid'
        ' where s.pnpubid = p.oid)'
    end,
    case
      when v_version < 150000 then ''''''
      else
        'coalesce((select '' ('' || pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), '', '' order by a.attname collate "C") || '')'''
        ' from pg_catalog.pg_attribute as a'
        ' where a.attrelid = l.prrelid and a.attnum = any (l.prattrs::smallint[])), '''')'
        ' || coalesce('' where '' || pg_catalog.pg_get_expr(l.prqual, l.prrelid), '''')'
    end
  );

  -- Not the connection, which holds a password, and not whether it runs: isolation judges that. Only superusers may
  -- read all columns, so each is named, and only what is not the default of its version is told.
  select pg_catalog.array_agg(a.attname::text)
  into v_columns
  from pg_catalog.pg_attribute as a
  where a.attrelid = 'pg_catalog.pg_subscription'::regclass
    and a.attnum > 0;

  return query execute
    'select ''subscription'' as object_kind, pg_catalog.quote_ident(s.subname), pg_catalog.concat_ws(E''\n'','
    ' ''owner: '' || pg_catalog.pg_get_userbyid(s.subowner),'
    ' ''publications: '' || (select pg_catalog.string_agg(pg_catalog.quote_ident(p), '', '' order by p collate "C") from pg_catalog.unnest(s.subpublications) as p),'
    ' ''synchronous commit: '' || nullif(s.subsynccommit, ''off''),'
    ' case when s.subbinary then ''binary'' end,'
    ' ''streaming: '' || case s.substream::text when ''true'' then ''on'' when ''t'' then ''on'' when ''p'' then ''parallel'' else ''off'' end'
    || case when 'subtwophasestate' = any (v_columns) then ', case when s.subtwophasestate <> ''d'' then ''two phase'' end' else '' end
    || case when 'subdisableonerr' = any (v_columns) then ', case when s.subdisableonerr then ''disabled on error'' end' else '' end
    || case when 'subpasswordrequired' = any (v_columns) then ', case when not s.subpasswordrequired then ''no password required'' end' else '' end
    || case when 'subrunasowner' = any (v_columns) then ', case when s.subrunasowner then ''runs as owner'' end' else '' end
    || case when 'suborigin' = any (v_columns) then ', ''origin: '' || nullif(s.suborigin, ''any'')' else '' end
    || case when 'subfailover' = any (v_columns) then ', case when s.subfailover then ''failover'' end' else '' end
    || '), null::text, false, null::text'
    ' from pg_catalog.pg_subscription as s'
    ' where s.subdbid = (select d.oid from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database())';

  return query
  select 'replication slot' as object_kind, pg_catalog.quote_ident(s.slot_name), 'plugin: ' || s.plugin, null::text, false, null::text
  from pg_catalog.pg_replication_slots as s
  where s.slot_type = 'logical'
    and s.database = pg_catalog.current_database()
    and not s.temporary;

  if v_version >= 150000 then
    return query execute
      'select ''grant'', ''parameter '' || pg_catalog.quote_ident(g.name) || '' to '' || g.grantee,'
      ' pg_catalog.string_agg(g.privilege_type || case when g.is_grantable then ''*'' else '''' end, '', '' order by g.privilege_type collate "C"),'
      ' null::text, false, null::text'
      ' from ('
      '   select p.parname as name, a.privilege_type, pg_catalog.bool_or(a.is_grantable) as is_grantable,'
      '     case a.grantee when 0 then ''public'' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) end as grantee'
      '   from pg_catalog.pg_parameter_acl as p'
      '   cross join lateral pg_catalog.aclexplode(p.paracl) as a'
      -- The bootstrap superuser has what it gives, and the server's other roles are not this database's.
      '   where a.grantee = 0 or a.grantee in ('
      '     select s.refobjid from pg_catalog.pg_shdepend as s'
      '     inner join pg_catalog.pg_database as d on d.oid = s.dbid'
      '     where d.datname = pg_catalog.current_database() and s.refclassid = ''pg_catalog.pg_authid''::regclass'
      '   )'
      '   group by p.parname, a.privilege_type, a.grantee'
      ' ) as g group by g.name, g.grantee';
  end if;

  -- Tables of extensions and platforms. Rows as JSON: the columns differ between their versions.
  for v_table in
    select
      t.kind,
      n.nspname || '.' || c.relname as table_name,
      n.nspname,
      c.relname,
      t.query,
      case
        when not pg_catalog.has_schema_privilege(n.oid, 'usage')
          then pg_catalog.format('%I may not use the schema %I: grant usage on schema %I to %I', current_user, n.nspname, n.nspname, current_user)
        when not pg_catalog.has_table_privilege(c.oid, 'select')
          and (t.kind <> 'vault secret' or not pg_catalog.has_column_privilege(c.oid, 'name', 'select'))
          then pg_catalog.format(
            '%I may not read %I.%I: grant select%s on %I.%I to %I',
            current_user, n.nspname, c.relname, case t.kind when 'vault secret' then ' (name)' end, n.nspname, c.relname, current_user
          )
        when pg_catalog.row_security_active(c.oid)
          then pg_catalog.format(
            'row level security hides rows of %I.%I from %I: alter role %I bypassrls, or connect as a role that has it',
            n.nspname, c.relname, current_user, current_user
          )
      end as obstacle
    from (
      values
        (
          'cron job', 'cron', 'job', array['schedule', 'command', 'username', 'database'],
          $query$
            select
              coalesce(
                pg_catalog.quote_ident(j.row ->> 'jobname')
                  -- Each user may have one of that name.
                  || case when pg_catalog.count(*) over (partition by j.row ->> 'jobname') > 1 then ' of ' || (j.row ->> 'username') else '' end,
                'job ' || (j.row ->> 'jobid')
              ),
              pg_catalog.concat_ws(
                E'\n',
                'schedule: ' || (j.row ->> 'schedule'),
                'username: ' || (j.row ->> 'username'),
                'command: ' || drill._fingerprint(j.row ->> 'command')
              )
            from (select pg_catalog.to_jsonb(t) as row from cron.job as t) as j
            -- A copy may be called differently, and its jobs still name production.
            where j.row ->> 'database' = pg_catalog.current_database()
              or j.row ->> 'database' in (select b.database_name from drill.baselines as b)
          $query$
        ),
        (
          'storage bucket', 'storage', 'buckets', array['id', 'name', 'public'],
          $query$
            select
              pg_catalog.quote_ident(b.row ->> 'id'),
              pg_catalog.concat_ws(
                E'\n',
                'name: ' || (b.row ->> 'name'),
                'public: ' || coalesce(b.row ->> 'public', 'false'),
                'size limit: ' || (b.row ->> 'file_size_limit'),
                'types: ' || nullif(b.row ->> 'allowed_mime_types', 'null')
              )
            from (select pg_catalog.to_jsonb(t) as row from storage.buckets as t) as b
          $query$
        ),
        (
          -- Presence only.
          'vault secret', 'vault', 'secrets', array['name'],
          $query$
            select distinct pg_catalog.quote_ident(t.name::text), ''
            from vault.secrets as t
            where t.name is not null
          $query$
        )
    ) as t (kind, schema_name, table_name, column_names, query)
    inner join pg_catalog.pg_namespace as n on n.nspname = t.schema_name
    inner join pg_catalog.pg_class as c
      on c.relnamespace = n.oid
      and c.relname = t.table_name
      and c.relkind in ('r', 'p')
    -- Else it is an application's own table of that name.
    where t.column_names <@ array(
      select a.attname::text
      from pg_catalog.pg_attribute as a
      where a.attrelid = c.oid
        and a.attnum > 0
        and not a.attisdropped
    )
  loop
    if v_table.obstacle is null then
      return query execute pg_catalog.format(
        'select %L::text, q.name, q.definition, null::text, false, null::text from (%s) as q (name, definition)',
        v_table.kind, v_table.query
      );
    else
      return query select v_table.kind, v_table.table_name, '', null::text, false, v_table.obstacle;
    end if;
  end loop;
end
$$;

comment on function drill._list_optional_objects() is
  'Internal: the part of drill.list_objects() about publications, subscriptions, slots, cron jobs, storage buckets and vault secrets, with what could not be read';

revoke all on function drill._list_optional_objects() from public;
