/** The families of checks in the order of reports, each with its name for people. */
export const families = {
  target: 'The right database',
  recovery: 'Recovery point',
  times: 'Time bounds and clocks',
  data: 'Data',
  guards: 'Guards',
  partitions: 'Partitions',
  objects: 'Objects',
  access: 'Access',
  physical: 'Server and storage',
  platform: 'Platform',
  isolation: 'Isolation',
  application: 'Application',
  record: 'Waivers and proof',
  other: 'Other checks',
} as const

export type Family = keyof typeof families

const members: Partial<Record<Family, readonly string[]>> = {
  target: ['not_production', 'identity', 'attestation', 'all_other_checks'],
  recovery: ['recovery_point', 'restore'],
  times: ['rto', 'rpo', 'clocks'],
  data: [
    'critical_relations',
    'buckets_present',
    'row_counts',
    'newest_timestamps',
    'days_present',
    'fingerprints',
    'tenants',
    'sequences',
    'orphans',
  ],
  guards: ['partition_triggers', 'guard_rpc', 'guards_fire', 'registrations'],
  partitions: ['partitions', 'partition_keys'],
  objects: ['objects'],
  access: ['access'],
  physical: ['indexes', 'physical', 'amcheck'],
  platform: ['platform'],
  isolation: ['isolation'],
  record: ['waivers', 'proof'],
}

/** The family of a check; those that look at the restored application begin with app. */
export function familyOf(checkName: string): Family {
  if (/^app(_|$)/.test(checkName)) return 'application'
  const found = Object.entries(members).find(([, names]) => names.includes(checkName))
  return (found?.[0] as Family | undefined) ?? 'other'
}

/** Results by family, in the order of reports; families without results are left out. */
export function byFamily<Row extends { check_name: string }>(rows: readonly Row[]): [Family, Row[]][] {
  const found = new Map<Family, Row[]>()
  for (const row of rows) {
    const family = familyOf(row.check_name)
    const list = found.get(family)
    if (list === undefined) found.set(family, [row])
    else list.push(row)
  }
  return (Object.keys(families) as Family[]).flatMap((family) => {
    const list = found.get(family)
    return list === undefined ? [] : [[family, list] as [Family, Row[]]]
  })
}
