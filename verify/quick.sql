-- psql -X -v ON_ERROR_STOP=1 -f verify/quick.sql "$RESTORE_DATABASE_URL"
-- Everything that the catalog alone tells, the findings first. Takes no lock
-- stronger than ACCESS SHARE and reads no table but default partitions and drill.*.
-- Shows; does not fail: for a script use verify/assert.sql.
begin transaction isolation level repeatable read read only;
set local statement_timeout = '60s';
set local lock_timeout = '5s';

select
  r.status,
  r.check_name,
  r.object_name,
  r.detail,
  r.hint
from drill.verify_all('quick') as r
order by
  case r.status when 'fail' then 1 when 'error' then 2 when 'warn' then 3 when 'skip' then 4 else 5 end,
  r.check_name,
  r.object_name;

select
  case
    when count(*) filter (where r.status = 'fail') > 0 then 'FAIL'
    when count(*) filter (where r.status = 'error') > 0 or count(*) filter (where r.status = 'pass') = 0 then 'COULD NOT VERIFY'
    else 'PASS'
  end as verdict,
  count(*) filter (where r.status = 'pass') as passed,
  count(*) filter (where r.status = 'fail') as failed,
  count(*) filter (where r.status = 'error') as not_looked_at
from drill.verify_all('quick') as r;

commit;
