-- Writes, and takes everything back: of each non-empty partition one real row is
-- copied under fresh keys, first as it is, then with a wrong value in the column
-- that the guard sets. Each copy lives in a sub-transaction that ends with an
-- exception. Call it in a read-write transaction of its own and roll that back;
-- in a read-only one, as `pgdrill verify` uses for its other checks, it skips.
--
-- A row is routed to its partition before row triggers fire, so the wrong key is
-- another day of the same partition where there is one. Else it is the key of
-- another partition, which a good guard answers with 0A000 (it wants to move the
-- row, which PostgreSQL refuses) and a dead one accepts.
--
-- No value of a row leaves a statement: they are compared where they are, and of
-- foreign errors only SQLSTATE and the constraint are told.
create or replace function drill.verify_guards_fire()
returns setof drill.check_result
language plpgsql
volatile
set search_path = ''
as $$
declare
  -- Triggers must see names as they do in the application, not with the empty path of this function.
  v_search_path text := coalesce(
    (select nullif(nullif(s.reset_val, ''), '""') from pg_catalog.pg_settings as s where s.name = 'search_path'),
    '"$user", public'
  );
  v_sequences jsonb;
  v_guard record;
  v_leaf record;
  v_sequence record;
  v_obstacle text;
  -- A right that is missing is nothing about the guard: whoever was asked to look could not.
  v_is_refused boolean;
  v_hint text;
  v_columns text[];
  v_fresh_columns text[];
  v_values text[];
  v_target record;
  v_shift text;
  v_shifts text[];
  v_outside_shifts text[];
  v_row_id tid;
  v_page_count bigint;
  v_given text;
  v_probe text;
  v_is_inside boolean;
  v_is_back boolean;
  v_is_kept boolean;
  v_is_right boolean;
  v_row_count bigint;
  v_state text;
  v_constraint text;
  v_context text;
  v_error_detail text;
  v_is_by_guard boolean;
  v_status text;
  v_reason text;
  v_findings jsonb;
  v_finding record;
  -- One row under a wrong key is a matter of partition_keys; a guard that agrees with no row is not the right one.
  v_other_key constant text := 'it gives a copy of a real row another key than that row has';
