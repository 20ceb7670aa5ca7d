-- What OpsMantik must get back, as its recovery plan lists it. For another
-- database: delete from drill.<table> where profile = 'opsmantik', and register yours.
insert into drill.critical_relations (relation_name, timestamp_column, is_append_only, tolerance, profile)
values
  ('public.sites', 'created_at', false, 0.02, 'opsmantik'),
  ('public.site_members', 'created_at', false, 0.02, 'opsmantik'),
  ('public.sessions', 'created_at', true, 0, 'opsmantik'),
  ('public.events', 'created_at', true, 0, 'opsmantik'),
  ('public.calls', 'created_at', false, 0.02, 'opsmantik'),
  ('private.site_secrets', 'created_at', false, 0.02, 'opsmantik')
on conflict (relation_name) do nothing;
