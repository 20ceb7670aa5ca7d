// What is left to do after a drill: one row for each finding, with who owns it and until when.

import type { CheckResult } from '../database/contract.ts'
import type { FollowUp, Role } from '../drill/record.ts'
import { type Family, familyOf } from './families.ts'
import { day, timeOf, utcDay } from './moments.ts'

/** What of a result a follow-up is made of. */
export type Finding = Pick<CheckResult, 'check_name' | 'object_name' | 'status' | 'detail' | 'hint'>

/** What somebody wrote about a finding; object_name null: about all findings of the check. */
export interface Remark {
  check_name: string
  object_name: string | null
  text: string
}

/** Families that are about the drill itself, not about the database. */
const familiesOfLead: readonly Family[] = ['target', 'times', 'record']

/** Who owns the findings of a check: the lead those of the drill, the app owner those of the app, else the database owner. */
export function roleOf(checkName: string): Role {
  const family = familyOf(checkName)
  if (family === 'application') return 'app_owner'
  return familiesOfLead.includes(family) ? 'lead' : 'db_owner'
}

/** Whether a result has to be followed up: it is wrong, or nobody could look. */
export function isFinding(result: Pick<CheckResult, 'status'>): boolean {
  return result.status === 'fail' || result.status === 'error'
}

/**
 * The follow-ups of a verification, failures first, else in the order of the results.
 * @param foundAt when it was found, ISO
 * @param dueIn how long what could not be looked at may stay so, in seconds; what is wrong: half as long
 */
export function followUps(
  results: readonly Finding[],
  owners: Record<Role, string>,
  foundAt: string,
  dueIn: number,
  remarks: readonly Remark[],
): FollowUp[] {
  const due = (status: CheckResult['status']) => {
    const days = Math.ceil((dueIn * 1000 * (status === 'fail' ? 0.5 : 1)) / day)
    return utcDay(timeOf(foundAt) + days * day)
  }
  const ordered = [
    ...results.filter((row) => row.status === 'fail'),
    ...results.filter((row) => row.status === 'error'),
  ]
  return ordered.map(({ check_name, object_name, status, detail, hint }) => {
    const role = roleOf(check_name)
    const texts = remarks
      .filter((one) => one.check_name === check_name && (one.object_name ?? object_name) === object_name)
      .map((one) => one.text)
    const note = texts.length === 0 ? null : texts.join('\n')
    return { check_name, object_name, status, detail, hint, role, owner: owners[role], due: due(status), note }
  })
}
