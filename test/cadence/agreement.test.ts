// The rule is written twice, in TypeScript and in SQL. One set of vectors and a thousand random facts hold both to each
// other, word for word; the vectors say by hand how each obligation has to stand.

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { CheckResult } from '../../src/database/contract.ts'
import { migrateUp } from '../../src/database/migrations.ts'
import { projectFile } from '../../src/project-files.ts'
import { judgeCadence } from '../../src/rules/cadence.ts'
import { type CadenceFacts, type DrillFact, obligations } from '../../src/rules/cadence-facts.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { randomFacts } from './random-facts.ts'

interface Vectors {
  base: CadenceFacts
  drill: DrillFact
  cases: {
    name: string
    change: Partial<CadenceFacts>
    standings: Record<string, string>
    findings: string[]
  }[]
}

const test = suite('cadence: SQL and TypeScript')
const vectors = JSON.parse(readFileSync(projectFile('test', 'rules', 'cadence-vectors.json'), 'utf8')) as Vectors

let own: OwnCluster
test.before(async () => {
  own = await startOwnCluster('cadence')
  await own.createDatabase('cadence')
  await migrateUp(own.target('cadence'))
})
test.after(() => own?.drop())

/** One call for all facts: each answer as JSON, so that both sides are compared as documents. */
async function judgeInSql(facts: CadenceFacts[]): Promise<CheckResult[][]> {
  return await own.use('cadence', async (sql) => {
    const rows = await sql<{ results: CheckResult[] }[]>`
      select (
        select coalesce(jsonb_agg(to_jsonb(r) order by r.place), '[]')
        from drill._judge_cadence(f.facts)
          with ordinality as r (check_name, object_name, status, detail, hint, expected, actual, place)
      ) as results
      from jsonb_array_elements(${JSON.stringify(facts)}::text::jsonb) with ordinality as f (facts, place)
      order by f.place`
    return rows.map(({ results }) => results.map(({ place: _, ...row }: CheckResult & { place?: number }) => row))
  })
}

function factsOf({ change }: Vectors['cases'][number]): CadenceFacts {
  const facts = { ...vectors.base, ...change }
  return { ...facts, drills: facts.drills.map((drill) => ({ ...vectors.drill, ...drill })) }
}

function expectedOf({ standings, findings }: Vectors['cases'][number]): string[] {
  return [...obligations.map((name) => `${name} ${standings[name] ?? 'met'}`), ...findings]
}

function told(results: CheckResult[]): string[] {
  return results.map((row) =>
    row.object_name?.startsWith('drill ')
      ? `${row.status} ${row.object_name.slice('drill '.length)}`
      : `${row.object_name} ${row.actual}`,
  )
}

for (const one of vectors.cases) {
  test(one.name, () => assert.equal(told(judgeCadence(factsOf(one))), expectedOf(one)))
}

test('SQL gives the same rows for every vector, word for word', async () => {
  const answers = await judgeInSql(vectors.cases.map(factsOf))
  assert.is(answers.length, vectors.cases.length)
  for (const [index, one] of vectors.cases.entries()) {
    assert.equal(answers[index], judgeCadence(factsOf(one)), one.name)
  }
})

test('SQL gives the same rows for a thousand random facts', async () => {
  const facts = Array.from({ length: 1000 }, (_, index) => randomFacts(index + 1))
  const answers = await judgeInSql(facts)
  const seen = new Set<string>()
  for (const [index, one] of facts.entries()) {
    const results = judgeCadence(one)
    assert.equal(answers[index], results, `seed ${index + 1}: ${JSON.stringify(one)}`)
    for (const row of results) seen.add(`${row.object_name?.split(' ')[0]} ${row.status} ${row.actual}`)
  }
  // What is never reached is not compared: every standing that an obligation can have, and every finding.
  assert.ok(seen.size >= 29, [...seen].sort().join('\n'))
})

test('every standing gives the status that decides the exit code', () => {
  for (const one of vectors.cases) {
    for (const row of judgeCadence(factsOf(one)).slice(0, obligations.length)) {
      const status = { met: 'pass', due: 'fail', broken: 'fail', unknown: 'error' }[row.actual as string]
      assert.is(row.status, status)
      assert.is(row.hint === null, row.status === 'pass', `${one.name}: ${row.object_name}`)
    }
  }
})

test.run()
