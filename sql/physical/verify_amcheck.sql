-- Reads every btree index and every heap in full, with the extension amcheck; writes
-- nothing. Its functions are taken only from the extension's own library: one of the
-- same name could say anything.
--
-- Messages of corruption name blocks, line pointers and files, and are told. Those of
-- other errors may hold values of a row (an expression of an index may raise), so of
-- them only the SQLSTATE is. A cancelled query is no answer: "when others" lets it pass.
create or replace function drill.verify_amcheck()
returns setof drill.check_result
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_role_name constant text := pg_catalog.quote_ident(current_user);
  v_is_in_recovery constant boolean := pg_catalog.pg_is_in_recovery();
  -- A file that cannot be read is damage when it is one of the data: a library that is not installed is none.
  v_data_file constant text := '"(base|global|pg_tblspc|pg_xact|pg_multixact|pg_subtrans|pg_commit_ts)/';
  v_extension record;
  v_index_function record;
  v_heap_function record;
  v_missing text[];
  v_object record;
  v_count bigint;
  v_own_count bigint;
  v_bad_count bigint;
  v_finding_count bigint;
  v_state text;
  v_message text;
  v_error_detail text;
  v_shown text;
  v_hint text;
  v_follow_toast boolean;
  v_bad_toast oid[] := array[]::oid[];
  v_text text;
