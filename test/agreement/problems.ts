// What the proofs of this folder compare, as functions of text: each gives the problems that it finds, one line each, so
// that its own test can feed it damage and demand to hear of it.

import { copiesOf, type EmbeddedCopy } from '../../scripts/embedded-copies.ts'

/** Files by path below the project root. */
export type Files = ReadonlyMap<string, string>

/** node-pg-migrate's own pattern: it cuts a file at the first match of each, also inside a function's body. */
const marker = /^\s*--[\s-]*(up|down)\s+migration/gim

/**
 * sql/ against migrations/: every file of sql/ is named once in install.sql, and the newest migration that embeds it holds
 * the same bytes.
 * @param order the files that sql/install.sql names
 * @param sources the files of sql/ but install.sql
 * @param migrations the files of migrations/
 */
export function embeddingProblems(order: readonly string[], sources: Files, migrations: Files): string[] {
  const newest = new Map<string, EmbeddedCopy>()
  const problems: string[] = []
  for (const [path, text] of [...migrations].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const copies = copiesOf(path, text)
    for (const copy of copies) newest.set(copy.path, copy)
    const begun = text.match(/^-- (begin|end) copy of /gm)?.length ?? 0
    if (begun !== copies.length * 2) problems.push(`${path}: a copy has no beginning or no end`)
  }
  for (const path of sources.keys()) {
    if (!order.includes(path)) problems.push(`${path}: sql/install.sql does not name it`)
  }
  for (const [index, path] of order.entries()) {
    const text = sources.get(path)
    const copy = newest.get(path)
    if (order.indexOf(path) !== index) problems.push(`${path}: sql/install.sql names it twice`)
    if (text === undefined) problems.push(`${path}: sql/install.sql names it, and it does not exist`)
    else if (copy === undefined) problems.push(`${path}: no migration embeds it (make migration)`)
    else if (copy.text !== text) problems.push(`${path}: differs from its copy in ${copy.migration} (make migration)`)
  }
  return problems
}

/** The folder of migrations: only migrations, numbered without a gap, and schema_version tells the newest number. */
export function numberingProblems(names: readonly string[], schemaVersion: string | undefined): string[] {
  const problems = names
    .filter((name) => !/^\d{4}_[a-z][a-z0-9_]*\.sql$/.test(name))
    .map((name) => `migrations/${name}: is not called like a migration, and stops every run`)
  const numbers = names.map((name) => name.slice(0, 4)).sort()
  for (const [index, number] of numbers.entries()) {
    const expected = String(index + 1).padStart(4, '0')
    if (number !== expected) problems.push(`migrations/: number ${expected} is missing or given twice, found ${number}`)
  }
  if (schemaVersion !== numbers.at(-1)) {
    problems.push(`drill.schema_version() says ${schemaVersion}, the newest migration is ${numbers.at(-1)}`)
  }
  return problems
}

/** One file of migrations/: line 1 begins the way up, exactly one later line the way down, and nothing else cuts it. */
export function markerProblems(path: string, text: string): string[] {
  const found = [...text.matchAll(marker)].map((match) => {
    const start = match.index + match[0].search(/\S/)
    return { line: text.slice(start).split('\n')[0], number: text.slice(0, start).split('\n').length, start }
  })
  const up = found.find(({ line, number }) => line === '-- Up Migration' && number === 1)
  const down = found.findLast(({ line }) => line === '-- Down Migration')
  const problems = found
    .filter((match) => match !== up && match !== down)
    .map(({ line, number }) => `${path}:${number}: cuts the file in two: ${line}`)
  if (up === undefined) problems.push(`${path}:1: is not "-- Up Migration"`)
  if (down === undefined) problems.push(`${path}: has no "-- Down Migration"`)
  else if (down.start < text.lastIndexOf('\n-- end copy of ')) {
    problems.push(`${path}:${down.number}: the way down begins before the last embedded copy ends`)
  }
  return problems
}

