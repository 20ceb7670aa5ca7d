-- imitates: a restore that left a policy out, or a migration that was replayed without it
-- damages: the policy events_select_member of public.events is gone

drop policy events_select_member on public.events;
