-- What a function does is not in the catalog, only its text. So this looks for names
-- of functions that post, and for names of functions that mention those, down to
-- eight calls deep. What is called must exist here: otherwise it cannot post.
--
-- Comments do not count, and statements that only grant or alter: the event trigger
-- that Supabase has for pg_net names its functions without calling them. Strings do
-- count: dynamic SQL is one.
create or replace function drill._posting_functions()
returns table (function_oid oid, reaches text)
language sql
stable
set search_path = ''
-- Off would take the backslashes out of the patterns.
set standard_conforming_strings = on
as $$
  with recursive member as (
    select d.objid as function_oid, e.extname
    from pg_catalog.pg_depend as d
    inner join pg_catalog.pg_extension as e on e.oid = d.refobjid
    where d.classid = 'pg_catalog.pg_proc'::regclass
      and d.refclassid = 'pg_catalog.pg_extension'::regclass
      and d.deptype = 'e'
  ),
  seed as (
    select distinct
      p.oid as function_oid, n.nspname, p.proname,
      p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) as is_trigger
    from pg_catalog.pg_proc as p
    inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    left join member as m on m.function_oid = p.oid
    where (n.nspname = 'net' or m.extname = 'http')
      and p.proname in ('http', 'http_get', 'http_post', 'http_put', 'http_patch', 'http_delete', 'http_head')
      or n.nspname = 'supabase_functions'
      and p.proname = 'http_request'
      and exists (select from pg_catalog.pg_namespace as o where o.nspname = 'net')
      or m.extname = 'dblink'
      and p.proname in ('dblink', 'dblink_exec', 'dblink_connect', 'dblink_connect_u', 'dblink_send_query', 'dblink_open')
      or m.extname = 'aws_lambda' and p.proname = 'invoke'
      or m.extname = 'aws_s3' and p.proname = 'query_export_to_s3'
      or m.extname = 'pg_amqp' and p.proname in ('publish', 'autonomous_publish')
  ),
  candidate as (
    select
      p.oid as function_oid, n.nspname, p.proname, p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) as is_trigger,
      not l.lanpltrusted as is_untrusted, l.lanname in ('sql', 'plpgsql') as is_sql, b.text,
      pg_catalog.lower(b.text) as lower_text
    from pg_catalog.pg_proc as p
    inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    inner join pg_catalog.pg_language as l on l.oid = p.prolang
    cross join lateral (
      select case when p.prosqlbody is null then p.prosrc else pg_catalog.pg_get_function_sqlbody(p.oid) end as text
      offset 0
    ) as b
    where n.nspname not in ('pg_catalog', 'information_schema', 'drill', 'drill_migrations')
      and l.lanname not in ('c', 'internal')
  ),
  poster as (
    select s.function_oid, s.nspname, s.proname, s.is_trigger, null::text as reaches, 0 as depth
    from seed as s
    union
    select c.function_oid, c.nspname, c.proname, c.is_trigger, drill._url_host(c.text), 0
    from candidate as c
    where case
      when c.is_untrusted then c.text ~* '[a-z]://|\m(urllib|requests|http|httplib|socket|smtplib|subprocess|paramiko|LWP|curl|wget)\M'
      -- The cheap look first: most texts have no such word.
      when c.is_sql and pg_catalog.strpos(c.lower_text, 'program') > 0
        then drill._without_comments(c.text) ~* '\mcopy\M[^;]*\m(?:to|from)\s+program\M'
      else false
    end
    union
    select
      c.function_oid, c.nspname, c.proname, c.is_trigger,
      coalesce(
        drill._url_host(t.text),
        -- A connection string, as dblink takes it.
        (pg_catalog.regexp_match(t.text, '\mhost(?:addr)?\s*=\s*([a-z0-9._-]+)', 'i'))[1],
        p.reaches
      ),
      p.depth + 1
    from poster as p
    -- Its name as it may stand before a parenthesis: with its schema, or alone, unless that is PostgreSQL's own function.
    cross join lateral (
      select
        pg_catalog.lower(pg_catalog.replace(p.proname, '"', '""')) as lower_name,
        pg_catalog.regexp_replace(pg_catalog.replace(p.nspname, '"', '""'), '[][\\.*+?(){}|^$]', '\\\&', 'g') as schema_pattern,
        pg_catalog.regexp_replace(pg_catalog.replace(p.proname, '"', '""'), '[][\\.*+?(){}|^$]', '\\\&', 'g') as name_pattern,
        exists (
          select
          from pg_catalog.pg_proc as o
          where o.proname = p.proname
            and o.pronamespace = 'pg_catalog'::regnamespace
        ) as is_taken
    ) as e
    inner join candidate as c
      on c.function_oid <> p.function_oid
      and pg_catalog.strpos(c.lower_text, e.lower_name) > 0
    -- Offset keeps this from being worked out for every text.
    cross join lateral (
      select case when c.is_sql then drill._without_comments(c.text) else c.text end as text
      offset 0
    ) as t
    -- Nobody calls the function of a trigger.
    where p.depth < 8
      and not p.is_trigger
      and t.text ~* (
        '(^|[^[:alnum:]_$."])("?' || e.schema_pattern || '"?\s*\.\s*'
        || case when e.is_taken then '' else '|' end
        || ')"?' || e.name_pattern || '"?\s*\('
      )
  )
  select distinct on (p.function_oid) p.function_oid, p.reaches
  from poster as p
  order by p.function_oid, p.depth, p.reaches collate "C" nulls last
$$;

comment on function drill._posting_functions() is
  'Internal: functions that post to the outside as far as their texts tell, themselves or through others, and the first host that is in the texts';

revoke all on function drill._posting_functions() from public;
