-- A drill that was recorded stays as it was: the same document again changes nothing,
-- another one under its name is refused. The document is the drill of proof.json
-- (DrillRecord), with tool_version and proof_sha256 beside what it has there.
create or replace function drill.record_drill(p_drill jsonb)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_drill_id text := p_drill ->> 'drill_id';
  v_proof_sha256 text := p_drill ->> 'proof_sha256';
  v_state text := p_drill ->> 'state';
  v_is_recorded boolean;
begin
  if v_drill_id is null or v_drill_id !~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$' or v_state is null then
    raise exception using
      errcode = 'RD011',
      message = 'cannot record the drill: the document is no drill',
      hint = 'Give the drill of a proof: pgdrill drill status records what is waiting.';
  end if;

  insert into drill.drills (
    drill_id, ticket, lead, db_owner, app_owner, method, scope, target_name, is_sandbox, started_at, restore_started_at,
    restored_at, verified_at, finished_at, failure_point, restore_point, recovery_point, recovery_time, data_loss,
    baseline_id, state, verdict, follow_ups, notes, tool_version, proof_sha256, previous_proof_sha256
  )
  values (
    v_drill_id,
    p_drill ->> 'ticket',
    p_drill #>> '{owners,lead}',
    p_drill #>> '{owners,db_owner}',
    p_drill #>> '{owners,app_owner}',
    p_drill ->> 'method',
    p_drill ->> 'scope',
    p_drill ->> 'target_name',
    -- A sandbox cannot be talked into a real drill.
    (p_drill ->> 'is_sandbox')::boolean or coalesce(pg_catalog.current_setting('drill.sandbox', true) = 'on', false),
    (p_drill ->> 'started_at')::timestamptz,
    (p_drill ->> 'restore_started_at')::timestamptz,
    (p_drill ->> 'restored_at')::timestamptz,
    (p_drill ->> 'verified_at')::timestamptz,
    (p_drill ->> 'finished_at')::timestamptz,
    (p_drill ->> 'failure_point')::timestamptz,
    (p_drill ->> 'restore_point')::timestamptz,
    (p_drill ->> 'recovery_point')::timestamptz,
    pg_catalog.make_interval(secs => (p_drill #>> '{rto,seconds}')::double precision),
    pg_catalog.make_interval(secs => (p_drill #>> '{rpo,seconds}')::double precision),
    (p_drill ->> 'baseline_id')::uuid,
    v_state,
    p_drill ->> 'verdict',
    coalesce(p_drill -> 'follow_ups', '[]'),
    coalesce(p_drill -> 'notes', '[]'),
    p_drill ->> 'tool_version',
    v_proof_sha256,
    p_drill #>> '{previous,proof_sha256}'
  )
  on conflict (drill_id) do nothing
  returning true
  into v_is_recorded;

  if v_is_recorded is null and not exists (
    select
    from drill.drills as d
    where d.drill_id = v_drill_id
      and d.state = v_state
      and d.proof_sha256 is not distinct from v_proof_sha256
  ) then
    raise exception using
      errcode = 'RD012',
      message = format('the drill %L is recorded already, with another state or proof', v_drill_id),
      hint = format('Compare the proof at hand with: select * from drill.drills where drill_id = %L.', v_drill_id);
  end if;

  return coalesce(v_is_recorded, false);
end
$$;

comment on function drill.record_drill(jsonb) is
  'Records a finished or aborted drill in production, once; true when it was not recorded before; raises RD011, RD012';

revoke all on function drill.record_drill(jsonb) from public;
