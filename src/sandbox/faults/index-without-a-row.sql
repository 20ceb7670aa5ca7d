-- imitates: an index page that was lost or is old: the row is in the table, and the index does not know it
-- damages: one row of public.site_members is missing in its index site_members_user_id_idx
-- depth: full

update pg_catalog.pg_index
set indisready = false, indisvalid = false
where indexrelid = 'public.site_members_user_id_idx'::regclass;
insert into public.site_members (site_id, user_id)
select s.id, 'ffffffff-ffff-4fff-8fff-ffffffffffff'
from public.sites as s
order by s.id
limit 1;
update pg_catalog.pg_index
set indisready = true, indisvalid = true
where indexrelid = 'public.site_members_user_id_idx'::regclass;
