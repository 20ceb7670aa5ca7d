-- imitates: a cloned database whose triggers still post to production's webhooks
-- damages: a trigger of public.calls writes each new call to another server, by dblink

create extension if not exists dblink;

create function private.send_call()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform public.dblink_exec('postgresql://crm.production.example/crm', 'select 1');
  return null;
end;
$$;

create trigger calls_send_call
  after insert on public.calls
  for each row execute function private.send_call();
