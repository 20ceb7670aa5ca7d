-- psql -X -v ON_ERROR_STOP=1 -f verify/assert.sql "$RESTORE_DATABASE_URL"
-- Ends with exit code 3 and the findings unless everything was verified, counts
-- against the newest baseline in the database included. Without ON_ERROR_STOP=1
-- psql -f returns 0 after an error.
begin transaction isolation level repeatable read read only;
set local lock_timeout = '5s';
-- What this database wrote itself since it runs says nothing about production.
set local drill.is_copy = 'on';

select drill.assert_verified('standard');

commit;
