-- imitates: only the schema was restored
-- damages: every table of the application is empty, and so are drill.heartbeats and drill.baselines

do $$
begin
  if not exists (select from public.sessions) then
    raise exception 'there are no sessions already';
  end if;

  set local client_min_messages = warning;

  truncate
    public.sites,
    public.site_members,
    public.sessions,
    public.events,
    public.calls,
    private.site_secrets;

  if pg_catalog.to_regclass('drill.heartbeats') is not null then
    execute 'truncate drill.heartbeats cascade';
  end if;

  if pg_catalog.to_regclass('drill.baselines') is not null then
    execute 'truncate drill.baselines cascade';
  end if;
end;
$$;
