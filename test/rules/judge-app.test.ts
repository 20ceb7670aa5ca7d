// Health beside rows, keys, and what a browser saw: facts in, rows out.

import * as assert from 'uvu/assert'
import type { CheckResult } from '../../src/database/contract.ts'
import type { Visit } from '../../src/probes/visit-page.ts'
import { errorWordOf, pageText } from '../../src/rules/error-page.ts'
import { besideRows } from '../../src/rules/health-beside-rows.ts'
import { judgeAppKeys } from '../../src/rules/judge-app-keys.ts'
import { judgeVisit } from '../../src/rules/judge-visit.ts'
import { suite } from '../support/suite.ts'

const test = suite('rules/judge-app')

const green: CheckResult = {
  check_name: 'app_health',
  object_name: 'health',
  status: 'pass',
  detail: 'health: GET /api/health answered 200',
  hint: null,
  expected: 200,
  actual: 200,
}

test('health is worth something beside rows, little without counts, and nothing on an empty database', () => {
  assert.is(besideRows(green, 1n).status, 'pass')
  assert.match(besideRows(green, 12_345n).detail, /, beside 12,345 rows$/)
  assert.is(besideRows(green, null).status, 'pass')
  assert.match(besideRows(green, null).detail, /no row was counted/)
  const empty = besideRows(green, 0n)
  assert.is(empty.status, 'fail')
  assert.match(empty.hint ?? '', /empty database/)
  const red = { ...green, status: 'fail' as const }
  assert.equal(besideRows(red, 0n), red)
})

const key = (name: string, isTargetSet: boolean, isProductionSet: boolean, isEqual = false) => {
  return { name, isTargetSet, isProductionSet, isEqual }
}

test('keys: the same fails, another passes, one side alone compares nothing', () => {
  const rows = judgeAppKeys(
    [key('A', true, true, true), key('B', true, true), key('C', true, false)],
    'none',
    'my-copy',
  )
  assert.equal(
    rows.map(({ object_name, status }) => [object_name, status]),
    [
      ['A', 'fail'],
      ['B', 'pass'],
    ],
  )
  assert.match(rows[0]?.hint ?? '', /MY_COPY_A/)
  const [nothing, ...more] = judgeAppKeys([key('A', true, false), key('B', false, true)], 'none', 'restore')
  assert.equal(more, [])
  assert.is(nothing?.status, 'skip')
  assert.match(nothing?.detail ?? '', /RESTORE_A and PRODUCTION_A/)
})

test('keys: the same token secret in the database is a warning, another one passes', () => {
  for (const [tokens, status] of [
    ['equal', 'warn'],
    ['different', 'pass'],
  ] as const) {
    const rows = judgeAppKeys([], tokens, 'restore')
    assert.equal(
      rows.map((row) => [row.object_name, row.status]),
      [['app.settings.jwt_secret', status]],
    )
  }
  assert.is(judgeAppKeys([], 'production_unknown', 'restore')[0]?.status, 'skip')
})

const asked = new URL('https://restored.example.com/dashboard/site/a')
const visit: Visit = {
  url: new URL('https://restored.example.com/login'),
  status: 200,
  title: 'Log in',
  headings: 'Log in',
  text: 'Log in E-mail',
  consoleErrors: [],
  pageErrors: [],
  failedRequests: [],
  serverErrors: [],
  toProduction: [],
}
const seen = (change: Partial<Visit>) =>
  judgeVisit('page', asked, { visit: { ...visit, ...change }, problem: null }, ['Application error'])

test('a visit: a page passes, noise is a warning', () => {
  assert.is(seen({}).status, 'pass')
  assert.match(seen({}).detail, /shows "Log in"/)
  for (const change of [{ consoleErrors: ['a'] }, { pageErrors: ['b'] }, { failedRequests: ['c: 404'] }]) {
    const row = seen(change)
    assert.is(row.status, 'warn')
    assert.match(row.detail, /with 1 /)
  }
})

const wrong: Record<string, [Partial<Visit>, RegExp]> = {
  'it calls production': [{ toProduction: ['https://app.example.com/api'] }, /calls production's app/],
  'it ends elsewhere': [{ url: new URL('https://app.example.com/login') }, /another host: app\.example\.com/],
  'a server error': [{ status: 500 }, /answers 500/],
  'an error page': [{ headings: 'Application error: a client-side exception has occurred' }, /error page/],
  'a part of it fails': [{ serverErrors: ['https://restored.example.com/api/x: 500'] }, /cannot give/],
  'nothing to see': [{ text: ' \n' }, /stays empty/],
}
for (const [name, [change, detail]] of Object.entries(wrong)) {
  test(`a visit fails: ${name}`, () => {
    const row = seen(change)
    assert.is(row.status, 'fail')
    assert.match(row.detail, detail)
    assert.ok(row.hint)
  })
}

test('a visit that could not be made is an error', () => {
  const problem = { text: 'the page did not load within 30 s', hint: 'Look.', isUnreachable: false }
  const row = judgeVisit('page', asked, { visit: null, problem }, [])
  assert.is(row.status, 'error')
  assert.match(row.detail, /did not load/)
})

test('the text of a page: title, headings and body, no scripts, no comments, no styles', () => {
  const page =
    pageText(`<!DOCTYPE html><HTML><head><TITLE lang="en">A &amp; b</TITLE><style>h1 { color: red }</style></head>
    <body><!-- <h1>gone</h1> --><header>Top</header><H1 class="x">One <b>two</b></H1><script>h1("no")</script><h2>It’s</h2>x&nbsp;y<template>t</template></body>`)
  assert.equal(page, { title: 'A & b', headings: "One two It's", text: "Top One two It's x y" })
  assert.equal(pageText('<body>cut <script>never closed'), { title: '', headings: '', text: 'cut' })
  assert.equal(pageText('plain'), { title: '', headings: '', text: 'plain' })
})

test('words of an error count in titles and headings, and anywhere on a short page', () => {
  const long = 'word '.repeat(400)
  assert.is(errorWordOf({ title: '', headings: '', text: 'Bad gateway' }, ['Bad Gateway']), 'Bad Gateway')
  assert.is(errorWordOf({ title: '', headings: '', text: `${long} bad gateway` }, ['Bad Gateway']), undefined)
  assert.is(errorWordOf({ title: 'bad gateway', headings: '', text: long }, ['Bad Gateway']), 'Bad Gateway')
})

test('a page of nothing but openings does not take minutes', () => {
  const start = performance.now()
  for (const part of ['<script', '<!--', '<title', '<h1', '<', '</', '<h1>']) pageText(part.repeat(100_000))
  assert.ok(performance.now() - start < 5_000)
})

test.run()
