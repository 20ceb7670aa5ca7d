-- What stood at the address of a function that pgdrill took over, so that
-- removing pgdrill gives it back.
create table drill.replaced_functions (
  function_name text primary key,
  definition text not null,
  grants jsonb not null,
  description text
);

comment on table drill.replaced_functions is
  'Functions that existed where pgdrill put one of its own; removing pgdrill puts them back';
comment on column drill.replaced_functions.function_name is 'Signature of the function';
comment on column drill.replaced_functions.definition is 'The create or replace function statement of the old function';
comment on column drill.replaced_functions.grants is 'Roles that could execute it, each with whether it could pass the right on';
comment on column drill.replaced_functions.description is 'Its comment, or null';

revoke all on table drill.replaced_functions from public;
