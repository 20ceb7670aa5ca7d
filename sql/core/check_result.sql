-- One row per check and object, passes included. One type for all checks makes
-- `union all` of checks valid by construction and keeps psql's \df readable.
create type drill.check_result as (
  check_name text,
  object_name text,
  status drill.check_status,
  detail text,
  hint text,
  expected jsonb,
  actual jsonb
);

comment on type drill.check_result is
  'The answer of a check about one object: what was looked at, how it stands, one sentence of facts, what to do, and the two values compared';
comment on column drill.check_result.check_name is 'Stable name of the check: also its documentation page and its test';
comment on column drill.check_result.object_name is 'Qualified and quoted name of the object; null when the check is about the whole database';
comment on column drill.check_result.status is 'pass, warn, fail, skip, error or waived';
comment on column drill.check_result.detail is 'One sentence with the facts, naming the object';
comment on column drill.check_result.hint is 'What to do next, as a full sentence; null when there is nothing to do';
comment on column drill.check_result.expected is 'What the check wanted to find';
comment on column drill.check_result.actual is 'What the check found';
