create or replace function drill.verify_critical_relations()
returns setof drill.check_result
language sql
stable
set search_path = ''
as $$
  select
    'critical_relations',
    c.relation_name,
    case
      when p.problem is null then 'pass'
      when p.problem = 'does not exist' then 'fail'
      else 'error'
    end,
    pg_catalog.format('%s %s', c.relation_name, coalesce(p.problem, 'exists and can be read')),
    case
      when p.problem = 'does not exist'
        and c.profile = 'opsmantik'
        then pg_catalog.format('Restore %s; or, when this is not OpsMantik''s database, run in production: delete from drill.critical_relations where profile = ''opsmantik''.', c.relation_name)
      when p.problem = 'does not exist'
        then pg_catalog.format('Restore %s: it is registered as data that must come back.', c.relation_name)
      when p.problem is not null
        then pg_catalog.format('Make %s readable for %I, or correct its row in drill.critical_relations.', c.relation_name, current_user)
    end,
    pg_catalog.to_jsonb('readable'::text),
    pg_catalog.to_jsonb(coalesce(p.problem, 'readable'))
  from drill.critical_relations as c
  cross join lateral (
    select drill._critical_relation_problem(c.relation_name, c.timestamp_column) as problem
  ) as p
  union all
  -- Not passed in silence: nobody should believe that they came back.
  select
    'critical_relations', c.relation_name, 'skip',
    pg_catalog.format(
      '%s has %s, whose rows are not looked at, as no backup of this server holds them: %s',
      c.relation_name,
      case pg_catalog.count(*) when 1 then '1 partition that is a foreign table' else pg_catalog.count(*) || ' partitions that are foreign tables' end,
      pg_catalog.string_agg(
        pg_catalog.format('%s on the server %I', drill._relation_name(f.ftrelid), s.srvname), ', ' order by drill._relation_name(f.ftrelid) collate "C"
      )
    ),
    'Verify them where they are: back up and restore that server, and verify the table there.',
    null, pg_catalog.to_jsonb(pg_catalog.count(*)::text)
  from drill.critical_relations as c
  inner join pg_catalog.pg_inherits as i on i.inhparent = drill._relation_oid(c.relation_name)
  inner join pg_catalog.pg_foreign_table as f on f.ftrelid = i.inhrelid
  inner join pg_catalog.pg_foreign_server as s on s.oid = f.ftserver
  group by c.relation_name
  union all
  select
    'critical_relations', null, 'error',
    'no critical relation is registered, so no data was looked at',
    'Register what must be recoverable: select drill.register_critical_relation(''public.orders'', ''created_at'', true).',
    null, null
  where not exists (select from drill.critical_relations)
  order by 2, 3
$$;

comment on function drill.verify_critical_relations() is
  'Whether each critical relation exists, can be read in full by this role, and has its timestamp column';

revoke all on function drill.verify_critical_relations() from public;
