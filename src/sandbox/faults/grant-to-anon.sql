-- imitates: default privileges of the restoring role, which opened what it created
-- damages: anon may read public.calls, and its row level security is off

grant select on public.calls to anon;
alter table public.calls disable row level security;
