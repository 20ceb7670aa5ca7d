// The journal: whatever cuts it off or was put into it by somebody else.

import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { CouldNotVerify } from '../../src/could-not-verify.ts'
import { chooseDrill, openDrills, readDrill, tell } from '../../src/drill/drill.ts'
import { drillIdPattern, makeDrillId, requireDrillId, requireLabel } from '../../src/drill/drill-id.ts'
import { appendEvent, drillFolder, parseJournal, readJournal } from '../../src/drill/journal.ts'
import { isLiving, processStart } from '../../src/drill/living-process.ts'
import { withDrillLock } from '../../src/drill/lock.ts'
import { foldDrill } from '../../src/drill/state.ts'
import { projectFile } from '../../src/project-files.ts'
import { suite } from '../support/suite.ts'
import { at, checked, drillId, events, started, textOf, verified } from './fixture.ts'

const test = suite('drill/journal')
const before = process.cwd()
let directory: string
const file = join(drillFolder(drillId), 'journal.jsonl')
const note = (text: string) =>
  ({ event: 'noted', at: at('05:00'), by: 'Ada', text, check_name: null, object_name: null }) as const
const put = (text: string) => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

test.before.each(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgdrill-journal-'))
  process.chdir(directory)
})
test.after.each(() => {
  process.chdir(before)
  rmSync(directory, { recursive: true, force: true })
})

function refused(work: () => unknown, message: RegExp): void {
  try {
    work()
  } catch (error) {
    assert.instance(error, CouldNotVerify)
    assert.match((error as Error).message, message)
    assert.not.match((error as Error).message, /\n/)
    return
  }
  assert.unreachable('it was taken')
}

test('cut off at any byte it is read up to the last whole line, and says so', () => {
  const text = textOf(events)
  const first = text.indexOf('\n') + 1
  for (let length = 0; length <= text.length; length += 1) {
    const cut = text.slice(0, length)
    if (length < first) {
      refused(() => parseJournal(cut, drillId, 'j'), /is empty/)
      continue
    }
    const journal = parseJournal(cut, drillId, 'j')
    assert.is(journal.lostLines, cut.endsWith('\n') ? 0 : 1)
    assert.is(journal.events.length, cut.split('\n').length - 1)
    foldDrill(journal.events)
  }
})

test('whoever goes on after half a line says so, and the rest is read', () => {
  for (const half of [
    '{"event":"verified","at',
    '{"event":"recorded","at":"2026-11-23T06:42:00.000Z"}',
    '\0\0\0',
    '{}',
  ]) {
    put(`${textOf(events.slice(0, 3))}${half}`)
    appendEvent(drillId, note('after it'))
    appendEvent(drillId, note('and another'))
    const { events: read, lostLines } = readJournal(drillId)
    assert.is(lostLines, 1)
    assert.equal(
      read.map((one) => one.event),
      ['started', 'production_checked', 'baseline_chosen', 'line_lost', 'noted', 'noted'],
    )
  }
})

test('what is no event is refused with its line', () => {
  const good = textOf(events.slice(0, 2))
  const cases: [string, RegExp][] = [
    ['not json\n', /line 3 is not JSON, or is cut off$/],
    ['\n', /line 3 is not JSON/],
    ['[]\n', /line 3: this is no event/],
    ['null\n', /line 3: this is no event/],
    ['{"event":"deleted","at":"2026-11-23T06:42:00.000Z"}\n', /line 3: this is no event/],
    ['{"event":"recorded","at":"yesterday"}\n', /line 3: .*at/],
    ['{"event":"recorded","at":"2026-11-23T06:42:00.000Z","more":1}\n', /line 3: .*more/],
    [`${JSON.stringify({ ...events[6], file: '../../secret' })}\n`, /line 3: .*file/],
    [
      `${JSON.stringify({ ...events[6], attachments: [{ path: '../x', sha256: 'a'.repeat(64) }] })}\n`,
      /line 3: .*attachments/,
    ],
    ['\u001b[31m{"event"\n', /line 3 is not JSON/],
  ]
  for (const [line, message] of cases) {
    refused(() => parseJournal(`${good}${line}${textOf([note('x')])}`, drillId, 'j'), message)
  }
  const another = JSON.stringify({ ...started, drill_id: '20261123T043000Z-restore-ffff' })
  refused(() => parseJournal(`${another}\n`, drillId, 'j'), /does not begin with the start of the drill/)
  refused(() => parseJournal(textOf([started, started]), drillId, 'j'), /or is of several/)
  refused(() => parseJournal(textOf([note('x')]), drillId, 'j'), /does not begin/)
})

test('what a database told and no journal keeps is named; nobody is sent to look for room on the disk', () => {
  put(textOf([started]))
  // As PostgreSQL writes an infinite interval into JSON.
  const policies = { rto: 'Infinity' as unknown as number, rpo: 1, clock_skew: 1 }
  refused(() => appendEvent(drillId, { ...checked, policies }), /told what it cannot keep: policies\.rto Infinity: /)
  refused(
    () => appendEvent(drillId, { ...verified, recovery_point: 'infinity' }),
    /told what it cannot keep: recovery_point infinity: /,
  )
  assert.is(readJournal(drillId).events.length, 1)
})

