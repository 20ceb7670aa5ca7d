-- imitates: a bulk load set the database to replica, so that ordinary triggers and foreign keys do not fire
-- damages: setting session_replication_role of the database is replica, for new connections

do $$
begin
  if exists (
    select
    from pg_catalog.pg_db_role_setting as s
    join pg_catalog.pg_database as d on d.oid = s.setdatabase
    where d.datname = pg_catalog.current_database()
      and s.setrole = 0
      and 'session_replication_role=replica' = any (s.setconfig)
  ) then
    raise exception 'database is set to replica already';
  end if;

  execute pg_catalog.format(
    'alter database %I set session_replication_role = replica',
    pg_catalog.current_database()
  );
end;
$$;
