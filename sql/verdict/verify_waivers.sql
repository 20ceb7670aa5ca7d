-- The one place that knows what a waiver does, for psql and for the command line.
-- Only a failure can be waived: what could not be looked at is nothing that
-- somebody could have accepted. The argument is the results as a JSON array.
create or replace function drill.verify_waivers(p_results jsonb)
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
as $$
declare
  v_today date := (drill.get_now() at time zone 'UTC')::date;
begin
  if p_results is null or pg_catalog.jsonb_typeof(p_results) <> 'array' then
    raise exception using
      errcode = 'RD007',
      message = 'cannot apply waivers: the results are not a JSON array',
      hint = 'Give the rows of checks: select drill.verify_waivers(jsonb_agg(r)) from drill.verify_partitions() as r.';
  end if;

  return query
  with result as (
    select e.ordinality, r.*
    from pg_catalog.jsonb_array_elements(p_results) with ordinality as e (value, ordinality)
    cross join lateral pg_catalog.jsonb_populate_record(null::drill.check_result, e.value) as r
  ),
  waiver as (
    select
      w.*,
      w.until < v_today as is_expired,
      pg_catalog.concat_ws(' on ', w.check_name, w.object_name) as subject,
      exists (
        select
        from result as r
        where r.check_name = w.check_name
          and r.object_name is not distinct from w.object_name
          and r.status in ('fail', 'warn', 'error')
      ) as has_finding,
      -- At another depth its check may not run at all, which says nothing about the waiver.
      exists (select from result as r where r.check_name = w.check_name) as is_asked
    from drill.waivers as w
  ),
  judged as (
    select
      r.ordinality, r.check_name, r.object_name,
      case when w.owner is null then r.status else 'waived' end as status,
      case
        when w.owner is null then r.detail
        else pg_catalog.format('%s (waived by %s until %s: %s)', r.detail, w.owner, w.until::text, w.reason)
      end as detail,
      r.hint, r.expected, r.actual
    from result as r
    left join waiver as w
      on r.status = 'fail'
      and not w.is_expired
      -- The table refuses them; in a copy somebody may have seen to it that it does not.
      and w.check_name not in ('attestation', 'identity', 'not_production')
      and w.check_name = r.check_name
      and w.object_name is not distinct from r.object_name
    union all
    select
      null, 'waivers', w.subject,
      case when w.is_expired then 'fail' else 'warn' end,
      case
        when w.is_expired
          then pg_catalog.format('the waiver of %s by %s expired on %s: %s', w.subject, w.owner, w.until::text, w.reason)
        else pg_catalog.format('the waiver of %s by %s until %s matches no finding: %s', w.subject, w.owner, w.until::text, w.reason)
      end,
      pg_catalog.format(
        '%s delete from drill.waivers where check_name = %L and object_name is not distinct from %L; do the same in production.',
        case
          when w.is_expired then 'Put the finding right, or have its owner set a new day; when it is no longer needed, run:'
          else 'When it is no longer needed, run:'
        end,
        w.check_name, w.object_name
      ),
      case when w.is_expired then pg_catalog.to_jsonb('at least ' || v_today::text) else pg_catalog.to_jsonb('a finding'::text) end,
      case when w.is_expired then pg_catalog.to_jsonb(w.until::text) else pg_catalog.to_jsonb('none'::text) end
    from waiver as w
    where w.is_expired
      or w.is_asked and not w.has_finding
    union all
    select
      null, 'waivers', null, 'pass',
      pg_catalog.format('each of %s waivers is in date and for something that was found', pg_catalog.count(*)),
      null, null, null
    from waiver as w
    where w.is_asked
    having pg_catalog.count(*) > 0
      and pg_catalog.bool_and(w.has_finding and not w.is_expired)
  )
  select j.check_name, j.object_name, j.status::drill.check_status, j.detail, j.hint, j.expected, j.actual
  from judged as j
  order by j.ordinality, j.object_name collate "C";
end
$$;

comment on function drill.verify_waivers(jsonb) is
  'Results (a JSON array of check rows) with the failures of drill.waivers marked as waived, then a row for each waiver that expired or matches nothing; raises RD007';

revoke all on function drill.verify_waivers(jsonb) from public;
