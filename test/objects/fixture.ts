// One object of every kind, made in a database called kinds. A replication slot cannot be made in a transaction: not here.

export const fixture = `
  create role k_owner; create role k_reader; create role k_member login; grant k_reader to k_member;
  create role k_other;
  create schema k; create schema k2;
  create extension hstore with schema k2;
  create type k.mood as enum ('good', 'bad');
  create domain k.positive as integer check (value > 0);
  create type k.span as range (subtype = numeric);
  create type k.pair as (a integer, b text);
  create table k.t (id bigint generated always as identity primary key, name text default 'none' check (name <> ''), pair k.pair);
  create table k.child (id serial primary key, t_id bigint references k.t, note text);
  create table k.extra ();
  create index note on k.child (lower(note)) where note is not null;
  create view k.names as select name from k.t;
  create materialized view k.counted as select count(*) from k.child;
  create sequence k.numbers;
  create function k.twice(n integer) returns integer language sql immutable as 'select n * 2';
  create procedure k.nothing() language sql as 'select 1';
  create aggregate k.total(integer) (sfunc = int4pl, stype = integer, initcond = '0');
  create function k.touch() returns trigger language plpgsql as 'begin return new; end';
  create trigger touch before update on k.child for each row execute function k.touch();
  create function k.watch() returns event_trigger language plpgsql as 'begin end';
  create event trigger k_watch on ddl_command_end when tag in ('COMMENT') execute function k.watch();
  create rule no_delete as on delete to k.child do instead nothing;
  alter table k.child enable row level security;
  create policy own on k.child for select to k_reader using (id > 0);
  grant select on k.child to k_reader;
  alter default privileges for role k_owner in schema k grant select on tables to k_reader;
  alter default privileges for role k_owner revoke execute on functions from public;
  create statistics k.stats (dependencies) on id, t_id from k.child;
  create publication k_all for table k.child;
  create subscription k_in connection 'host=production.example password=hunter2' publication a, b with (connect = false);
  alter subscription k_in disable;
  alter subscription k_in set (slot_name = none);
  create foreign data wrapper k_wrapper;
  create server k_server foreign data wrapper k_wrapper options (host 'production.example', password 'hunter2');
  create user mapping for k_reader server k_server options (password 'hunter2');
  create collation k.plain (locale = 'C');
  create conversion k.conv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
  create operator k.=== (function = int4eq, leftarg = integer, rightarg = integer);
  create operator family k.family using btree;
  create operator class k.class for type integer using btree family k.family as
    operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint4cmp(integer, integer);
  create operator family k.empty using hash;
  create access method k_method type index handler bthandler;
  create cast (k.mood as integer) with inout as assignment;
  create text search configuration k.config (copy = simple);
  create text search dictionary k.dictionary (template = simple, accept = true);
  create text search parser k.parser (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype);
  create text search template k.template (lexize = dsimple_lexize);
  create language k_language handler plpgsql_call_handler;
  alter role k_reader in database kinds set statement_timeout = '1min';
  select pg_catalog.lo_create(4711); select pg_catalog.lo_create(4712); alter large object 4712 owner to k_owner;
  create schema cron;
  create table cron.job (jobid bigint, schedule text, command text, nodename text, nodeport int, database text, username text, active boolean, jobname text);
  insert into cron.job values
    (1, '0 3 * * *', 'select 1', 'localhost', 5432, 'kinds', 'postgres', true, 'nightly'),
    (2, '0 4 * * *', 'select 2', 'localhost', 5432, 'kinds', 'postgres', true, null),
    (3, '0 4 * * *', 'select 3', 'localhost', 5432, 'another', 'postgres', true, 'not ours');
  create schema storage;
  create table storage.buckets (id text, name text, public boolean, file_size_limit bigint, allowed_mime_types text[]);
  insert into storage.buckets values ('avatars', 'avatars', false, 1000, null);
  create schema vault;
  create table vault.secrets (id uuid, name text, secret text);
  insert into vault.secrets values (gen_random_uuid(), 'api_key', 'cipher'), (gen_random_uuid(), null, 'cipher')`
