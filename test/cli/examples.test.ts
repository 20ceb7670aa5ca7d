// What people copy: the workflow of docs/examples, the lines that schedule prints, and the commands that documents name.

import { readdirSync, readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { externalKinds, externalSchedule } from '../../src/cadence/external-schedules.ts'
import { projectFile } from '../../src/project-files.ts'
import { suite } from '../support/suite.ts'
import { assertCommandExists, commandLines, makeTargetsIn } from './documented.ts'
import { Workplace } from './program.ts'

interface Workflow {
  on: { schedule: { cron: string }[] }
  permissions: Record<string, string>
  jobs: Record<
    string,
    {
      if?: string
      needs?: string
      steps: { name?: string; if?: string; uses?: string; run?: string; with?: Record<string, unknown> }[]
    }
  >
}

const test = suite('examples')
let place: Workplace
test.before(() => {
  place = new Workplace()
})
test.after(() => place.remove())

const read = (...path: string[]) => readFileSync(projectFile(...path), 'utf8')

/** As GitHub has it: five fields, each within its range. */
function assertCron(text: string): void {
  const ranges = [
    [0, 59],
    [0, 23],
    [1, 31],
    [1, 12],
    [0, 6],
  ] as const
  const fields = text.split(' ')
  assert.is(fields.length, 5, text)
  for (const [index, [low, high]] of ranges.entries()) {
    for (const part of (fields[index] ?? '').split(',')) {
      assert.ok(part === '*' || (/^\d+$/.test(part) && Number(part) >= low && Number(part) <= high), `${text}: ${part}`)
    }
  }
}

test('the quarterly workflow drills, fails when overdue, and keeps the proof', async () => {
  const text = read('docs', 'examples', 'pgdrill-quarterly.yml')
  const workflow = parse(text, { strict: true, uniqueKeys: true }) as Workflow
  const crons = workflow.on.schedule.map((one) => one.cron)
  for (const cron of crons) assertCron(cron)
  assert.equal(workflow.permissions, { contents: 'read' })
  const { drill, plan } = workflow.jobs
  // One of each quarter, and the job runs for that line and for no other.
  const quarterly = crons.find((cron) => cron.split(' ')[3] === '1,4,7,10') as string
  assert.ok(drill?.if?.includes(`'${quarterly}'`))
  assert.is(plan?.needs, 'drill')
  assert.is(plan?.if, 'always()')
  const lines = Object.values(workflow.jobs).flatMap((job) => job.steps.flatMap((step) => commandLines(step.run ?? '')))
  assert.equal(
    lines.map((line) => line.split(' --')[0]),
    ['drill run', 'status'],
  )
  for (const line of lines) await assertCommandExists(place, line)
  const keep = drill?.steps.find((step) => step.uses?.startsWith('actions/upload-artifact@'))
  assert.is(keep?.if, 'always()')
  assert.match(String(keep?.with?.['path']), /^verify\/proofs\/$/m)
  // Values of people come by the environment: in a line of the shell they could be commands.
  for (const job of Object.values(workflow.jobs)) {
    for (const step of job.steps) assert.not.match(step.run ?? '', /\$\{\{/)
  }
})

test('the lines for other schedulers name commands that exist', async () => {
  for (const kind of externalKinds) {
    const text = externalSchedule(kind, 'production', '/srv/100% own/pgdrill')
    const lines = commandLines(text.replace('name: pgdrill daily', ''))
    assert.is(lines.length, 2, kind)
    for (const line of lines) await assertCommandExists(place, line)
  }
})

test('the workflow that schedule prints is one', () => {
  const workflow = parse(externalSchedule('github', 'production', '/x'), { strict: true }) as Workflow
  for (const { cron } of workflow.on.schedule) assertCron(cron)
  assert.equal(Object.keys(workflow.jobs), ['baseline', 'cadence'])
  for (const job of Object.values(workflow.jobs)) {
    assert.ok(workflow.on.schedule.some(({ cron }) => job.if?.includes(`'${cron}'`)))
  }
})

test('a percent sign in a directory does not end the line of a crontab, nor begin a specifier', () => {
  assert.match(externalSchedule('crontab', 'production', '/srv/100% own'), / cd '\/srv\/100\\% own' && /)
  assert.match(externalSchedule('systemd', 'production', '/srv/100% own'), /\nWorkingDirectory=\/srv\/100%% own\n/)
})

const documents = ['README.md', 'CONTRIBUTING.md', ...pagesIn('docs'), ...pagesIn('scripts')]

function pagesIn(folder: string): string[] {
  return readdirSync(projectFile(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
    .sort()
}

const makefile = read('Makefile')
let checked = 0
for (const document of documents) {
  test(`the commands of ${document} exist`, async () => {
    const blocks = [...read(document).matchAll(/(?:^ {4,}.*\n?)+|^```(?:bash|sh)?\n[\s\S]*?^```|`[^`\n]+`/gm)].map(
      ([block]) => block,
    )
    const lines = blocks.flatMap(commandLines)
    for (const line of lines) await assertCommandExists(place, line)
    checked += lines.length
    for (const target of makeTargetsIn(read(document))) {
      assert.match(makefile, new RegExp(`^${target}:`, 'm'), `there is no target: make ${target}`)
    }
  })
}

test('so many commands stand in the documents that they were found', () => {
  assert.ok(checked > 80, `${checked}`)
})

test('must fail: a command or an option that does not exist', async () => {
  for (const line of ['no-such-command --target x', 'status --no-such-option', 'drill no-such --ticket x']) {
    let isFound = false
    await assertCommandExists(place, line).catch(() => {
      isFound = true
    })
    assert.ok(isFound, line)
  }
})

test.run()