/**
 * Recorded checksums against the files.
 * @param recorded the text of migrations.sha256
 * @param actual checksum of each file of migrations/, by path
 */
export function checksumProblems(recorded: string, actual: ReadonlyMap<string, string>): string[] {
  const problems: string[] = []
  const sums = new Map<string, string>()
  for (const line of recorded.split('\n').filter((text) => text !== '')) {
    const [, sum, path] = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line) ?? []
    if (sum === undefined || path === undefined) problems.push(`migrations.sha256: not a checksum: ${line}`)
    else if (sums.has(path)) problems.push(`${path}: is recorded twice`)
    else sums.set(path, sum)
  }
  for (const [path, sum] of sums) {
    const found = actual.get(path)
    if (found === undefined) problems.push(`${path}: is recorded, and missing`)
    else if (found !== sum) problems.push(`${path}: was changed after it was recorded; write a new migration instead`)
  }
  for (const path of actual.keys()) {
    if (!sums.has(path)) problems.push(`${path}: is not recorded (make manifest)`)
  }
  return problems
}

/** Two lists of things by name, such as functions with their fingerprints. */
export function recordProblems(expected: Readonly<Record<string, unknown>>, actual: Readonly<Record<string, unknown>>) {
  const text = (value: unknown) => JSON.stringify(value)
  return [
    ...Object.keys(expected)
      .filter((name) => !(name in actual))
      .map((name) => `${name}: is missing`),
    ...Object.keys(actual)
      .filter((name) => !(name in expected))
      .map((name) => `${name}: was not expected`),
    ...Object.keys(expected)
      .filter((name) => name in actual && text(expected[name]) !== text(actual[name]))
      .map((name) => `${name}: is ${text(actual[name])} instead of ${text(expected[name])}`),
  ]
}

/** The SQLSTATEs that SQL text raises: codes in quotes. What it merely speaks of must be among them. */
export function raisedCodes(sources: Files): string[] {
  return [...new Set([...sources.values()].flatMap((text) => text.match(/(?<=')RD\d{3}(?=')/g) ?? []))].sort()
}

/** Exceptions of SQL text that carry no SQLSTATE, or whose text ends like a sentence; codes spoken of but never raised. */
export function raisingProblems(sources: Files): string[] {
  const raised = raisedCodes(sources)
  return [...sources].flatMap(([path, text]) => [
    ...[...text.matchAll(/^\s*raise exception\b[\s\S]*?;$/gm)]
      .filter(([statement]) => !/\berrcode = (case\b|'(RD\d{3}|[a-z_]+)')/.test(statement))
      .map(([statement]) => `${path}: raises without an errcode: ${statement.trim().split('\n')[0]}`),
    ...[...text.matchAll(/\bRD\d{3}\b/g)]
      .filter(([code]) => !raised.includes(code))
      .map(([code]) => `${path}: speaks of ${code}, which nothing raises`),
    ...[...text.matchAll(/\bRD\d+\b/g)]
      .filter(([code]) => !/^RD\d{3}$/.test(code) || code.endsWith('000'))
      .map(([code]) => `${path}: ${code} is no code of the class RD`),
  ])
}

/** The table of docs/errors.md: code to message. Rows that are not filled in are problems. */
export function documentedCodes(markdown: string): { codes: Record<string, string>; problems: string[] } {
  const codes: Record<string, string> = {}
  const problems: string[] = []
  for (const line of markdown.split('\n').filter((text) => /^\|\s*`?RD/.test(text))) {
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
    const [code = '', message = '', when = '', remedy = ''] = cells
    const name = code.replaceAll('`', '')
    if (cells.length !== 4 || when === '' || remedy === '') problems.push(`docs/errors.md: ${name} is not filled in`)
    if (name in codes) problems.push(`docs/errors.md: ${name} is there twice`)
    codes[name] = message
  }
  return { codes, problems }
}
