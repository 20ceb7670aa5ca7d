-- imitates: a cloned database with the foreign servers of production
-- damages: a foreign server billing points at production's network

create extension if not exists postgres_fdw;
create server billing foreign data wrapper postgres_fdw options (host 'billing.production.example', dbname 'billing');