test('ids and labels: nothing leads out of the folder, nothing is invisible', () => {
  const id = makeDrillId(new Date('2026-11-23T04:30:00.123Z'), 'restore')
  assert.match(id, /^20261123T043000Z-restore-[0-9a-f]{4}$/)
  assert.match(makeDrillId(new Date(), `r${'x'.repeat(300)}`), drillIdPattern)
  assert.is(requireDrillId(id), id)
  for (const bad of ['', '.', '..', '../x', `${id}/..`, `${id}\0`, `${id}\n`, ' ', 'con', id.replace('restore', '.')]) {
    refused(() => requireDrillId(bad), /is not the id of a drill/)
  }
  assert.is(requireLabel(' DR-12 <script> ../../etc ', '--ticket'), 'DR-12 <script> ../../etc')
  for (const bad of ['', '  ', 'x'.repeat(201), 'a\nb', 'a\u001b[31m', 'a\u202eb', 'a\0']) {
    refused(() => requireLabel(bad, '--ticket'), /--ticket is not usable/)
  }
})

test('which drill is meant: the only open one, or the one that is named', () => {
  refused(() => chooseDrill(undefined), /no drill is open here/)
  appendEvent(drillId, started)
  assert.is(chooseDrill(undefined), drillId)
  const other = '20261124T043000Z-restore-ffff'
  appendEvent(other, { ...started, drill_id: other })
  refused(() => chooseDrill(undefined), /several drills are open: .*1a2b, .*ffff/)
  assert.is(chooseDrill(other), other)
  tell(other, { event: 'aborted', at: at('05:00'), why: 'a second one' })
  assert.is(chooseDrill(undefined), drillId)
  refused(() => chooseDrill('20261124T043000Z-restore-0000'), /there is no drill/)
  // A rehearsal whose sandbox is gone is in nobody's way, a damaged journal is.
  const rehearsal = '20261125T043000Z-sandbox-ffff'
  appendEvent(rehearsal, { ...started, drill_id: rehearsal, target_name: 'sandbox' })
  assert.is(chooseDrill(undefined), drillId)
  appendFileSync(join(drillFolder(rehearsal), 'journal.jsonl'), 'x\n')
  refused(() => chooseDrill(undefined), /which drill is meant cannot be told/)
  assert.is(chooseDrill(drillId), drillId)
  assert.equal(
    openDrills().damaged.map((one) => one.id),
    [rehearsal],
  )
})

test('a whole line that was taken for half of one, by whoever looked while it was written, is not lost', () => {
  const lost = JSON.stringify({ event: 'line_lost', at: at('05:00') })
  const journal = `${textOf(events.slice(0, 2))}\n${lost}\n${textOf([note('x')])}`
  const read = parseJournal(journal, drillId, 'j')
  assert.equal([read.events.length, read.lostLines], [3, 0])
})

test('several processes write at once: no line is lost, none is mixed', async () => {
  appendEvent(drillId, started)
  const script = `
    const { appendEvent } = await import(${JSON.stringify(projectFile('src', 'drill', 'journal.ts'))})
    for (let i = 0; i < 40; i += 1) {
      appendEvent(${JSON.stringify(drillId)}, { event: 'noted', at: new Date().toISOString(), by: process.argv[1], text: 'x'.repeat(5000), check_name: null, object_name: null })
    }`
  const run = (name: string) =>
    new Promise((done) =>
      spawn(process.execPath, ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script, name], {
        cwd: directory,
        stdio: ['ignore', 'ignore', 'inherit'],
      }).on('close', done),
    )
  assert.equal(await Promise.all(['one', 'two', 'three'].map(run)), [0, 0, 0])
  const { events: read, lostLines } = readJournal(drillId)
  assert.is(lostLines, 0)
  assert.is(read.length, 121)
})

test('the lock: held by who lives, taken over from who died, given back', async () => {
  appendEvent(drillId, started)
  const lock = join(drillFolder(drillId), 'lock')
  await withDrillLock(drillId, async () => {
    await withDrillLock(drillId, async () => assert.unreachable('it was taken twice')).catch((error) => {
      assert.match((error as Error).message, new RegExp(`is being worked on by process ${process.pid} on `))
    })
  })
  assert.not.ok(existsSync(lock))
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  await new Promise((done) => child.once('spawn', done))
  const pid = child.pid as number
  const holder = { pid, process_started: processStart(pid), host: hostname() }
  const taken = async (content: string) => {
    writeFileSync(lock, content)
    let isTaken = false
    await withDrillLock(drillId, async () => {
      isTaken = true
    }).catch((error) => assert.instance(error, CouldNotVerify))
    return isTaken
  }
  assert.not.ok(await taken(JSON.stringify(holder)))
  // Another process with the same number.
  assert.ok(await taken(JSON.stringify({ ...holder, process_started: 'earlier' })))
  assert.not.ok(await taken(JSON.stringify({ ...holder, host: 'elsewhere.example.com' })))
  assert.ok(await taken('half a l'))
  child.kill('SIGKILL')
  await new Promise((done) => child.once('close', done))
  assert.not.ok(isLiving(pid, holder.process_started))
  assert.ok(await taken(JSON.stringify(holder)))
  assert.not.ok(existsSync(lock))
  assert.is(readDrill(drillId).state.next, 'restore')
})

test.run()
