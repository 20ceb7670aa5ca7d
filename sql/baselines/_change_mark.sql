-- Equal marks mean that nobody wrote in between, as far as the server's statistics
-- know. They come late: a session reports what it did when it is idle, within
-- seconds, but not while its next transaction lasts; what our own session did and has not
-- reported gives no mark. Not only the start of the server is in it: after the crash of
-- one session all counters begin at zero again, but that start stays.
create or replace function drill._change_mark(p_relation oid)
returns text
language sql
stable
set search_path = ''
as $$
  select pg_catalog.concat_ws(
    ' ',
    c.oid, c.relfilenode,
    pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time()),
    pg_catalog.date_part('epoch', pg_catalog.pg_stat_get_bgwriter_stat_reset_time()),
    coalesce(
      pg_catalog.date_part('epoch', (
        select s.stats_reset
        from pg_catalog.pg_stat_database as s
        where s.datname = pg_catalog.current_database()
      )),
      0
    ),
    pg_catalog.pg_stat_get_tuples_inserted(c.oid), pg_catalog.pg_stat_get_tuples_updated(c.oid),
    pg_catalog.pg_stat_get_tuples_deleted(c.oid)
  )
  from pg_catalog.pg_class as c
  where c.oid = p_relation
    and c.relkind = 'r'
    -- Without counting nothing is known.
    and pg_catalog.current_setting('track_counts') = 'on'
    and pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) + pg_catalog.pg_stat_get_xact_tuples_updated(c.oid)
      + pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) = 0
$$;

comment on function drill._change_mark(oid) is
  'Internal: a text that changes when somebody writes into the table; null when that cannot be known';

revoke all on function drill._change_mark(oid) from public;
