-- sum(bigint) is numeric and without limit; kept are its last 64 bits, as a signed
-- number. Folding a sum of folded sums gives the same, so days add up to months.
create or replace function drill._fold_fingerprint(p_sum numeric)
returns bigint
language sql
immutable
parallel safe
set search_path = ''
as $$
  select (
    pg_catalog.mod(
      pg_catalog.mod(coalesce(p_sum, 0) + 9223372036854775808, 18446744073709551616) + 18446744073709551616,
      18446744073709551616
    ) - 9223372036854775808
  )::bigint
$$;

comment on function drill._fold_fingerprint(numeric) is
  'Internal: a sum of fingerprints as one fingerprint, modulo 2^64; 0 for no rows';

revoke all on function drill._fold_fingerprint(numeric) from public;
