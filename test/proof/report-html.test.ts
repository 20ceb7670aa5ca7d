// The HTML report, and JUnit's XML, as a browser sees them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import { findBrowser } from '../../src/probes/find-browser.ts'
import { reportHtml } from '../../src/proof/html/report.ts'
import { junitXml } from '../../src/proof/junit.ts'
import type { Proof } from '../../src/proof/proof.ts'
import { plainText } from '../../src/terminal/plain-text.ts'
import { startBrowser } from '../support/browser.ts'
import { suite } from '../support/suite.ts'
import { bad, drillOf, good, hostile, hostileProof, proofOf, row, unlooked, verificationOf } from './fixture.ts'

const test = suite('proof/report-html')
const inBrowser = test.needs(findBrowser(), 'no Chrome or Chromium is installed')
let directory: string
let browser: Browser | undefined

test.before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pgdrill-html-'))
  if (findBrowser() !== undefined) browser = await startBrowser()
})
test.after(async () => {
  await browser?.close()
  rmSync(directory, { recursive: true, force: true })
})

interface Opened {
  page: Page
  /** What it asked for besides itself. */
  requests: string[]
  /** What it said in the console, and dialogs that it opened. */
  said: string[]
}

async function open(proof: Proof, options: BrowserContextOptions = {}): Promise<Opened> {
  const file = join(directory, 'report.html')
  writeFileSync(file, reportHtml(proof))
  const context = await (browser as Browser).newContext(options)
  const page = await context.newPage()
  const requests: string[] = []
  const said: string[] = []
  const url = pathToFileURL(file).href
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) requests.push(request.url())
  })
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(error.message))
  page.on('dialog', (dialog) => {
    said.push(dialog.message())
    void dialog.dismiss()
  })
  await page.goto(url)
  return { page, requests, said }
}

const scrolls = (page: Page) => page.evaluate('document.documentElement.scrollWidth > window.innerWidth')

inBrowser('a failure: needs nothing from outside, names the object, says what to do', async () => {
  const { page, requests, said } = await open(bad())
  assert.equal([requests, said], [[], []])
  const text = await page.locator('body').innerText()
  assert.match(await page.title(), /^FAIL: /)
  assert.match(text, /FAIL\n+1 of 4 results failed, first: public\.events_2026_11: 9 rows, baseline has 10\./)
  assert.match(
    await page.locator('.finding').innerText(),
    /public\.events_2026_11[\s\S]*row_count: 10[\s\S]*row_count: 9[\s\S]*Find the lost row\./,
  )
  assert.is(await page.locator('svg.chart').count(), 2)
  await page.context().close()
})

inBrowser('the parts are there in their order', async () => {
  const followUp = {
    check_name: 'row_counts',
    object_name: null,
    status: 'fail' as const,
    detail: 'a row is gone',
    hint: null,
    role: 'db_owner' as const,
    owner: 'Grace',
    due: '2026-11-24',
    note: null,
  }
  const { page } = await open(proofOf(bad().verification, drillOf({ follow_ups: [followUp], verdict: 'failed' })))
  const ids = await page.locator('section').evaluateAll((sections) => sections.map(({ id }) => id))
  assert.equal(ids, ['times', 'counts', 'checks', 'not-verified', 'follow-ups', 'environment'])
  assert.match(
    await page.locator('#times').innerText(),
    /Data loss[\s\S]*within the budget[\s\S]*30 min[\s\S]*of 1 d[\s\S]*Recovery time[\s\S]*1 h 50 min[\s\S]*of 4 h[\s\S]*restore[\s\S]*37\.5 % of the RTO/,
  )
  assert.match(await page.locator('#counts').innerText(), /public\.calls\s+16,050\s+16,050\s+0/)
  assert.match(await page.locator('#follow-ups').innerText(), /Grace[\s\S]*2026-11-24/)
  // Failures first.
  const families = await page.locator('.family h3').allInnerTexts()
  assert.is(families[0], 'Data')
  await page.context().close()
})

inBrowser('a phone: nothing to scroll sideways, on a good, a bad and a hostile report', async () => {
  for (const proof of [good(), bad(), unlooked(), hostileProof(), longNames()]) {
    const { page } = await open(proof, { viewport: { width: 390, height: 844 } })
    await page.locator('details').evaluateAll((all) => {
      for (const one of all) one.setAttribute('open', '')
    })
    assert.is(await scrolls(page), false)
    await page.context().close()
  }
})

function longNames(): Proof {
  const name = `public.${'a'.repeat(63)}.${'b'.repeat(63)}`
  return proofOf(
    verificationOf([
      row({
        status: 'fail',
        check_name: 'c'.repeat(63),
        object_name: name,
        detail: name.repeat(5),
        expected: name.repeat(5),
      }),
    ]),
  )
}

inBrowser('a name that would like to be markup is text, and nothing runs', async () => {
  const { page, requests, said } = await open(hostileProof())
  assert.equal([requests, said], [[], []])
  assert.is(await page.locator('script').count(), 0)
  const names = await page.locator('.finding code').allTextContents()
  assert.ok(names.includes(plainText(hostile)), 'as it is, control characters shown')
  await page.context().close()
})

inBrowser('dark and light differ, and paper is light and shows what is folded', async () => {
  const colorOf = (page: Page) => page.evaluate('getComputedStyle(document.body).backgroundColor')
  const light = await open(good(), { colorScheme: 'light' })
  const dark = await open(good(), { colorScheme: 'dark' })
  assert.is(await colorOf(light.page), 'rgb(255, 255, 255)')
  assert.is.not(await colorOf(dark.page), 'rgb(255, 255, 255)')
  await dark.page.emulateMedia({ media: 'print' })
  assert.is(await colorOf(dark.page), 'rgb(255, 255, 255)')
  const folded = dark.page.locator('details li').first()
  assert.ok(((await folded.boundingBox())?.height ?? 0) > 0, 'folded rows are printed')
  await light.page.context().close()
  await dark.page.context().close()
})

inBrowser('screenshots are inside of it; what only has the name of a picture is not', async () => {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  )
  const proof = good()
  proof.verification.answers = hostileProof().verification.answers
  proof.attachments = [
    { path: 'screenshots/page.png', bytes: png },
    { path: 'screenshots/fake.png', bytes: Buffer.from('<svg onload="alert(1)"/>') },
  ]
  const { page, requests } = await open(proof)
  assert.equal(requests, [])
  assert.is(await page.locator('img').count(), 1)
  assert.is(await page.evaluate("document.querySelector('img').naturalWidth"), 1)
  assert.match(await page.locator('body').innerText(), /Beside this report: screenshots\/fake\.png/)
  await page.context().close()
})

inBrowser('XML that a parser takes, with every name as it is', async () => {
  const { page } = await open(good())
  for (const proof of [good(), bad(), hostileProof()]) {
    const parse = `(() => {
      const parsed = new DOMParser().parseFromString(${JSON.stringify(junitXml(proof))}, 'application/xml')
      const names = [...parsed.querySelectorAll('testcase')].map((one) => one.getAttribute('name'))
      return [parsed.querySelector('parsererror')?.textContent ?? null, names]
    })()`
    const [error, names] = (await page.evaluate(parse)) as [string | null, string[]]
    assert.is(error, null)
    assert.ok(names.includes('verified'))
  }
  await page.context().close()
})

test.run()
