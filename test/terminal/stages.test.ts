import { Writable } from 'node:stream'
import * as assert from 'uvu/assert'
import { Stages } from '../../src/terminal/stages.ts'
import { suite } from '../support/suite.ts'

const test = suite('terminal/stages')

function fakeStream(isTTY: boolean): { stream: NodeJS.WriteStream; written: () => string } {
  let text = ''
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      text += chunk
      done()
    },
  })
  return { stream: Object.assign(stream, { isTTY }) as unknown as NodeJS.WriteStream, written: () => text }
}

test('elsewhere than on a terminal: one plain line at the end of each stage', async () => {
  const { stream, written } = fakeStream(false)
  const stages = new Stages({ stream })
  let during = ''
  const value = await stages.run('count', async () => {
    during = written()
    return 7
  })
  assert.is(value, 7)
  assert.is(during, '')
  assert.match(written(), /^ {2}✓ count \d+(\.\d+)?m?s\n$/)
})

test('on a terminal the running stage is shown, and replaced when it ends', async () => {
  const { stream, written } = fakeStream(true)
  const stages = new Stages({ stream })
  let during = ''
  await stages.run('count', async () => {
    during = written()
  })
  assert.match(during, /… count/)
  assert.not.match(during, /\n/)
  const after = written().slice(during.length)
  assert.ok(after.startsWith('\r\u001b[K  '))
  assert.match(after, /✓.* count .*\n$/)
})

test('a stage that fails passes its error on, is marked, and its time counts', async () => {
  const { stream, written } = fakeStream(false)
  const stages = new Stages({ stream })
  const boom = new Error('boom')
  try {
    await stages.run('count', async () => {
      throw boom
    })
    assert.unreachable()
  } catch (error) {
    assert.is(error, boom)
  }
  assert.match(written(), /^ {2}✗ count /)
  assert.equal(
    stages.times.map(({ name }) => name),
    ['count'],
  )
})

test('quiet: nothing is written, the times are kept', async () => {
  for (const isTTY of [true, false]) {
    const { stream, written } = fakeStream(isTTY)
    const stages = new Stages({ stream, quiet: true })
    await stages.run('one', () => new Promise((done) => setTimeout(done, 15)))
    await stages.run('two', async () => {})
    assert.is(written(), '')
    assert.equal(
      stages.times.map(({ name }) => name),
      ['one', 'two'],
    )
    assert.ok((stages.times[0]?.seconds ?? 0) >= 0.01 && (stages.times[0]?.seconds ?? 9) < 5)
  }
})

test('what a stage writes in several stages stays in order', async () => {
  const { stream, written } = fakeStream(false)
  const stages = new Stages({ stream })
  for (const name of ['a', 'b', 'c']) await stages.run(name, async () => {})
  assert.equal(written().match(/✓ \w/g), ['✓ a', '✓ b', '✓ c'])
})

test('elsewhere than on a terminal what a stage tells is shown every ten seconds at most', async () => {
  const { stream, written } = fakeStream(false)
  let now = 0
  const stages = new Stages({ stream, now: () => now })
  await stages.run('count', async (tell) => {
    for (const second of [0, 5, 9.9, 10, 11, 19, 21]) {
      now = second * 1000
      tell(`at ${second}`)
    }
  })
  assert.is(written(), '  … count: at 10\n  … count: at 21\n  ✓ count 21s\n')
})

test('on a terminal it replaces the line, is cut to its width, and cannot move the cursor', async () => {
  const { stream, written } = fakeStream(true)
  stream.columns = 40
  let now = 0
  const stages = new Stages({ stream, now: () => now })
  await stages.run('count', async (tell) => {
    tell('first\u001b[2J\nline')
    tell('too early')
    now = 100
    tell('x'.repeat(100))
  })
  const lines = written().split('\r\u001b[K')
  assert.is(lines.length, 4)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are not part of the width
  const plain = lines.map((line) => line.replace(/\u001b\[\d+m/g, ''))
  assert.is(plain[1], '  … count: first\\u001b[2J\\u000aline')
  assert.is(plain[2], `  … count: ${'x'.repeat(28)}`)
  assert.not.match(written(), /too early/)
})

test('quiet: what a stage tells is not shown', async () => {
  const { stream, written } = fakeStream(true)
  await new Stages({ stream, quiet: true }).run('count', async (tell) => tell('far'))
  assert.is(written(), '')
})

test.run()
