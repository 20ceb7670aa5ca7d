/** A statement that stores a good drill; the values given are SQL and replace its own. */
export function insertDrill(change: Record<string, string> = {}): string {
  const drill: Record<string, string> = {
    drill_id: `'d1'`,
    ticket: `'OPS-1'`,
    lead: `'Ada'`,
    db_owner: `'Ben'`,
    app_owner: `'Cleo'`,
    method: `'pitr'`,
    scope: `'whole'`,
    target_name: `'restore'`,
    is_sandbox: 'false',
    started_at: `'2026-10-05T08:00:00Z'`,
    finished_at: `'2026-10-05T12:00:00Z'`,
    recovery_time: `'02:00'`,
    data_loss: `'01:00'`,
    baseline_id: 'null',
    state: `'finished'`,
    verdict: `'verified'`,
    tool_version: `'0.1.0'`,
    ...change,
  }
  return `insert into drill.drills (${Object.keys(drill).join(', ')}) values (${Object.values(drill).join(', ')})`
}
