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
  select
    'critical_relations', null, 'error',
    'no critical relation is registered, so no data was looked at',
    'Register what must be recoverable: select drill.register_critical_relation(''public.orders'', ''created_at'', true).',
    null, null
  where not exists (select from drill.critical_relations)
  order by 2
$$;

comment on function drill.verify_critical_relations() is
  'Whether each critical relation exists, can be read in full by this role, and has its timestamp column';

revoke all on function drill.verify_critical_relations() from public;
