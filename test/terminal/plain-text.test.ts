import * as assert from 'uvu/assert'
import { hidePasswords, plainLine, plainText } from '../../src/terminal/plain-text.ts'
import { suite } from '../support/suite.ts'

const test = suite('terminal/plain-text')

const cases: [string, string, string][] = [
  // what, plainText, plainLine
  ['public.events_2026_07', 'public.events_2026_07', 'public.events_2026_07'],
  ['Küçükçekmece 東京 👍 "x" \\', 'Küçükçekmece 東京 👍 "x" \\', 'Küçükçekmece 東京 👍 "x" \\'],
  ['\u001b[31mred\u001b[0m', '\\u001b[31mred\\u001b[0m', '\\u001b[31mred\\u001b[0m'],
  ['\u009b31m', '\\u009b31m', '\\u009b31m'],
  ['\u001b]8;;http://x\u0007', '\\u001b]8;;http://x\\u0007', '\\u001b]8;;http://x\\u0007'],
  ['a\rb\bc\u0000d\u007f', 'a\\u000db\\u0008c\\u0000d\\u007f', 'a\\u000db\\u0008c\\u0000d\\u007f'],
  ['\u202eevil\u2066', '\\u202eevil\\u2066', '\\u202eevil\\u2066'],
  ['zero\u200bwidth\ufeff', 'zero\\u200bwidth\\ufeff', 'zero\\u200bwidth\\ufeff'],
  ['tag\u{e0041}', 'tag\\ue0041', 'tag\\ue0041'],
  ['\u2028\u2029\u0085', '\\u2028\\u2029\\u0085', '\\u2028\\u2029\\u0085'],
  ['two\nlines\tand a tab', 'two\nlines\tand a tab', 'two\\u000alines\\u0009and a tab'],
  ['', '', ''],
]

for (const [text, many, one] of cases) {
  test(JSON.stringify(text), () => {
    assert.is(plainText(text), many)
    assert.is(plainLine(text), one)
  })
}

test('passwords that somebody typed in the wrong place are hidden, and nothing else', () => {
  const hidden: [string, string][] = [
    ['postgresql://user:secret@host:5432/db', 'postgresql://user:***@host:5432/db'],
    ['"postgresql://user:se@cr:et@host/db" is', '"postgresql://user:***@host/db" is'],
    ['user:secret@host', 'user:***@host'],
    ['postgresql://host/db?user=u&password=secret&x=1', 'postgresql://host/db?user=u&password=***&x=1'],
    ['host=h password=secret user=u', 'host=h password=*** user=u'],
    ['postgresql://user@host:5432/db: no server answers', 'postgresql://user@host:5432/db: no server answers'],
    ['at 2026-11-23T04:30:00Z by somebody@example.org', 'at 2026-11-23T04:30:00Z by somebody@example.org'],
    ['the password was refused', 'the password was refused'],
  ]
  for (const [text, expected] of hidden) assert.is(hidePasswords(text), expected)
})

test.run()
