create table drill.guards (
  relation_name text not null,
  trigger_name text not null,
  function_name text not null,
  trigger_definition text,
  function_definition text,
  profile text not null default 'custom',
  is_trigger_ours boolean not null default false,
  is_function_ours boolean not null default false,
  constraint guards_pkey primary key (relation_name, trigger_name),
  constraint guards_relation_name_check check (
    relation_name = format('%I.%I', (parse_ident(relation_name))[1], (parse_ident(relation_name))[2])
  ),
  constraint guards_function_name_check check (
    function_name = format('%I.%I', (parse_ident(function_name))[1], (parse_ident(function_name))[2])
  )
);

comment on table drill.guards is
  'Triggers that must exist, be enabled, be unchanged and stand on every partition; fill it with drill.register_guard()';
comment on column drill.guards.relation_name is 'The guarded table, schema and name, quoted where needed';
comment on column drill.guards.trigger_name is 'Name of the trigger on that table, as the catalog has it';
comment on column drill.guards.function_name is 'The trigger function, schema and name, quoted where needed';
comment on column drill.guards.trigger_definition is 'Definition of the trigger when it was registered; null when it did not exist yet';
comment on column drill.guards.function_definition is 'Definition of the function when it was registered; null when it did not exist yet';
comment on column drill.guards.profile is 'Which profile registered it; custom for your own';
comment on column drill.guards.is_trigger_ours is 'True when pgdrill created the trigger, so that removing pgdrill removes it';
comment on column drill.guards.is_function_ours is 'True when pgdrill created the function, so that removing pgdrill removes it';

revoke all on table drill.guards from public;
