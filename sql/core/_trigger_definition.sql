-- Arguments of triggers hold secrets: webhooks of Supabase carry their headers
-- there. The arguments are the end of the text, and its length follows from them:
-- each in quotes, quotes in them doubled, a comma and a blank between, a bracket last.
create or replace function drill._trigger_definition(p_trigger oid)
returns text
language sql
stable
set search_path = ''
set standard_conforming_strings = on
as $$
  select
    case
      when t.tgnargs = 0 then d.definition
      else pg_catalog.format(
        '%s%s argument%s, %s)',
        pg_catalog.convert_from(
          pg_catalog.substr(
            pg_catalog.convert_to(d.definition, d.encoding),
            1,
            pg_catalog.octet_length(d.definition) - (
              pg_catalog.octet_length(t.tgargs) + 3 * t.tgnargs - 1
              + pg_catalog.length(d.arguments) - pg_catalog.length(pg_catalog.replace(d.arguments, '''', ''))
            )
          ),
          d.encoding
        ),
        t.tgnargs,
        case when t.tgnargs > 1 then 's' end,
        drill._fingerprint(d.arguments)
      )
    end
  from pg_catalog.pg_trigger as t
  cross join lateral (
    select
      pg_catalog.pg_get_triggerdef(t.oid) as definition,
      pg_catalog.encode(t.tgargs, 'escape') as arguments,
      pg_catalog.getdatabaseencoding() as encoding
  ) as d
  where t.oid = p_trigger
$$;

comment on function drill._trigger_definition(oid) is
  'Internal: definition of a trigger; of its arguments only number and fingerprint, for they may be secrets';

revoke all on function drill._trigger_definition(oid) from public;
