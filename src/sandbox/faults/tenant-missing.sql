-- imitates: the restore of one customer failed, or a job of the copy removed one
-- damages: the rows of the site with the fewest calls are gone from public.calls
-- depth: full

do $$
declare
  v_rows bigint;
begin
  delete from public.calls as c
  where c.site_id = (
    select v.site_id
    from public.calls as v
    group by v.site_id
    order by pg_catalog.count(*), v.site_id
    limit 1
  );

  get diagnostics v_rows = row_count;

  if v_rows = 0 then
    raise exception 'no calls';
  end if;
end;
$$;
