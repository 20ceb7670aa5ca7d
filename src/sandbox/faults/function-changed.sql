-- imitates: a hotfix that was made by hand in production and is in no migration, or the other way round
-- damages: public.is_site_member(uuid) says yes to everybody

create or replace function public.is_site_member(p_site_id uuid)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select true
$$;
