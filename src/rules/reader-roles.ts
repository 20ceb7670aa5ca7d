import type { SchemaObject } from '../database/contract.ts'

/**
 * Whether an object is a role, a grant to it, or what it is a member of: the means of looking of whoever verifies.
 * @param role its name
 */
export function isOfReader({ object_kind: kind, object_name: name }: SchemaObject, role: string): boolean {
  const names = [role, `"${role.replaceAll('"', '""')}"`]
  if (kind === 'role') return names.includes(name)
  return (kind === 'grant' || kind === 'membership') && names.some((own) => name.endsWith(` to ${own}`))
}

/**
 * Whether an object is of the roles that pgdrill itself makes, drill_reader and drill_owner. They belong to the server, so a
 * copy on another one need not have them, nor their grants.
 */
export function isOfOurRoles(object: SchemaObject): boolean {
  const isMemberOf = (own: string) => object.object_kind === 'membership' && object.object_name.startsWith(`${own} to `)
  return ['drill_reader', 'drill_owner'].some((own) => isOfReader(object, own) || isMemberOf(own))
}

/** Whether something that our roles have in the copy alone is what the checks need: to look, and to let guards fire. */
export function opensNothing({ object_kind: kind, object_name: name, definition }: SchemaObject): boolean {
  const rights = ['EXECUTE', 'INSERT', 'SELECT', 'USAGE']
  if (kind === 'grant') return definition.split(', ').every((right) => rights.includes(right))
  if (kind === 'membership') return /^drill_(reader|owner) to /.test(name)
  return !/^(superuser|creates roles)$/m.test(definition)
}