begin
  if not exists (select from drill.guards) then
    return query
    select
      'guards_fire', null::text,
      case when u.is_any then 'error' else 'skip' end::drill.check_status,
      case
        when u.is_any then 'no guard is registered, so none was made to fire'
        else 'no guard is registered, and no table has a trigger'
      end,
      'Register the triggers that must hold: select drill.register_guard(''public.orders'', ''orders_set_month'').',
      null::jsonb, null::jsonb
    from (select exists (select from pg_catalog.pg_trigger as t where t.tgconstraint = 0) as is_any) as u;
    return;
  end if;

  -- What a rollback does not take back. The guarded schemas first: reading a sequence locks it, so not
  -- without end.
  if pg_catalog.current_setting('transaction_read_only') = 'off' then
    select pg_catalog.jsonb_object_agg(s.sequence_oid, pg_catalog.pg_sequence_last_value(s.sequence_oid))
    into v_sequences
    from (
      select q.seqrelid as sequence_oid
      from pg_catalog.pg_sequence as q
      inner join pg_catalog.pg_class as c on c.oid = q.seqrelid
      inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where c.relpersistence <> 't'
        and pg_catalog.has_sequence_privilege(q.seqrelid, 'usage, select')
      order by
        exists (
          select from drill.guards as g where (pg_catalog.parse_ident(g.relation_name))[1] = n.nspname
        ) desc,
        q.seqrelid
      limit 1000
    ) as s;
  end if;

  for v_guard in
    select
      g.relation_name,
      g.trigger_name,
      g.relation_name || '.' || pg_catalog.quote_ident(g.trigger_name) as object_name,
      g.profile,
      r.oid as relation_oid,
      c.relkind,
      t.oid as trigger_oid,
      t.tgtype::integer as trigger_type,
      p.proname as function_name,
      g.trigger_definition,
      drill._trigger_definition(t.oid) as actual_definition,
      -- The registered text, so that an emptied function cannot hide what it ought to set.
      coalesce(g.function_definition, pg_catalog.pg_get_functiondef(p.oid)) as function_definition
    from drill.guards as g
    cross join lateral (select drill._relation_oid(g.relation_name) as oid) as r
    left join pg_catalog.pg_class as c on c.oid = r.oid
    left join pg_catalog.pg_trigger as t
      on t.tgrelid = r.oid
      and t.tgname = g.trigger_name
    left join pg_catalog.pg_proc as p on p.oid = t.tgfoid
    order by g.relation_name collate "C", g.trigger_name collate "C"
  loop
    if v_guard.trigger_oid is null then
      return next row(
        'guards_fire', v_guard.object_name, 'fail',
        case
          when v_guard.relation_oid is null
            then pg_catalog.format('the trigger %I cannot fire: the guarded table %s does not exist', v_guard.trigger_name, v_guard.relation_name)
          else pg_catalog.format('the trigger %I cannot fire: it is missing on %s', v_guard.trigger_name, v_guard.relation_name)
        end,
        case
          when v_guard.relation_oid is not null and v_guard.trigger_definition is not null
            then pg_catalog.format('Create it again: %s.', v_guard.trigger_definition)
          when v_guard.relation_oid is null and v_guard.profile = 'opsmantik'
            then 'Restore it; or, when this is not OpsMantik''s database, run in production: delete from drill.guards where profile = ''opsmantik''.'
          else pg_catalog.format('Restore it; or, when production has dropped it for good, run there: delete from drill.guards where relation_name = %L and trigger_name = %L.', v_guard.relation_name, v_guard.trigger_name)
        end,
        pg_catalog.to_jsonb('fires'::text), pg_catalog.to_jsonb('missing'::text)
      )::drill.check_result;
      continue;
    end if;

    -- Why not to write at all.
    v_obstacle := null;
    v_hint := null;
    v_is_refused := false;
    if pg_catalog.pg_is_in_recovery() then
      v_obstacle := 'this server is a standby, which takes no rows';
      v_hint := 'Promote the copy, then run: select * from drill.verify_guards_fire().';
    elsif pg_catalog.current_setting('transaction_read_only') = 'on' then
      v_obstacle := 'the transaction is read only';
      v_hint := 'Run it in a transaction that is rolled back: begin read write; select * from drill.verify_guards_fire(); rollback.';
    elsif v_guard.relkind not in ('r', 'p') then
      v_obstacle := pg_catalog.format('%s is not a table', v_guard.relation_name);
      v_hint := 'Only triggers of tables can be probed.';
    elsif not pg_catalog.has_schema_privilege((select c.relnamespace from pg_catalog.pg_class as c where c.oid = v_guard.relation_oid), 'usage') then
      v_obstacle := pg_catalog.format('%I may not use the schema of %s', current_user, v_guard.relation_name);
      v_hint := pg_catalog.format('Run: grant usage on schema %I to %I.', (pg_catalog.parse_ident(v_guard.relation_name))[1], current_user);
      v_is_refused := true;
    elsif pg_catalog.row_security_active(v_guard.relation_oid) then
      v_obstacle := pg_catalog.format('row level security is active for %I', current_user);
      v_hint := pg_catalog.format('Run: alter role %I bypassrls; or connect as the owner of the table.', current_user);
      v_is_refused := true;
    elsif exists (
      select
      from pg_catalog.pg_attribute as a
      where a.attrelid = v_guard.relation_oid
        and a.attnum > 0
        and not a.attisdropped
        and not (
          pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'select')
          and (a.attgenerated <> '' or pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'insert'))
        )
    ) then
      v_obstacle := pg_catalog.format('%I may not read and insert all columns of %s', current_user, v_guard.relation_name);
      v_hint := pg_catalog.format('Run: grant select, insert on %s to %I.', v_guard.relation_name, current_user);
      v_is_refused := true;
    elsif v_guard.trigger_type & 7 <> 7
      and v_guard.trigger_definition is not distinct from v_guard.actual_definition
    then
      v_obstacle := 'it is not a row trigger before insert';
      v_hint := 'Only row triggers before insert can be probed; prove this one with a test of your application.';
    else
      -- What acts at once, whatever is rolled back later. Functions that a trigger's function calls count, too:
      -- found by their names in its text, so rather one too many.
      with recursive tree as (
        select v_guard.relation_oid as oid
        union
        select m.relid::oid from pg_catalog.pg_partition_tree(v_guard.relation_oid::regclass) as m
      ),
      reached as (
        select t.tgname as trigger_name, t.tgrelid, t.tgfoid as function_oid
        from pg_catalog.pg_trigger as t
        inner join tree as m on m.oid = t.tgrelid
        left join pg_catalog.pg_constraint as k on k.oid = t.tgconstraint
        where t.tgenabled <> 'D'
          and t.tgtype::integer & 4 = 4
          and (t.tgconstraint = 0 or k.contype = 't')
        union
        select f.trigger_name, f.tgrelid, q.oid
        from reached as f
        inner join pg_catalog.pg_proc as p on p.oid = f.function_oid
        inner join pg_catalog.pg_proc as q on pg_catalog.strpos(p.prosrc, q.proname || '(') > 0
        inner join pg_catalog.pg_namespace as n on n.oid = q.pronamespace
        where n.nspname not in ('pg_catalog', 'information_schema')
      )
      select
        pg_catalog.format('the trigger %I on %s %s', f.trigger_name, drill._relation_name(f.tgrelid), w.why)
      into v_obstacle
      from reached as f
      inner join pg_catalog.pg_proc as p on p.oid = f.function_oid
      inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
      inner join pg_catalog.pg_language as l on l.oid = p.prolang
      left join pg_catalog.pg_depend as d
        on d.classid = 'pg_catalog.pg_proc'::regclass
        and d.objid = p.oid
        and d.deptype = 'e'
      left join pg_catalog.pg_extension as e on e.oid = d.refobjid
      left join lateral (
        select drill._relation_name(c.oid) as table_name
        from pg_catalog.pg_class as c
        where c.relkind = 'f'
          and pg_catalog.strpos(p.prosrc, c.relname) > 0
        order by 1
        limit 1
      ) as x on true
      cross join lateral (
        select case
          when n.nspname in ('net', 'supabase_functions', 'http', 'dblink')
            or e.extname in ('pg_net', 'http', 'dblink', 'postgres_fdw')
            then pg_catalog.format('calls %I.%I(), which reaches outside', n.nspname, p.proname)
          when not l.lanpltrusted and (l.lanname not in ('internal', 'c', 'sql') or l.lanname = 'c' and e.oid is null)
            then pg_catalog.format('runs %I.%I() in the untrusted language %s', n.nspname, p.proname, l.lanname)
          when x.table_name is not null
            then pg_catalog.format('uses the foreign table %s', x.table_name)
        end as why
      ) as w
      where w.why is not null
      order by pg_catalog.format('%s %s', drill._relation_name(f.tgrelid), f.trigger_name) collate "C", w.why
      limit 1;

      if v_obstacle is null then
        select pg_catalog.format('the rule %I rewrites inserts', w.rulename)
        into v_obstacle
        from pg_catalog.pg_rewrite as w
        where w.ev_class = v_guard.relation_oid
          and w.ev_type = '3'
        order by w.rulename
        limit 1;
      end if;
      v_hint := 'A rollback would not undo that, so no row was written; prove the guard with a test of your application on a database of its own.';
    end if;

    -- Keys that no row has: one column of every unique index, none of a foreign key or of the partition key.
    if v_obstacle is null then
      v_fresh_columns := '{}';
      for v_target in
        select
          u.index_oid,
          pg_catalog.array_agg(a.attname::text order by
            case b.type_oid when 'uuid'::regtype then 1 when 'text'::regtype then 2 when 'bigint'::regtype then 3 else 4 end,
            a.attnum
          ) filter (
            where b.type_oid in (
                'uuid'::regtype, 'text'::regtype, 'varchar'::regtype, 'bpchar'::regtype,
                'bigint'::regtype, 'integer'::regtype, 'smallint'::regtype, 'numeric'::regtype
              )
              and a.attgenerated = ''
              and not exists (
                select
                from pg_catalog.pg_constraint as k
                where k.conrelid = v_guard.relation_oid
                  and k.contype = 'f'
                  and a.attnum = any (k.conkey)
              )
              and not exists (
                select
                from pg_catalog.pg_partitioned_table as p
                where p.partrelid = v_guard.relation_oid
                  and a.attnum = any (p.partattrs::smallint[])
              )
          ) as names
        from (
          select i.indexrelid as index_oid, k.attnum
          from pg_catalog.pg_index as i
          cross join lateral pg_catalog.unnest(i.indkey::smallint[]) with ordinality as k (attnum, position)
          where i.indrelid = v_guard.relation_oid
            and i.indisunique
            and k.position <= i.indnkeyatts
        ) as u
        left join pg_catalog.pg_attribute as a
          on a.attrelid = v_guard.relation_oid
          and a.attnum = u.attnum
        left join pg_catalog.pg_type as y on y.oid = a.atttypid
        left join lateral (select coalesce(nullif(y.typbasetype, 0), y.oid) as type_oid) as b on true
        group by u.index_oid
        order by pg_catalog.count(*), u.index_oid
      loop
        continue when v_target.names && v_fresh_columns;
        if v_target.names is null then
          v_obstacle := pg_catalog.format('no fresh key can be made for the unique index %s', drill._relation_name(v_target.index_oid));
          v_hint := 'Keys of type uuid, text, integer and numeric that are not foreign keys can be made; prove the guard with a test of your application.';
          exit;
        end if;
        v_fresh_columns := v_fresh_columns || v_target.names[1];
      end loop;
    end if;

    if v_obstacle is not null then
      return next row(
        'guards_fire', v_guard.object_name, case when v_is_refused then 'error' else 'skip' end,
        pg_catalog.format('the trigger %I on %s was not made to fire: %s', v_guard.trigger_name, v_guard.relation_name, v_obstacle),
        v_hint, pg_catalog.to_jsonb('fires'::text), pg_catalog.to_jsonb('not probed'::text)
      )::drill.check_result;
      continue;
    end if;

    select
      pg_catalog.array_agg(pg_catalog.quote_ident(a.attname) order by a.attnum),
      pg_catalog.array_agg(
        case
          when not a.attname = any (v_fresh_columns) then pg_catalog.format('t.%I', a.attname)
          when b.type_oid = 'uuid'::regtype
            then pg_catalog.format('pg_catalog.gen_random_uuid()::%s', pg_catalog.format_type(a.atttypid, a.atttypmod))
          when b.type_oid in ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype)
            then pg_catalog.format('pg_catalog.md5(pg_catalog.random()::text)::%s', pg_catalog.format_type(a.atttypid, a.atttypmod))
          else pg_catalog.format(
            '(select case when pg_catalog.max(x.%1$I) < %3$s then pg_catalog.max(x.%1$I) + 1 else pg_catalog.min(x.%1$I) - 1 end from %2$s as x)',
            a.attname,
            v_guard.relation_name,
            case b.type_oid
              when 'smallint'::regtype then '32767'
              when 'integer'::regtype then '2147483647'
              when 'bigint'::regtype then '9223372036854775807'
              else '''infinity'''
            end
          )
        end
        order by a.attnum
      )
    into v_columns, v_values
    from pg_catalog.pg_attribute as a
    inner join pg_catalog.pg_type as y on y.oid = a.atttypid
    cross join lateral (select coalesce(nullif(y.typbasetype, 0), y.oid) as type_oid) as b
    where a.attrelid = v_guard.relation_oid
      and a.attnum > 0
      and not a.attisdropped
      and a.attgenerated = '';

    -- What the guard sets: the partition key, when its text speaks of it, else the column that its function assigns.
    v_target := null;
    select
      a.attname as column_name,
      pg_catalog.array_position(v_columns, pg_catalog.quote_ident(a.attname)) as position,
      pg_catalog.format_type(a.atttypid, a.atttypmod) as type_name,
      b.type_oid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype) as is_number,
      k.position is not null as is_key
    into v_target
    from pg_catalog.pg_attribute as a
    inner join pg_catalog.pg_type as y on y.oid = a.atttypid
    cross join lateral (select coalesce(nullif(y.typbasetype, 0), y.oid) as type_oid) as b
    cross join lateral (
      select
        pg_catalog.replace(a.attname, '"', '""') as written_name,
        pg_catalog.regexp_replace(pg_catalog.replace(a.attname, '"', '""'), '([^[:alnum:]_])', '\\\1', 'g') as escaped_name
    ) as x
    left join lateral (
      select u.position
      from pg_catalog.pg_partitioned_table as p
      cross join lateral pg_catalog.unnest(p.partattrs::smallint[]) with ordinality as u (attnum, position)
      where p.partrelid = a.attrelid
        and u.attnum = a.attnum
    ) as k on true
    where a.attrelid = v_guard.relation_oid
      and a.attnum > 0
      and not a.attisdropped
      and a.attgenerated = ''
      and not a.attname = any (v_fresh_columns)
      and b.type_oid in (
        'date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype,
        'smallint'::regtype, 'integer'::regtype, 'bigint'::regtype
      )
      and (
        k.position is not null
          and pg_catalog.strpos(
            pg_catalog.concat_ws(' ', v_guard.function_definition, v_guard.trigger_definition, v_guard.actual_definition),
            x.written_name
          ) > 0
        or v_guard.function_definition ~* ('\mnew\.("?)' || x.escaped_name || '\1\s*:=')
        or v_guard.function_definition ~* ('(;|\mbegin|\mthen|\melse)\s*new\.("?)' || x.escaped_name || '\2\s*=')
        or v_guard.function_definition ~* ('\minto\M[^;]*\mnew\.("?)' || x.escaped_name || '\1(\W|$)')
      )
    order by k.position, a.attnum
    limit 1;

    if v_target.column_name is null then
      return next row(
        'guards_fire', v_guard.object_name, 'skip',
        pg_catalog.format('the trigger %I on %s was not made to fire: no column of a date, timestamp or integer type is seen to be set by it', v_guard.trigger_name, v_guard.relation_name),
        'Partition keys and columns that the function assigns (new.month := ...) can be probed; prove this guard with a test of your application.',
        pg_catalog.to_jsonb('fires'::text), pg_catalog.to_jsonb('not probed'::text)
      )::drill.check_result;
      continue;
    end if;

    v_findings := '[]';
    for v_leaf in
      select drill._relation_name(c.oid) as leaf_name, c.oid as leaf_oid, c.relkind, c.relispartition
      from (
        select m.relid::oid as oid
        from pg_catalog.pg_partition_tree(v_guard.relation_oid::regclass) as m
        where m.isleaf
        union
        select v_guard.relation_oid
        where v_guard.relkind = 'r'
      ) as m
      inner join pg_catalog.pg_class as c on c.oid = m.oid
      order by drill._relation_name(c.oid) collate "C"
    loop
      v_row_id := null;
      v_status := null;
      v_reason := null;

      if v_leaf.relkind = 'f' then
        v_status := 'skip';
        v_reason := 'a foreign table would act at once';
      elsif not pg_catalog.has_table_privilege(v_leaf.leaf_oid, 'select') then
        v_status := 'error';
        v_reason := pg_catalog.format('%I may not read it: grant select on %s to %I', current_user, v_leaf.leaf_name, current_user);
      else
        -- A late row: of the last pages, which are read by their number; else the first that comes.
        begin
          v_page_count := pg_catalog.pg_relation_size(v_leaf.leaf_oid) / pg_catalog.current_setting('block_size')::bigint;
          execute pg_catalog.format('select t.ctid from only %s as t where t.ctid >= $1 order by t.ctid desc limit 1', v_leaf.leaf_name)
          into v_row_id
          using pg_catalog.format('(%s,0)', greatest(v_page_count - 4, 0))::tid;
          if v_row_id is null and v_page_count > 0 then
            execute pg_catalog.format('select t.ctid from only %s as t limit 1', v_leaf.leaf_name) into v_row_id;
          end if;
        exception
          when lock_not_available then
            v_status := 'error';
            v_reason := 'it is locked';
        end;
        continue when v_row_id is null and v_status is null;
      end if;

      if v_status is null then
        v_shifts := array['control'];
        v_outside_shifts := '{}';
        foreach v_shift in array case
          when v_target.is_number then array['1', '-1', '7', '100', '-100']
          else array['14 days', '1 day', '-1 day', '-14 days', '1 hour', '-1 hour', '1 minute', '-1 minute', '1 month', '-1 month', '3 months', '-3 months', '1 year', '-1 year']
        end
        loop
          v_given := pg_catalog.format(
            case when v_target.is_number then '(t.%I + %L::bigint)::%s' else '(t.%I + %L::interval)::%s' end,
            v_target.column_name, v_shift, v_target.type_name
          );
          v_values[v_target.position] := v_given;
          begin
            -- The bounds of a partition as PostgreSQL itself states them, asked of the row as it would be.
            execute pg_catalog.format(
              'select %s is distinct from t.%I, exists (select from (select %s) as r (%s) where %s) from only %s as t where t.ctid = $1',
              v_given,
              v_target.column_name,
              pg_catalog.array_to_string(v_values, ', '),
              pg_catalog.array_to_string(v_columns, ', '),
              coalesce(case when v_leaf.relispartition and v_target.is_key then pg_catalog.pg_get_partition_constraintdef(v_leaf.leaf_oid) end, 'true'),
              v_leaf.leaf_name
            )
            into v_is_back, v_is_inside
            using v_row_id;
          exception
            when numeric_value_out_of_range or datetime_field_overflow or check_violation then
              v_is_back := false;
          end;
          continue when v_is_back is not true;
          if v_is_inside then
            v_shifts := v_shifts || v_shift;
            exit;
          end if;
          v_outside_shifts := v_outside_shifts || v_shift;
        end loop;

        v_shifts := v_shifts || case
          when not v_target.is_key and pg_catalog.cardinality(v_shifts) > 1 then array['null']
          when v_target.is_key and pg_catalog.cardinality(v_shifts) = 1 then v_outside_shifts
          else '{}'
        end;
        if pg_catalog.cardinality(v_shifts) = 1 then
          v_status := 'skip';
          v_reason := pg_catalog.format('the row copied leaves no wrong value for %I', v_target.column_name);
        end if;
      end if;

      if v_status is null then
        foreach v_shift in array v_shifts
        loop
          v_given := case
            when v_shift = 'control' then pg_catalog.format('t.%I', v_target.column_name)
            when v_shift = 'null' then pg_catalog.format('null::%s', v_target.type_name)
            else pg_catalog.format(
              case
                when v_target.is_number then '(t.%I operator(pg_catalog.+) %L::bigint)::%s'
                else '(t.%I operator(pg_catalog.+) %L::interval)::%s'
              end,
              v_target.column_name, v_shift, v_target.type_name
            )
          end;
          v_values[v_target.position] := v_given;
          v_probe := pg_catalog.format(
            'with probe as (insert into %1$s (%2$s) overriding system value select %3$s from only %4$s as t where t.ctid = $1 returning %5$I as stored)'
            ' select p.stored is not distinct from %6$s, p.stored is not distinct from t.%5$I from only %4$s as t cross join probe as p where t.ctid = $1',
            v_guard.relation_name,
            pg_catalog.array_to_string(v_columns, ', '),
            pg_catalog.array_to_string(v_values, ', '),
            v_leaf.leaf_name,
            v_target.column_name,
            v_given
          );
          v_is_back := false;
          v_row_count := null;
          v_is_by_guard := false;

          begin
            perform pg_catalog.set_config('search_path', v_search_path, true);
            execute v_probe into v_is_kept, v_is_right using v_row_id;
            get diagnostics v_row_count = row_count;
            v_is_back := true;
            raise exception using
              errcode = 'RD010',
              message = 'the probe row is taken back',
              hint = 'This is caught where it is raised and never seen.';
          exception
            when others then
              if not v_is_back then
                get stacked diagnostics
                  v_state = returned_sqlstate,
                  v_constraint = constraint_name,
                  v_context = pg_exception_context,
                  v_error_detail = pg_exception_detail;
                v_is_by_guard := case v_state
                  when '0A000' then pg_catalog.strpos(v_error_detail, '"' || v_guard.trigger_name || '"') > 0
                  else pg_catalog.strpos(v_context, pg_catalog.quote_ident(v_guard.function_name) || '()') > 0
                end;
              end if;
          end;

          if v_is_back then
            if v_row_count = 0 then
              v_status := case when v_shift = 'control' then 'error' else 'pass' end;
              v_reason := 'a trigger swallowed a copy of a row';
            elsif v_shift = 'control' then
              -- Given as it was and stored otherwise: it fired, and row and guard disagree. In a column that is
              -- no key, such as a time of change, that is its work.
              if not v_is_right then
                v_status := case when v_target.is_key then 'warn' else 'pass' end;
                v_reason := v_other_key;
              end if;
            elsif v_is_right and not v_is_kept or not v_is_kept and not v_target.is_key then
              v_status := 'pass';
            else
              v_status := 'fail';
              v_reason := case
                when v_is_kept then pg_catalog.format('a wrong %I was stored as it was given', v_target.column_name)
                else pg_catalog.format('a wrong %I was changed into another wrong one', v_target.column_name)
              end;
            end if;
          elsif v_state = '42501' then
            v_status := 'error';
            v_reason := pg_catalog.format('%I lacks a privilege that the insert, or one of its triggers, needs', current_user);
          elsif v_state = '0A000' and v_is_by_guard then
            v_status := case when v_shift = 'control' then 'warn' else 'pass' end;
            v_reason := v_other_key;
          elsif v_is_by_guard and v_shift = 'control' then
            v_status := case when v_state like '42%' then 'fail' else 'warn' end;
            v_reason := pg_catalog.format('it refused a copy of a real row with SQLSTATE %s', v_state);
          elsif v_is_by_guard then
            v_status := 'pass';
          elsif v_state like '23%' and v_shift = 'control' then
            v_status := 'skip';
            v_reason := pg_catalog.format('no copy of a row can be stored (SQLSTATE %s, constraint %s)', v_state, coalesce(nullif(v_constraint, ''), 'unknown'));
          elsif v_state like '23%' and v_constraint = '' then
            -- There is no partition for that key, or another trigger objects: the next wrong value, if any.
            null;
          elsif v_state like '23%' and not (v_shift = 'null' and v_status is null) then
            v_status := 'fail';
            v_reason := pg_catalog.format('a wrong %I was not corrected: the constraint %s met it', v_target.column_name, coalesce(nullif(v_constraint, ''), 'unknown'));
          elsif v_state not like '23%' then
            v_status := 'error';
            v_reason := pg_catalog.format('the probe ended with SQLSTATE %s', v_state);
          end if;

          -- A guard of an ordinary column may fill what is null and leave the rest alone.
          exit when v_status is not null and not (v_status = 'fail' and not v_target.is_key and v_shift not in ('control', 'null'));
          exit when v_shift = 'null';
        end loop;

        if v_status is null then
          v_status := 'skip';
          v_reason := pg_catalog.format('no other key has a partition, so no wrong %I could be given', v_target.column_name);
        end if;
      end if;

      v_findings := v_findings || pg_catalog.jsonb_build_object('status', v_status, 'reason', v_reason, 'leaf', v_leaf.leaf_name);
    end loop;

    if v_findings = '[]' then
      return next row(
        'guards_fire', v_guard.object_name, 'skip',
        pg_catalog.format('the trigger %I on %s was not made to fire: the table has no row to copy', v_guard.trigger_name, v_guard.relation_name),
        'Restore the data first, then run: select * from drill.verify_guards_fire().',
        pg_catalog.to_jsonb('fires'::text), pg_catalog.to_jsonb('not probed'::text)
      )::drill.check_result;
      continue;
    end if;

    if not exists (
      select
      from pg_catalog.jsonb_to_recordset(v_findings) as f (status text, reason text)
      where f.status = 'pass'
        or f.reason is distinct from v_other_key
    ) then
      v_findings := (
        select pg_catalog.jsonb_agg(f.finding || '{"status": "fail"}')
        from pg_catalog.jsonb_array_elements(v_findings) as f (finding)
      );
    end if;

    for v_finding in
      select
        f.status,
        pg_catalog.min(f.reason) as reason,
        pg_catalog.count(*) as leaf_count,
        pg_catalog.array_to_string((pg_catalog.array_agg(f.leaf order by f.leaf collate "C"))[1:5], ', ')
          || case when pg_catalog.count(*) > 5 then pg_catalog.format(' and %s more', pg_catalog.count(*) - 5) else '' end as leaves
      from pg_catalog.jsonb_to_recordset(v_findings) as f (status text, reason text, leaf text)
      group by f.status, case when f.status <> 'pass' then f.reason end
      order by pg_catalog.array_position(array['fail', 'error', 'warn', 'skip', 'pass'], f.status), 2
    loop
      return next row(
        'guards_fire', v_guard.object_name, v_finding.status,
        case v_finding.status
          when 'pass' then pg_catalog.format(
            'the trigger %I on %s fires: it did not let a wrong %I through%s',
            v_guard.trigger_name, v_guard.relation_name, v_target.column_name,
            case when v_guard.relkind = 'p' then pg_catalog.format(', in %s partitions with rows', v_finding.leaf_count) else '' end
          )
          when 'fail' then pg_catalog.format('the trigger %I on %s does not do its work in %s: %s', v_guard.trigger_name, v_guard.relation_name, v_finding.leaves, v_finding.reason)
          when 'warn' then pg_catalog.format('the trigger %I on %s fires, but in %s %s', v_guard.trigger_name, v_guard.relation_name, v_finding.leaves, v_finding.reason)
          else pg_catalog.format('the trigger %I on %s was not made to fire in %s: %s', v_guard.trigger_name, v_guard.relation_name, v_finding.leaves, v_finding.reason)
        end,
        case v_finding.status
          when 'fail' then case
            when pg_catalog.current_setting('session_replication_role') = 'replica'
              then pg_catalog.format('Run: alter database %I reset session_replication_role (or alter role), and connect anew.', pg_catalog.current_database())
            else 'See what is wrong with it: select * from drill.verify_partition_triggers() where status <> ''pass''; the registered definitions are in drill.guards.'
          end
          when 'warn' then 'See what the row lacks: select * from drill.verify_partition_keys(), and look for orphans.'
          when 'error' then 'Insert a copy of a row by hand, in a transaction that you roll back, to see the whole error; or grant what is missing.'
          when 'skip' then 'Prove the guard with a test of your application.'
        end,
        pg_catalog.to_jsonb('fires'::text),
        pg_catalog.to_jsonb(case v_finding.status when 'pass' then 'fires' when 'fail' then 'does not do its work' when 'warn' then 'disagrees with a row' else 'not probed' end)
      )::drill.check_result;
    end loop;
  end loop;

  for v_sequence in
    select
      drill._relation_name(s.sequence_oid::oid) as sequence_name,
      s.last_value as before,
      pg_catalog.pg_sequence_last_value(s.sequence_oid::oid) as after
    from pg_catalog.jsonb_each_text(v_sequences) as s (sequence_oid, last_value)
    where pg_catalog.pg_sequence_last_value(s.sequence_oid::oid)::text is distinct from s.last_value
    order by 1
  loop
    return next row(
      'guards_fire', v_sequence.sequence_name, 'warn',
      pg_catalog.format(
        'the sequence %s moved from %s to %s while guards were made to fire: a trigger takes numbers from it, or another session did',
        v_sequence.sequence_name, coalesce(v_sequence.before, 'unused'), v_sequence.after
      ),
      case
        when v_sequence.before is null
          then pg_catalog.format('A gap in the numbers is harmless. When no other session uses it, run: alter sequence %s restart.', v_sequence.sequence_name)
        else pg_catalog.format('A gap in the numbers is harmless. When no other session uses it, run: select pg_catalog.setval(%L, %s).', v_sequence.sequence_name, v_sequence.before)
      end,
      pg_catalog.to_jsonb(v_sequence.before), pg_catalog.to_jsonb(v_sequence.after::text)
    )::drill.check_result;
  end loop;
end
$$;

comment on function drill.verify_guards_fire() is
  'Whether each registered guard trigger does its work: copies of real rows with a wrong key are inserted and rolled back; needs a read-write transaction';

revoke all on function drill.verify_guards_fire() from public;
