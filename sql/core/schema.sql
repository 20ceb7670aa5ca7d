-- The schema that holds every check, fact and baseline of pgdrill.
-- Nothing here is open to PUBLIC: each function and table names who may use it.
create schema drill;

comment on schema drill is
  'pgdrill: checks that tell whether a restored database is really production''s data, the facts they compare, and the stored baselines';

revoke all on schema drill from public;
