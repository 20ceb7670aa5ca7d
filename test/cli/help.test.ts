// pgdrill help: commands and pages, and every page that the program's help names is there.

import { readdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { projectFile } from '../../src/project-files.ts'
import { suite } from '../support/suite.ts'
import { assertCode, assertRefused, Workplace } from './program.ts'

const test = suite('cli/help')
const place = new Workplace()
test.after(() => place.remove())

test('lists commands and topics', async () => {
  const outcome = await place.run(['help'])
  assertCode(outcome, 0)
  assert.match(outcome.stdout, /^ {2}verify /m)
  assert.match(outcome.stdout, /^ {2}baselines +Baselines$/m)
  assert.match(outcome.stdout, /^Exit codes, the same for every command:\n {2}0 {2}verified/m)
  assert.match(outcome.stdout, /^Examples:\n {2}pgdrill verify /m)
})

test('shows a command, also one within another', async () => {
  assert.match((await place.run(['help', 'verify'])).stdout, /^Usage: pgdrill verify \[options\]/)
  assert.match((await place.run(['help', 'drill', 'run'])).stdout, /^Usage: pgdrill drill run \[options\]/)
})

test('shows every page, and a check by its own name', async () => {
  const { stdout } = await place.run(['help'])
  const listed = stdout.slice(stdout.indexOf('Topics')).matchAll(/^ {2}(\S+) /gm)
  const topics = [...listed].map(([, topic]) => topic as string)
  const files = ['docs', 'docs/checks', 'docs/OPS'].flatMap((folder) =>
    readdirSync(projectFile(folder)).filter((name) => name.endsWith('.md') && name !== 'README.md'),
  )
  assert.is(topics.length, files.length)
  for (const topic of topics) {
    const outcome = await place.run(['help', topic])
    assertCode(outcome, 0)
    assert.match(outcome.stdout, /^# /, topic)
  }
  assert.match((await place.run(['help', 'guards_fire'])).stdout, /^# Guards that fire/)
})

test('refuses what is neither, and what would lead out of the documents', async () => {
  for (const words of [['nope'], ['../README'], ['checks/README'], ['drill', 'nope'], ['readme']]) {
    assertRefused(await place.run(['help', ...words]), /there is no command and no topic/)
  }
})

test.run()
