// What to do about an object that is missing, changed or unexpected, as one who restores would type it: pure.

import type { SchemaObject } from '../database/contract.ts'

/** What to do about an object that is missing. */
export function howToCreate(object: SchemaObject): string {
  const { object_kind: kind } = object
  if (kind === 'role')
    return 'The dump of a database has no roles: run pg_dumpall --roles-only on production’s server, and apply what it says of this one.'
  if (kind === 'large objects')
    return 'Dump with --large-objects (-b): pg_dump leaves them out when it is given -n or -t.'
  if (kind === 'cron job') return 'Schedule it again by your migrations, inactive as long as this is a copy.'
  if (kind === 'storage bucket') return 'Create the bucket again with these settings, and restore its files.'
  if (kind === 'vault secret')
    return 'Store the secret again under this name: select vault.create_secret(SECRET, NAME).'
  if (kind === 'index' && /^as its constraint$/m.test(object.definition)) return 'Its constraint brings it.'
  const whole = kind === 'index' ? /^part of: (.+)$/m.exec(object.definition)?.[1] : undefined
  if (whole !== undefined)
    return `Create it on ${object.relation_name} with the columns and options of ${whole}, then run: alter index ${whole} attach partition ${object.object_name}.`
  const statement = creation(object)
  // What was replaced by a fingerprint, nobody can run.
  if (statement === undefined || statement.length > 600 || /\bsha256 [0-9a-f]{12}\)/.test(statement))
    return 'Create it again by your migrations; the baseline has its definition.'
  return `Create it again: ${statement}.`
}

function creation({ object_kind: kind, object_name: name, relation_name: relation, definition }: SchemaObject) {
  const part = relation === null ? name : name.slice(relation.length + 1)
  const command = /(?:^|\n)(CREATE [\s\S]+?);?\s*$/.exec(definition)?.[1]
  switch (kind) {
    case 'extension':
      return `create extension ${name} ${definition.split('\n').slice(1).join('\n').replace('schema: ', 'with schema ')}`
    case 'schema':
      return `create schema ${name}`
    case 'constraint':
      return `alter table ${relation} add constraint ${part} ${definition.replace(/^its triggers are disabled.*\n/, '')}`
    case 'membership':
      return `grant ${name}${definition.startsWith('admin option') ? ' with admin option' : ''}`
    case 'grant':
      if (/^(column|database) /.test(name)) return undefined
      return `grant ${definition.replaceAll('*', '')} on ${name.replace(/^function /, 'routine ')}${definition.includes('*') ? ' with grant option' : ''}`
    default:
      return command
  }
}

/** What to do about an object that is not as production's. */
export function howToChange(expected: SchemaObject, actual: SchemaObject): string {
  const { object_kind: kind, object_name: name, relation_name: relation } = expected
  if (/^enabled\n/.test(expected.definition) && isDisabledOnly(expected, actual)) {
    if (kind === 'event trigger') return `Run: alter event trigger ${name} enable.`
    if ((kind === 'trigger' || kind === 'rule') && relation !== null)
      return `Run: alter table ${relation} enable ${kind} ${name.slice(relation.length + 1)}.`
  }
  if (kind === 'database' && ownerLine(expected) === ownerLine(actual))
    return 'Restore into a database that is created with production’s encoding and locale, from template0.'
  return 'Put it right by your migrations; if production changed it on purpose since, capture a new baseline there.'
}

/** The statement that takes it away, where there is exactly one. */
export function removal({
  object_kind: kind,
  object_name: name,
  relation_name: relation,
}: SchemaObject): string | undefined {
  const part = relation === null ? name : name.slice(relation.length + 1)
  const [object, grantee, ...more] = name.split(' to ')
  const isPlain = grantee !== undefined && more.length === 0 && object !== undefined
  switch (kind) {
    case 'trigger':
    case 'policy':
    case 'rule':
      return `drop ${kind} ${part} on ${relation}`
    case 'event trigger':
      return `drop event trigger ${name}`
    case 'membership':
      return isPlain ? `revoke ${object} from ${grantee}` : undefined
    case 'grant':
      if (!isPlain || /^(column|database) /.test(name)) return undefined
      return `revoke all on ${object.replace(/^function /, 'routine ')} from ${grantee}`
    default:
      return undefined
  }
}

/** Whether the copy's is the same, but disabled. */
export function isDisabledOnly(expected: SchemaObject, actual: SchemaObject): boolean {
  return /^enabled/.test(expected.definition) && actual.definition === `disabled\n${afterFirstLine(expected)}`
}

/** The line of a database that names its owner. */
export function ownerLine({ definition }: SchemaObject): string {
  return definition.split('\n', 1)[0] ?? ''
}

function afterFirstLine({ definition }: SchemaObject): string {
  return definition.slice(definition.indexOf('\n') + 1)
}
