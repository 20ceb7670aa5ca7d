-- imitates: the load of the largest table was cut off before it began
-- damages: public.events has no rows in any partition

do $$
begin
  if not exists (select from public.events) then
    raise exception 'table is empty already';
  end if;

  truncate public.events;
end;
$$;
