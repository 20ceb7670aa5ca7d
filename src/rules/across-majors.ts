// What a definition of an older PostgreSQL becomes on a newer one when its dump is restored there, though nobody changed
// it: pure. Each rule names the version it begins with and applies only where the copy stands on the other side of it,
// so that between servers of one version nothing is overlooked. docs/cross-major.md tells what each is.

import type { SchemaObject } from '../database/contract.ts'

/** Major versions of PostgreSQL, such as 14 and 18. */
export interface Majors {
  production: number
  copy: number
}

/** The major version in a server_version such as "18.4" or "15.18 (Debian 15.18-0+deb12u1)"; NaN when it has none. */
export function majorOfServer(serverVersion: string): number {
  return Number(/^\d+/.exec(serverVersion)?.[0] ?? Number.NaN)
}

/** Whether two definitions of one object differ only as the versions of their servers do. */
export function differsByMajorOnly(expected: SchemaObject, actual: SchemaObject, majors: Majors): boolean {
  const isForward = majors.production < majors.copy
  const [oldest, newest] = isForward ? [majors.production, majors.copy] : [majors.copy, majors.production]
  const [before, after] = isForward
    ? [expected.definition, actual.definition]
    : [actual.definition, expected.definition]
  const crosses = (major: number) => oldest < major && major <= newest
  switch (expected.object_kind) {
    case 'view':
    case 'materialized view':
      return crosses(16) && isUnqualified(before, after)
    case 'grant':
    case 'default privilege':
      return crosses(17) && isAllWithMaintain(before, after)
    case 'subscription':
      return crosses(18) && after === before.replace(/^streaming: off$/m, 'streaming: parallel')
    default:
      return false
  }
}

const allButMaintain = ['DELETE', 'INSERT', 'REFERENCES', 'SELECT', 'TRIGGER', 'TRUNCATE', 'UPDATE']

// 17 knows MAINTAIN, and a dump of somebody who had all rights says GRANT ALL.
function isAllWithMaintain(before: string, after: string): boolean {
  const rights = after.split(', ')
  const maintain = rights.findIndex((right) => right === 'MAINTAIN' || right === 'MAINTAIN*')
  if (maintain === -1) return false
  const others = rights.filter((_, at) => at !== maintain)
  const plain = others.map((right) => right.replace('*', ''))
  return others.join(', ') === before && allButMaintain.every((right) => plain.includes(right))
}

const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[\p{L}\p{N}_$\u0080-\uffff]+|\s+|./gu
const identifier = /^["\p{L}_\u0080-\uffff]/u

// Up to 15 a view with a single relation names it before each column, from 16 on it does not. With one relation there is
// one name that can have been left out; wherever there are several, both versions write all of them.
function isUnqualified(before: string, after: string): boolean {
  const [old, now] = [before.match(token) ?? [], after.match(token) ?? []]
  let relation: string | undefined
  let at = 0
  for (let next = 0; next < now.length; next += 1) {
    const [name, dot] = [old[at], old[at + 1]]
    if (name !== undefined && dot === '.' && identifier.test(name) && now[next + 1] !== '.' && now[next - 1] !== '.') {
      relation ??= name
      if (name !== relation) return false
      at += 2
    }
    if (old[at] !== now[next]) return false
    at += 1
  }
  return at === old.length
}
