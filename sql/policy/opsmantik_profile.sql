-- What OpsMantik must get back, as its recovery plan lists it. For another
-- database: delete from drill.<table> where profile = 'opsmantik', and register yours.
insert into drill.critical_relations (relation_name, timestamp_column, is_append_only, tolerance, tenant_column, is_secret, profile)
values
  ('public.sites', 'created_at', false, 0.02, null, false, 'opsmantik'),
  ('public.site_members', 'created_at', false, 0.02, 'site_id', false, 'opsmantik'),
  ('public.sessions', 'created_at', true, 0, 'site_id', false, 'opsmantik'),
  ('public.events', 'created_at', true, 0, 'site_id', false, 'opsmantik'),
  ('public.calls', 'created_at', false, 0.02, 'site_id', false, 'opsmantik'),
  ('private.site_secrets', 'created_at', false, 0.02, null, true, 'opsmantik')
on conflict (relation_name) do nothing;
