-- psql -X -v ON_ERROR_STOP=1 -f verify/quick.sql "$RESTORE_DATABASE_URL"
-- Everything that the catalog alone tells: the findings, the checks counted, the
-- verdict. Takes no lock stronger than ACCESS SHARE and reads no table but default
-- partitions and those of schema drill. Shows; does not fail: for a script use
-- verify/assert.sql. For a failure in the past first: set drill.failure_point = '...'.
begin transaction isolation level repeatable read read only;
set local statement_timeout = '60s';
set local lock_timeout = '5s';
-- What this database wrote itself since it runs says nothing about production.
set local drill.is_copy = 'on';

\echo 'What is not right:'
select
  r.status,
  coalesce(r.object_name, r.check_name) as object,
  r.detail,
  r.hint
from drill.verify_all('quick') as r
where r.status not in ('pass', 'skip')
order by
  case r.status when 'fail' then 1 when 'error' then 2 else 3 end,
  r.check_name,
  r.object_name
\gx

\echo 'What was looked at:'
select
  coalesce(r.check_name, 'all') as "check",
  count(*) filter (where r.status = 'pass') as passed,
  count(*) filter (where r.status = 'warn') as warnings,
  count(*) filter (where r.status = 'fail') as failed,
  count(*) filter (where r.status = 'waived') as waived,
  count(*) filter (where r.status = 'error') as not_looked_at,
  case
    when count(*) filter (where r.status = 'fail') > 0 then 'FAIL'
    when count(*) filter (where r.status <> 'skip') = 0 then 'NOT APPLICABLE'
    when count(*) filter (where r.status = 'error') > 0 or count(*) filter (where r.status = 'pass') = 0 then 'COULD NOT VERIFY'
    else 'PASS'
  end as verdict
from drill.verify_all('quick') as r
group by rollup (r.check_name)
order by r.check_name nulls last;

commit;
