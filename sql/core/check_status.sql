-- A domain instead of an enum: a new status can be added inside a transaction,
-- which the migration runner needs.
create domain drill.check_status as text
  constraint check_status_check check (value in ('pass', 'warn', 'fail', 'skip', 'error', 'waived'));

comment on domain drill.check_status is
  'pass; warn (does not change the verdict); fail (verified to be wrong); skip (not applicable); error (could not look, which is never a pass); waived (wrong, and accepted by a waiver that is in date)';
