-- imitates: a dump made without the right to read the secrets
-- damages: private.site_secrets has no rows

do $$
begin
  if not exists (select from private.site_secrets) then
    raise exception 'table is empty already';
  end if;

  truncate private.site_secrets;
end;
$$;
