-- imitates: a dump limited to a list of tables, made before this one existed
-- damages: public.calls does not exist

drop table public.calls cascade;
