// Failure modes on a restored copy: a clone of the sandbox's restored database gets what
// it lacks and a baseline; each test then clones that, damages it or changes what may
// rightly differ, and verifies it as the command does.

import * as assert from 'uvu/assert'
import { findings, makeDatabase, type Scratch, sandboxClusters, verify } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

type Question = NonNullable<Parameters<typeof verify>[1]> & {
  /** Run afterwards, where a copy could not be dropped otherwise. */
  cleanUp?: string[]
}

/** Tests of one family. @param fixture what production has besides, made before its baseline is captured */
export function modes(family: string, fixture: string[]) {
  const test = suite(`modes/${family}`)
  let source: Scratch

  test.before(async () => {
    const { restore } = await sandboxClusters()
    source = await makeDatabase(restore)
    await source.run(
      ...fixture,
      'analyze',
      `select drill.record_heartbeat(), drill.capture_baseline(p_depth => 'full')`,
    )
  })
  test.after(() => source?.drop())

  async function look(
    statements: string[],
    { cleanUp = [], ...question }: Question,
  ): Promise<{ lines: string[]; code: number }> {
    const copy = await makeDatabase(source.cluster, source.target.connection.database)
    try {
      await copy.run(...statements)
      const verification = await verify(copy.target, { depth: 'quick', ...question })
      return { lines: findings(verification), code: verification.verdict.exit_code }
    } finally {
      await copy.run(...cleanUp)
      await copy.drop()
    }
  }

  /** Each of the expected findings (status, check, object) is there, and the verdict follows from them. */
  function mustFail(title: string, statements: string[], expected: string[], question: Question = {}): void {
    test(title, async () => {
      const { lines, code } = await look(statements, question)
      for (const line of expected)
        assert.ok(
          lines.some((found) => found.startsWith(line)),
          `no '${line}' among:\n${lines.join('\n')}`,
        )
      assert.is(code, expected.some((line) => line.startsWith('fail ')) ? 1 : 0, lines.join('\n'))
    })
  }

  /** Nothing is found but the warnings that are named, each of them. */
  function passes(title: string, statements: string[], warnings: string[] = [], question: Question = {}): void {
    test(title, async () => {
      const { lines, code } = await look(statements, question)
      assert.equal(
        lines.filter((line) => !warnings.some((warning) => line.startsWith(`warn ${warning}`))),
        [],
      )
      for (const warning of warnings) assert.ok(lines.some((line) => line.startsWith(`warn ${warning}`)))
      assert.is(code, 0)
    })
  }

  return { test, mustFail, passes }
}

/** A statement about the database in which it runs, whatever that is called: `alter database %I set ...`. */
export function ofThisDatabase(statement: string): string {
  return `do $do$ begin execute pg_catalog.format($f$${statement}$f$, pg_catalog.current_database()); end $do$`
}

/** The first day of the UTC month so many months from now: 2026-08-01. */
export function firstDay(offset: number): string {
  const now = new Date()
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 1)).toISOString().slice(0, 10)
}

/** The same as partitions are called: 2026_08. */
export function month(offset: number): string {
  return firstDay(offset).slice(0, 7).replace('-', '_')
}
