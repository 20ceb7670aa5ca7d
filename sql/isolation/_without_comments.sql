-- Strings and quoted names stay as they are, so that two dashes in one begin no
-- comment. Statements that grant, alter, drop or comment on a function name it and
-- do not call it: the event trigger that Supabase has for pg_net does just that.
create or replace function drill._without_comments(p_text text)
returns text
language sql
immutable
set search_path = ''
-- Off would take the backslashes out of the patterns.
set standard_conforming_strings = on
as $$
  select pg_catalog.regexp_replace(
    pg_catalog.regexp_replace(
      p_text, '([eE]''(?:[^''\\]|''''|\\.)*''|''(?:[^'']|'''')*''|"(?:[^"]|"")*")|--[^\n]*|/\*(?:[^*]|\*+[^*/])*\*+/', '\1 ', 'g'
    ),
    '(^|;|''|\m(?:then|begin|else|loop)\M)\s*(?:grant|revoke|alter|drop|comment)\M[^;]*', '\1', 'gi'
  )
$$;

comment on function drill._without_comments(text) is
  'Internal: the text of an SQL or PL/pgSQL function without comments and without statements that only name functions';

revoke all on function drill._without_comments(text) from public;
