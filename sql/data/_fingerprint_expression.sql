-- hash_record_extended(row(...)) is not used: it is linear, so that the sum over rows
-- would not see two rows swap the values of one column, nor a number and an element
-- of an array change places. Here each row ends with a hash whose seed is all that
-- came before: the last of a single chain, or else one of nothing. A seed counts
-- with all of its 64 bits, unlike a bigint that is hashed.
-- A chain has 50 columns at most: a deeper nesting is too much for the parser.
create or replace function drill._fingerprint_expression(p_relation oid, p_alias text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  c_chain_length constant integer := 50;
  v_expression text;
  v_chain record;
  v_chain_count integer := 0;
begin
  select coalesce(pg_catalog.string_agg('coalesce(' || c.expression || ', 0)', ' # ' order by c.column_name collate "C"), '0')
  into v_expression
  from drill._fingerprint_columns(p_relation, p_alias) as c
  where not c.is_chained;

  for v_chain in
    select
      (c.position - 1) / c_chain_length as number,
      pg_catalog.string_agg(c.expression, '' order by c.position desc) as calls,
      pg_catalog.string_agg(')', '') as ends
    from (
      select f.expression, pg_catalog.row_number() over (order by f.column_name collate "C") as position
      from drill._fingerprint_columns(p_relation, p_alias) as f
      where f.is_chained
    ) as c
    group by (c.position - 1) / c_chain_length
    order by (c.position - 1) / c_chain_length
  loop
    v_expression := case v_chain.number
      when 0 then v_chain.calls || v_expression || v_chain.ends
      else v_expression || ' # ' || v_chain.calls || v_chain.number || v_chain.ends
    end;
    v_chain_count := v_chain_count + 1;
  end loop;

  return case
    when v_chain_count = 1 then v_expression
    else pg_catalog.format('pg_catalog.hashint4extended(0, %s)', v_expression)
  end;
end
$$;

comment on function drill._fingerprint_expression(oid, text) is
  'Internal: the SQL expression of a row''s 64-bit fingerprint, never null, for a query that has the table under this alias; the sum over rows is the fingerprint of a set';

revoke all on function drill._fingerprint_expression(oid, text) from public;
