-- imitates: a restore with --disable-triggers that broke off before it switched them on again
-- damages: no trigger of public.site_members fires, not even that of its foreign key

alter table public.site_members disable trigger all;
