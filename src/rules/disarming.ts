import type { Outbound, SchemaObject } from '../database/contract.ts'
import { ancestors, partitionParents } from './partition-parents.ts'

/**
 * armed: it can act on the outside; disarmed: it cannot; left: it may, by the plan or because it is worth a warning and
 * nothing disarms it; unknown: it could not be looked at, or the plan has no word on it.
 */
export type Standing = 'armed' | 'disarmed' | 'left' | 'unknown'

/** How one thing stands. */
export function standingOf(thing: Outbound): Standing {
  if (thing.policy === 'skip') return thing.is_armed === false ? 'disarmed' : 'left'
  if (thing.problem !== null || thing.is_armed === null || thing.policy === null) return 'unknown'
  if (!thing.is_armed) return 'disarmed'
  return thing.mitigation !== null && thing.disarming_statements.length === 0 ? 'left' : 'armed'
}

/** 1 when something is armed, else 2 when something could not be looked at, else 0. */
export function disarmingExitCode(things: readonly Outbound[]): 0 | 1 | 2 {
  const standings = things.map(standingOf)
  if (standings.includes('armed')) return 1
  return standings.includes('unknown') ? 2 : 0
}

/**
 * The objects that a copy rightly has disabled, as `kind name`: what could reach the outside and is disarmed. A trigger of a
 * partitioned table stands for its clones on the partitions.
 * @param objects of the same copy: they tell which tables are partitions of which
 */
export function disarmedObjects(things: readonly Outbound[], objects: readonly SchemaObject[]): Set<string> {
  const keys = new Set<string>()
  for (const thing of things) {
    if (standingOf(thing) === 'disarmed') keys.add(`${thing.object_kind} ${thing.object_name}`)
  }
  const parents = partitionParents(objects)
  for (const { object_kind: kind, object_name: name, relation_name: relation } of objects) {
    if (kind !== 'trigger' || relation === null) continue
    const trigger = name.slice(relation.length)
    for (const parent of ancestors(relation, parents)) {
      if (keys.has(`trigger ${parent}${trigger}`)) keys.add(`trigger ${name}`)
    }
  }
  return keys
}

/** On production's own server what belongs to the server is production's, and must stay as it is. */
export function spareServer(things: readonly Outbound[]): Outbound[] {
  return things.map((thing) =>
    thing.kind === 'archiving'
      ? { ...thing, is_armed: false, disarming_statements: [], remark: "The server is production's own." }
      : thing,
  )
}

/**
 * An SQL statement on one line and without characters that a terminal obeys: in quoted names and strings they are
 * written as Unicode escapes, which mean the same.
 */
export function visibleStatement(statement: string): string {
  return statement.replace(/\bE'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|'(?:[^']|'')*'/gs, (token) => {
    if (token.startsWith('E') || !hidden.test(token)) return token
    const escaped = token
      .replaceAll('\\', '\\\\')
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (one) => `\\+${one.codePointAt(0)?.toString(16).padStart(6, '0')}`)
    return `U&${escaped}`
  })
}

const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
