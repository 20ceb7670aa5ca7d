import { baselineOf, callsRelation, eventsRelation, secretsRelation } from '../rules/fixture.ts'

/** A baseline with something of everything, which can be read. */
export const readableBaseline = baselineOf([eventsRelation, callsRelation, secretsRelation], {
  guards: [
    {
      relation_name: 'public.events',
      trigger_name: 'set_month',
      function_name: 'public.set_month',
      trigger_definition: 'CREATE TRIGGER ...',
      function_definition: null,
      is_trigger_ours: false,
    },
  ],
  partitioned_relations: [{ relation_name: 'public.events', period: 'month', time_zone: 'UTC', name_pattern: null }],
  isolation_policy: { cron_job: 'fail' },
  waivers: [{ check_name: 'objects', object_name: 'public.x', reason: 'r', owner: 'o', until: '2026-12-31' }],
  objects: [
    {
      object_kind: 'schema',
      object_name: 'public',
      definition: 'owner: x',
      relation_name: null,
      is_of_partition: false,
      problem: null,
    },
  ],
})
