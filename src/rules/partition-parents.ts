import type { SchemaObject } from '../database/contract.ts'

const identifier = String.raw`(?:"(?:[^"]|"")*"|[^".\n]+)`
const parentLine = new RegExp(String.raw`^partition of: (${identifier}\.${identifier})$`, 'm')

/** Of each partition the table that it is a partition of, both by name. */
export function partitionParents(objects: readonly SchemaObject[]): Map<string, string> {
  const parents = new Map<string, string>()
  for (const { object_kind: kind, object_name: name, is_of_partition: isPartition, definition } of objects) {
    const parent = kind === 'table' && isPartition ? parentLine.exec(definition)?.[1] : undefined
    if (parent !== undefined) parents.set(name, parent)
  }
  return parents
}

/** The table that a partition belongs to, the one that this one belongs to, and so on. */
export function* ancestors(name: string, parents: ReadonlyMap<string, string>): Generator<string> {
  // What is read from a file may go round in circles.
  const seen = new Set<string>()
  for (let parent = parents.get(name); parent !== undefined && !seen.has(parent); parent = parents.get(parent)) {
    seen.add(parent)
    yield parent
  }
}
