-- imitates: a dump restored without the trigger, because its function failed to restore
-- damages: trigger sessions_set_created_month on public.sessions and its partitions is gone

drop trigger sessions_set_created_month on public.sessions;
