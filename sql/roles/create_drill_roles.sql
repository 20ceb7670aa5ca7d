-- drill_reader verifies, drill_owner captures. Roles belong to the whole server and
-- may be there already, of another database; whoever installs may lack the right to
-- make them. Then an administrator does: pgdrill migrate roles prints what to run.
-- They cannot log in by themselves. Removing pgdrill leaves them, for another database
-- may use them.
do $$
declare
  v_role record;
begin
  for v_role in
    select *
    from (values
      ('drill_reader', 'pgdrill: may verify a restored copy and read what pgdrill stored'),
      ('drill_owner', 'pgdrill: may capture baselines, record drills, and change registrations and policy')
    ) as r (name, description)
    where pg_catalog.to_regrole(r.name) is null
  loop
    begin
      execute pg_catalog.format('create role %I nologin', v_role.name);
      execute pg_catalog.format('comment on role %I is %L', v_role.name, v_role.description);
    exception
      -- Not allowed, or another database of this server was faster.
      when insufficient_privilege or duplicate_object or unique_violation then
        null;
    end;
  end loop;
end
$$;
