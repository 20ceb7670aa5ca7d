-- The program does the same in steps, to measure over several connections.
create or replace function drill.capture_baseline(
  p_label text default null,
  p_depth text default 'standard',
  p_is_complete boolean default false
)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  -- Before anything is measured: what is written afterwards gives another mark, and is measured next time.
  v_marks jsonb := drill._list_change_marks();
  v_baseline jsonb := drill._begin_baseline(p_label, p_depth, p_is_complete);
  v_facts jsonb;
begin
  -- One statement, hence one snapshot for all counts, those of the tenants too.
  select pg_catalog.jsonb_build_object(
    'buckets', (
      select coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(b)), '[]')
      from drill._measure_buckets(
        p_depth, (v_baseline ->> 'captured_at')::timestamptz,
        array(select pg_catalog.jsonb_array_elements_text(v_baseline -> 'carried_names'))
      ) as b
    ),
    'tenants', (
      select coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(t)), '[]')
      from drill._measure_tenants(
        null, null, (v_baseline ->> 'captured_at')::timestamptz,
        array(select pg_catalog.jsonb_array_elements_text(v_baseline -> 'carried_tenant_names'))
      ) as t
      where p_depth = 'full'
    )
  )
  into v_facts;

  perform drill._complete_baseline(
    (v_baseline ->> 'baseline_id')::uuid,
    v_facts,
    -- In a transaction with one snapshot the marks are newer than what is counted: the next capture would
    -- take over a count without what was written in between.
    case pg_catalog.current_setting('transaction_isolation') when 'read committed' then v_marks else '{}' end
  );

  return (v_baseline ->> 'baseline_id')::uuid;
end
$$;

comment on function drill.capture_baseline(text, text, boolean) is
  'Measures every critical relation (depth standard: counts and timestamps; full: fingerprints and tenants too), lists every object, and stores the facts as a baseline (with a heartbeat), giving its id; closed partitions that did not change are taken over from an earlier baseline unless p_is_complete; baselines older than the policy baseline_retention are deleted; raises RD005 rather than store one with a hole';

revoke all on function drill.capture_baseline(text, text, boolean) from public;
