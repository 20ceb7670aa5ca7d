insert into drill.partitioned_relations (relation_name, period, name_pattern, profile)
values
  ('public.sessions', 'month', '^sessions_\d{4}_\d{2}$', 'opsmantik'),
  ('public.events', 'month', '^events_\d{4}_\d{2}$', 'opsmantik')
on conflict (relation_name) do nothing;
