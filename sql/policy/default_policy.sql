-- The plan's numbers. A person who edited one keeps it.
insert into drill.policy (policy_name, policy_value, description)
values
  ('rpo', interval '24 hours', 'Recovery point objective: how much data may be lost, from the recovery point to the failure'),
  ('rto', interval '4 hours', 'Recovery time objective: how long it may take from the start of the restore until it is verified'),
  ('clock_skew', interval '5 minutes', 'How far clocks may differ before a timestamp counts as being in the future'),
  ('settle_after', interval '1 day', 'How long after its end a partition may still get late rows; after that it is settled'),
  ('heartbeat_interval', interval '5 minutes', 'Longest pause between heartbeats with which the newest one tells the recovery point exactly'),
  ('heartbeat_retention', interval '7 days', 'How long heartbeats are kept'),
  ('baseline_retention', interval '400 days', 'How long baselines are kept; the newest of each depth always is')
on conflict (policy_name) do nothing;
