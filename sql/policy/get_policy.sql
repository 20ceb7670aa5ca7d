-- A forgotten setting must not silently become a default: a check that cannot
-- know the plan cannot judge by it.
create or replace function drill.get_policy(p_policy_name text)
returns interval
language plpgsql
stable
set search_path = ''
as $$
declare
  v_policy_value interval;
begin
  select p.policy_value
  into v_policy_value
  from drill.policy as p
  where p.policy_name = p_policy_name;

  if v_policy_value is null then
    raise exception using
      errcode = 'RD008',
      message = format('the policy %L is not set', p_policy_name),
      hint = format('Insert it: insert into drill.policy (policy_name, policy_value, description) values (%L, ...).', p_policy_name);
  end if;

  return v_policy_value;
end
$$;

comment on function drill.get_policy(text) is
  'One duration of the recovery plan by name; raises RD008 when it is not set';

revoke all on function drill.get_policy(text) from public;
