// Backups of several databases must not fill each other's slots. Only our own say what they are of.

import { CouldNotVerify } from '../could-not-verify.ts'
import { targetVariable } from '../database/targets.ts'
import type { BackedUpDatabase, Inventory } from './inventory.ts'

/** The database whose backups count. */
export interface WantedDatabase {
  /** The name of the target. */
  name: string
  installation_id: string | null
  /** As BackedUpDatabase has it. */
  home: string
}

type Known = Inventory & { database: BackedUpDatabase }

/**
 * Leaves out the backups of other databases, and says so in a remark. Inventories that do not tell what they are of stay.
 * @param wanted undefined when nobody said: then all must be of one database; of sandboxes next to it none counts
 * @throws CouldNotVerify when they are of several, and nobody said which one is meant
 */
export function ofOneDatabase(inventories: readonly Inventory[], wanted: WantedDatabase | undefined): Inventory[] {
  const known = inventories.filter((one): one is Known => one.database !== undefined)
  const isMeant = wanted === undefined ? onlyOne(known) : ({ database }: Known) => isOf(database, wanted)
  const kept = new Set<Inventory>(known.filter(isMeant))
  const result: Inventory[] = inventories.filter((one) => one.database === undefined || kept.has(one))
  for (const one of known.filter((one) => !kept.has(one))) {
    const count = one.backups.filter(({ usable }) => usable === 'yes').length
    const counted = `${count} ${count === 1 ? 'backup' : 'backups'}`
    const remark = `${one.source}: ${counted} of ${nameOf(one.database)} left out, as of ${otherThan(one.database, wanted)}`
    const beside = result.findIndex(({ source }) => source === one.source)
    const other = result[beside]
    if (other !== undefined) result[beside] = { ...other, remarks: [...other.remarks, remark] }
    // The folder was looked at all the same.
    else result.push({ ...one, backups: [], remarks: [...one.remarks, remark] })
  }
  return result
}

function isOf(database: BackedUpDatabase, wanted: WantedDatabase): boolean {
  return isNamed(database, wanted.name) && isIdentified(database, wanted)
}

/**
 * The same installation of pgdrill; or, where it was installed anew, the same database of the same server. A restored copy
 * has the first, and after a physical restore both.
 */
function isIdentified({ installation_id, homes }: BackedUpDatabase, wanted: WantedDatabase): boolean {
  return installation_id === wanted.installation_id || homes.includes(wanted.home)
}

function isNamed({ name }: BackedUpDatabase, wanted: string): boolean {
  return targetVariable(name) === targetVariable(wanted)
}

function otherThan(database: BackedUpDatabase, wanted: WantedDatabase | undefined): string {
  return wanted === undefined || !isIdentified(database, wanted)
    ? 'another database'
    : `a copy: they were taken of the target ${database.name}, not of ${wanted.name}; if that is the same database, give --target ${database.name}`
}

function onlyOne(known: readonly Known[]): (one: Known) => boolean {
  const groups: Known[][] = []
  for (const one of known) {
    const same = groups.filter((group) => group.some(({ database }) => isSame(database, one.database)))
    for (const group of same) groups.splice(groups.indexOf(group), 1)
    groups.push([...same.flat(), one])
  }
  const real = groups.filter((group) => group.some(({ database }) => !database.is_sandbox))
  const possible = real.length > 0 ? real : groups
  if (possible.length > 1) {
    const names = possible.map(([first]) => nameOf((first as Known).database))
    throw new CouldNotVerify(
      `the backups are of ${possible.length} databases, whose slots are not the same: ${names.join(', ')}`,
      'Say whose count: --target production; or give folders with the backups of one database.',
    )
  }
  return (one) => possible[0]?.includes(one) === true
}

function isSame(one: BackedUpDatabase, other: BackedUpDatabase): boolean {
  const isIdentical =
    one.installation_id === other.installation_id || one.homes.some((home) => other.homes.includes(home))
  return isIdentical && isNamed(one, other.name)
}

function nameOf({ name, installation_id, is_sandbox }: BackedUpDatabase): string {
  return `${name} (${is_sandbox ? 'a sandbox, ' : ''}installation ${installation_id.slice(0, 8)})`
}
