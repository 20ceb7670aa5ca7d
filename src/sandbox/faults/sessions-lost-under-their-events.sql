-- imitates: a restore that lost some rows of a table while the triggers of foreign keys were off
-- damages: some sessions are gone, and their events refer to nothing
-- depth: full

set session_replication_role = replica;
delete from public.sessions where id in (select e.session_id from public.events as e order by e.session_id limit 3);
reset session_replication_role;