begin
  select e.oid, n.oid as namespace_oid, n.nspname
  into v_extension
  from pg_catalog.pg_extension as e
  inner join pg_catalog.pg_namespace as n on n.oid = e.extnamespace
  where e.extname = 'amcheck';
  if not found then
    return next row(
      'amcheck', null, 'error', 'could not look for corruption: the extension amcheck is not installed',
      case
        when exists (select from pg_catalog.pg_available_extensions as a where a.name = 'amcheck')
          then 'Run as superuser: create extension amcheck.'
        else 'Install amcheck, which is part of PostgreSQL''s contrib modules, on the server. Then run as superuser: create extension amcheck.'
      end,
      null, null
    )::drill.check_result;
    return;
  end if;

  -- PostgreSQL 17 and newer can also look for duplicates in unique indexes.
  select p.oid, p.proname, p.pronargs
  into v_index_function
  from pg_catalog.pg_proc as p
  inner join pg_catalog.pg_language as l on l.oid = p.prolang
  inner join pg_catalog.pg_depend as d
    on d.classid = 'pg_catalog.pg_proc'::regclass
    and d.objid = p.oid
    and d.deptype = 'e'
    and d.refobjid = v_extension.oid
  where p.proname = 'bt_index_check'
    and pg_catalog.oidvectortypes(p.proargtypes) in ('regclass, boolean', 'regclass, boolean, boolean')
    and l.lanname = 'c'
    and p.probin ~ '(^|/)amcheck$'
    and p.prosrc = 'bt_index_check'
  order by p.pronargs desc
  limit 1;

  select p.oid
  into v_heap_function
  from pg_catalog.pg_proc as p
  inner join pg_catalog.pg_language as l on l.oid = p.prolang
  inner join pg_catalog.pg_depend as d
    on d.classid = 'pg_catalog.pg_proc'::regclass
    and d.objid = p.oid
    and d.deptype = 'e'
    and d.refobjid = v_extension.oid
  where p.proname = 'verify_heapam'
    and l.lanname = 'c'
    and p.probin ~ '(^|/)amcheck$'
    and p.prosrc = 'verify_heapam';

  if v_index_function.oid is null or v_heap_function.oid is null then
    return next row(
      'amcheck', null, 'error',
      'could not look for corruption: the extension amcheck is too old, or its functions are not its own',
      'Run as superuser: alter extension amcheck update. If that does not help: drop extension amcheck; create extension amcheck.',
      null, null
    )::drill.check_result;
    return;
  end if;

  v_missing := array(
    select m.statement
    from (
      select 1 as position, pg_catalog.format('grant usage on schema %I to %s', v_extension.nspname, v_role_name) as statement
      where not pg_catalog.has_schema_privilege(v_extension.namespace_oid, 'usage')
      union all
      select 2, pg_catalog.format('grant execute on function %s to %s', f.oid::regprocedure, v_role_name)
      from (values (v_index_function.oid), (v_heap_function.oid)) as f (oid)
      where not pg_catalog.has_function_privilege(f.oid, 'execute')
    ) as m
    order by m.position, m.statement collate "C"
  );
  if pg_catalog.cardinality(v_missing) > 0 then
    return next row(
      'amcheck', null, 'error',
      pg_catalog.format('could not look for corruption: %s may not use the extension amcheck', v_role_name),
      pg_catalog.format('Verify as superuser, or run: %s.', pg_catalog.array_to_string(v_missing, '; ')),
      null, null
    )::drill.check_result;
    return;
  end if;

  -- Indexes, those of TOAST and of PostgreSQL's catalogs included: with a damaged one of
  -- these nothing else can be trusted. What another session keeps for itself (temporary)
  -- cannot be read, and a standby has no unlogged ones.
  v_count := 0;
  v_own_count := 0;
  v_bad_count := 0;
  for v_object in
    select
      c.oid,
      o.reltoastrelid is not null as is_toast,
      x.indrelid,
      pg_catalog.format('%I.%I', coalesce(otn.nspname, n.nspname), coalesce(o.relname, c.relname)) as object_name,
      coalesce(otn.nspname, n.nspname) in ('pg_catalog', 'information_schema') as is_system
    from pg_catalog.pg_index as x
    inner join pg_catalog.pg_class as c on c.oid = x.indexrelid
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    inner join pg_catalog.pg_am as a on a.oid = c.relam
    -- A name of TOAST tells an oid, so the table that it belongs to is named.
    left join pg_catalog.pg_class as o on n.nspname = 'pg_toast' and o.reltoastrelid = x.indrelid
    left join pg_catalog.pg_namespace as otn on otn.oid = o.relnamespace
    where c.relkind = 'i'
      and a.amname = 'btree'
      and x.indisvalid
      and x.indisready
      and x.indislive
      and (c.relpersistence = 'p' or c.relpersistence = 'u' and not v_is_in_recovery)
    order by is_system, coalesce(otn.nspname, n.nspname) collate "C", coalesce(o.relname, c.relname) collate "C"
  loop
    begin
      v_state := null;
      execute pg_catalog.format(
        'select %I.bt_index_check($1::pg_catalog.oid::pg_catalog.regclass, true%s)',
        v_extension.nspname, case when v_index_function.pronargs = 3 then ', true' end
      )
      using v_object.oid;
    exception
      when others then
        get stacked diagnostics
          v_state = returned_sqlstate,
          v_message = message_text,
          v_error_detail = pg_exception_detail;
    end;
    -- Dropped since the list was made. The catalog's own cache knows, whatever this transaction sees.
    continue when v_state is not null and pg_catalog.pg_relation_filenode(v_object.oid::regclass) is null;
    v_count := v_count + 1;
    if v_object.is_system then
      v_own_count := v_own_count + 1;
    end if;
    continue when v_state is null;
    v_bad_count := v_bad_count + 1;
    if v_object.is_toast then
      v_bad_toast := v_bad_toast || v_object.indrelid;
    end if;
    v_shown := case when v_object.is_toast then 'the index of TOAST of ' else 'the index ' end || v_object.object_name;
    if v_state like 'XX%' or v_state like '58%' and pg_catalog.concat(v_message, v_error_detail) ~ v_data_file then
      return next row(
        'amcheck', v_object.object_name, 'fail',
        pg_catalog.format('%s is corrupt: %s%s', v_shown, v_message, ' (' || nullif(v_error_detail, '') || ')'),
        case
          when v_object.is_toast
            then pg_catalog.format('Run: reindex table %s. If the table is corrupt, too, restore again from another backup.', v_object.object_name)
          else pg_catalog.format('Run: reindex index %s. If it reports duplicates, remove these rows first; if the table is corrupt, too, restore again from another backup.', v_object.object_name)
        end,
        pg_catalog.to_jsonb('sound'::text), pg_catalog.to_jsonb('corrupt'::text)
      )::drill.check_result;
    else
      return next row(
        'amcheck', v_object.object_name, 'error',
        pg_catalog.format(
          'could not look at %s: %s (SQLSTATE %s)', v_shown,
          case v_state when '55P03' then 'somebody has locked it' when '42501' then v_role_name || ' may not' else 'it raises an error' end,
          v_state
        ),
        case v_state
          when '55P03' then 'Verify again when nobody locks it.'
          when '42501' then 'Verify as superuser, or grant the right to execute what the expressions of the index call.'
          else pg_catalog.format('Run, and see what it says: select %I.bt_index_check(%L, true).', v_extension.nspname, v_object.oid::regclass)
        end,
        null, null
      )::drill.check_result;
    end if;
  end loop;
  if v_bad_count = 0 then
    return next row(
      'amcheck', null, case when v_count = 0 then 'skip' else 'pass' end,
      case
        when v_count = 0 then 'there is no btree index'
        else pg_catalog.format(
          'all %s btree indexes are in order and hold every row of their tables (%s of them PostgreSQL''s own)',
          v_count, v_own_count
        )
      end,
      null, null, null
    )::drill.check_result;
  end if;

  -- Tables, TOAST first: following a pointer into a damaged one could crash the server.
  v_count := 0;
  v_own_count := 0;
  v_bad_count := 0;
  for v_object in
    select
      c.oid,
      c.reltoastrelid,
      c.relkind = 't' as is_toast,
      pg_catalog.format('%I.%I', coalesce(otn.nspname, n.nspname), coalesce(o.relname, c.relname)) as object_name,
      coalesce(otn.nspname, n.nspname) in ('pg_catalog', 'information_schema') as is_system
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    inner join pg_catalog.pg_am as a on a.oid = c.relam
    left join pg_catalog.pg_class as o on c.relkind = 't' and o.reltoastrelid = c.oid
    left join pg_catalog.pg_namespace as otn on otn.oid = o.relnamespace
    where c.relkind in ('r', 'm', 't')
      and a.amname = 'heap'
      and (c.relpersistence = 'p' or c.relpersistence = 'u' and not v_is_in_recovery)
    order by is_toast desc, is_system, coalesce(otn.nspname, n.nspname) collate "C", coalesce(o.relname, c.relname) collate "C"
  loop
    v_follow_toast := v_object.reltoastrelid <> 0 and v_object.reltoastrelid <> all (v_bad_toast);
    begin
      v_state := null;
      v_error_detail := null;
      execute pg_catalog.format(
        'select pg_catalog.count(*), pg_catalog.string_agg(f.finding, ''; '' order by f.position) filter (where f.position <= 3)'
        ' from ('
        ' select pg_catalog.row_number() over () as position,'
        ' pg_catalog.concat_ws('': '', pg_catalog.concat_ws('', '', ''block '' || v.blkno, ''line pointer '' || v.offnum, ''column '' || v.attnum), v.msg) as finding'
        ' from %I.verify_heapam(relation => $1::pg_catalog.oid::pg_catalog.regclass, check_toast => $2) as v'
        ' ) as f',
        v_extension.nspname
      )
      into v_finding_count, v_message
      using v_object.oid, v_follow_toast;
    exception
      when others then
        get stacked diagnostics
          v_state = returned_sqlstate,
          v_message = message_text,
          v_error_detail = pg_exception_detail;
        v_finding_count := 1;
    end;
    continue when v_state is not null and pg_catalog.pg_relation_filenode(v_object.oid::regclass) is null;
    v_count := v_count + 1;
    if v_object.is_system then
      v_own_count := v_own_count + 1;
    end if;
    continue when v_finding_count = 0;
    v_bad_count := v_bad_count + 1;
    if v_object.is_toast then
      v_bad_toast := v_bad_toast || v_object.oid;
    end if;
    v_shown := case when v_object.is_toast then 'the TOAST table of ' else 'the table ' end || v_object.object_name;
    if v_state is null or v_state like 'XX%' or v_state like '58%' and pg_catalog.concat(v_message, v_error_detail) ~ v_data_file then
      return next row(
        'amcheck', v_object.object_name, 'fail',
        pg_catalog.format(
          '%s is corrupt%s: %s%s%s', v_shown,
          case when v_finding_count > 1 then pg_catalog.format(' in %s places', v_finding_count) end,
          v_message,
          ' (' || nullif(v_error_detail, '') || ')',
          case when v_finding_count > 3 then '; and others' end
        ),
        pg_catalog.format(
          'No command mends a table: restore again from another backup, and test the disk. All that amcheck finds: select * from %I.verify_heapam(%L).',
          v_extension.nspname, v_object.oid::regclass
        ),
        pg_catalog.to_jsonb('sound'::text), pg_catalog.to_jsonb('corrupt'::text)
      )::drill.check_result;
    else
      return next row(
        'amcheck', v_object.object_name, 'error',
        pg_catalog.format(
          'could not look at %s: %s (SQLSTATE %s)', v_shown,
          case v_state when '55P03' then 'somebody has locked it' when '42501' then v_role_name || ' may not' else 'it raises an error' end,
          v_state
        ),
        case v_state
          when '55P03' then 'Verify again when nobody locks it.'
          when '42501' then 'Verify as superuser.'
          else pg_catalog.format('Run, and see what it says: select * from %I.verify_heapam(%L).', v_extension.nspname, v_object.oid::regclass)
        end,
        null, null
      )::drill.check_result;
    end if;
  end loop;
  if v_bad_count = 0 then
    return next row(
      'amcheck', null, case when v_count = 0 then 'skip' else 'pass' end,
      case
        when v_count = 0 then 'there is no table'
        else pg_catalog.format('all %s tables can be read in full (%s of them PostgreSQL''s own)', v_count, v_own_count)
      end,
      null, null, null
    )::drill.check_result;
  end if;

  -- What nobody looked at must not pass for sound.
  select pg_catalog.string_agg(u.text, ', ' order by u.text collate "C")
  into v_text
  from (
    select pg_catalog.format('%s %s %s', pg_catalog.count(*), a.amname, case when c.relkind = 'i' then 'index' else 'table' end)
        || case when pg_catalog.count(*) = 1 then '' when c.relkind = 'i' then 'es' else 's' end as text
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_am as a on a.oid = c.relam
    where c.relkind in ('i', 'r', 'm', 't')
      and c.relpersistence in ('p', 'u')
      and a.amname not in ('btree', 'heap')
    group by a.amname, c.relkind = 'i', case when c.relkind = 'i' then 'index' else 'table' end, case when c.relkind = 'i' then 'es' else 's' end
  ) as u;
  if v_text is not null then
    return next row(
      'amcheck', null, 'skip', pg_catalog.format('not looked at, as amcheck reads btree indexes and heaps only: %s', v_text), null, null, null
    )::drill.check_result;
  end if;
end
$$;

comment on function drill.verify_amcheck() is
  'Whether btree indexes are in order and hold every row, and whether tables can be read in full; needs the extension amcheck and reads everything';

revoke all on function drill.verify_amcheck() from public;
