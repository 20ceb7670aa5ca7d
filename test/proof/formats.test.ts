// What each format says about a good, a bad and an unlooked-at proof, and that a hostile name stays text in each.

import * as assert from 'uvu/assert'
import { githubAnnotations } from '../../src/proof/github.ts'
import { guardsText } from '../../src/proof/guards-text.ts'
import { reportHtml } from '../../src/proof/html/report.ts'
import { junitXml } from '../../src/proof/junit.ts'
import { reportMarkdown } from '../../src/proof/markdown.ts'
import { notVerified } from '../../src/proof/not-verified.ts'
import { explainOutcome, outcomeOf } from '../../src/proof/outcome.ts'
import { prometheusText } from '../../src/proof/prometheus.ts'
import type { Proof } from '../../src/proof/proof.ts'
import { proofText } from '../../src/proof/proof-text.ts'
import { suite } from '../support/suite.ts'
import { bad, drillOf, good, hostileProof, proofOf, row, unlooked, verificationOf } from './fixture.ts'

const test = suite('proof/formats')

const plain = (text: string) => text
const noColors = { green: plain, red: plain, yellow: plain, dim: plain, bold: plain }

/** Of every text format: no control characters but line ends, nothing that turns text around, no line of its own. */
function assertHarmless(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  assert.not.match(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/)
  assert.not.match(text, /^::error::x|^\| PASS \|/m)
}

/** Blocks of Markdown show text as it is, line by line. */
const outsideOfBlocks = (text: string) => text.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '')

test('a name that would like to be something else is text in every format', () => {
  const proof = hostileProof()
  const html = reportHtml(proof)
  const xml = junitXml(proof)
  for (const text of [
    proofText(proof, noColors, true),
    outsideOfBlocks(reportMarkdown(proof)),
    githubAnnotations(proof),
    prometheusText(proof),
    guardsText(proof.verification),
  ]) {
    assertHarmless(text)
    assert.match(text, /\\u001b|&#92;u001b/, 'shown')
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  for (const text of [html, xml]) assert.not.match(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u202a-\u202e]/)
  assert.not.match(xml, /[\ufffe\uffff]/)
  assert.not.match(html, /<script/i)
  assert.match(html, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/)
  assert.not.match(xml, /<script|\]\]>/)
  assert.match(xml, /&lt;script&gt;/)
  assert.not.match(outsideOfBlocks(reportMarkdown(proof)), /<script|\[x\]\(/)
})

test('a block of Markdown ends where it should, whatever fences are inside', () => {
  const proof = good()
  const fences = { ...row({ status: 'pass' }), object_name: 'a\n```\n# b\n``````' }
  proof.verification.guard_output = {
    rpc: { value: { answer: true }, problem: null },
    rows: { value: [fences], problem: null },
  }
  const lines = reportMarkdown(proof).split('\n')
  const start = lines.findIndex((line) => /^`{3,}text$/.test(line))
  const fence = lines[start]?.replace('text', '') ?? ''
  const inside = lines.slice(start + 1, lines.indexOf(fence, start + 1))
  assert.ok(inside.some((line) => line.includes('``````')))
  assert.ok(inside.every((line) => !line.startsWith(fence)))
})

test('GitHub: the verdict first, a line for each finding, its percent signs, line ends, colons and commas escaped', () => {
  assert.is(githubAnnotations(good()), '::notice title=pgdrill::PASS restore: 3 passed (exit 0)\n')
  const hard = proofOf(
    verificationOf([
      row({ status: 'fail', check_name: 'a,b:c', detail: '100%\nsure', hint: null, expected: null, actual: null }),
      row({ status: 'warn' }),
    ]),
  )
  const [verdict, fail, warn, none] = githubAnnotations(hard).split('\n')
  assert.match(verdict ?? '', /^::error title=pgdrill::FAIL restore: /)
  assert.is(fail, '::error title=pgdrill a%2Cb%3Ac failed::100%25\\u000asure')
  assert.match(warn ?? '', /^::warning title=pgdrill row_counts warning::.*%0Aexpected: /)
  assert.is(none, '')
})

const attributes = (xml: string, element: string) =>
  [...xml.matchAll(new RegExp(`<${element}\\b([^>]*)>`, 'g'))].map(([, text = '']) =>
    Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value])),
  )

test('JUnit: numbers that fit, and a case that fails whenever the whole is not verified', () => {
  const [total] = attributes(junitXml(bad()), 'testsuites')
  assert.equal([total?.['tests'], total?.['failures'], total?.['errors'], total?.['skipped']], ['5', '2', '0', '0'])
  assert.is(attributes(junitXml(bad()), 'testcase').length, 5)
  assert.match(junitXml(bad()), /name="verified">\s*<failure message="FAIL restore/)
  assert.match(
    junitXml(bad()),
    /name="public.events_2026_11">\s*<failure message="public.events_2026_11: 9 rows, baseline has 10">expected: /,
  )
  assert.match(junitXml(unlooked()), /name="verified">\s*<error message="COULD NOT VERIFY/)
  assert.match(junitXml(good()), /name="verified"\/>/)
  const skipped = junitXml(proofOf(verificationOf([row({ status: 'skip' }), row({ status: 'warn' })])))
  assert.match(skipped, /<skipped message=/)
  assert.match(skipped, /<system-out>warning: /)
  assert.match(skipped, /name="verified"\/>/)
})

function metricsOf(proof: Proof): Map<string, string> {
  const metrics = new Map<string, string>()
  const text = prometheusText(proof)
  assert.ok(text.endsWith('\n'))
  let named = ''
  for (const line of text.trimEnd().split('\n')) {
    const [, kind, name] = /^# (HELP|TYPE) (\w+) /.exec(line) ?? []
    if (kind === 'HELP') {
      assert.not(metrics.has(name ?? ''), 'each metric once')
      named = name ?? ''
    }
    if (kind !== undefined) continue
    const sample = /^(\w+)(\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*\}) (-?[\d.e+]+)$/.exec(line)
    assert.ok(sample, line)
    assert.is(sample?.[1], named)
    metrics.set(named, sample?.[3] ?? '')
    metrics.set(`${named}${sample?.[2]}`, sample?.[3] ?? '')
  }
  return metrics
}

test('Prometheus: what is known, and nothing for what is not', () => {
  const passed = metricsOf(good())
  assert.is(passed.get('pgdrill_verified'), '1')
  assert.is(passed.get('pgdrill_data_loss_seconds'), '1800')
  assert.is(passed.get('pgdrill_data_loss_budget_seconds'), '86400')
  assert.is(passed.get('pgdrill_rpo_met'), '1')
  assert.is(passed.get('pgdrill_last_success_timestamp_seconds'), '1794319207.5')
  assert.not(passed.has('pgdrill_rto_met'), 'nobody measured it')
  const failed = metricsOf(bad())
  assert.is(failed.get('pgdrill_verified'), '0')
  assert.is(failed.get('pgdrill_exit_code'), '1')
  assert.is(failed.get('pgdrill_check_passed{target="restore",sandbox="false",check="row_counts"}'), '0')
  assert.not(failed.has('pgdrill_last_success_timestamp_seconds'))
  assert.is(metricsOf(unlooked()).get('pgdrill_exit_code'), '2')
  assert.is(metricsOf(proofOf(verificationOf(), drillOf())).get('pgdrill_recovery_time_seconds'), '6607.5')
  const rehearsal = good()
  rehearsal.verification.target.is_sandbox = true
  assert.not(metricsOf(rehearsal).has('pgdrill_last_success_timestamp_seconds'), 'a rehearsal is no success')
  metricsOf(hostileProof())
})

test('the verdict of a proof is never better than any of its parts', () => {
  assert.is(outcomeOf(good()).status, 'verified')
  assert.is(outcomeOf(proofOf(verificationOf(), drillOf())).status, 'verified')
  const late = { status: 'fail' as const, seconds: 20_000, budget_seconds: 14_400, detail: 'too late' }
  const unknown = { ...late, status: 'error' as const }
  assert.is(outcomeOf(proofOf(verificationOf(), drillOf({ rto: late }))).status, 'failed')
  assert.match(
    explainOutcome(proofOf(verificationOf(), drillOf({ rto: late }))),
    /^FAIL drill DR-12 into restore: the RTO was not met: too late$/,
  )
  assert.is(outcomeOf(proofOf(verificationOf(), drillOf({ rpo: unknown }))).status, 'could_not_verify')
  assert.is(outcomeOf(proofOf(verificationOf(), drillOf({ rpo: unknown, rto: late }))).status, 'failed')
  assert.is(outcomeOf(proofOf(bad().verification, drillOf())).status, 'failed')
  assert.is(outcomeOf(proofOf(unlooked().verification, drillOf())).status, 'could_not_verify')
  assert.is(
    outcomeOf(proofOf(verificationOf(), drillOf({ verdict: null, state: 'aborted' }))).status,
    'could_not_verify',
  )
  assert.is(outcomeOf(proofOf(verificationOf(), drillOf({ verdict: 'failed' }))).status, 'failed')
})

test('what was not verified is said, most of all of a pass', () => {
  const said = (proof: Proof) =>
    notVerified(proof)
      .map(({ what, why }) => `${what}: ${why}`)
      .join('\n')
  assert.match(said(good()), /Recovery time \(RTO\): only a drill/)
  assert.match(said(good()), /The restored application: no application/)
  assert.match(said(good()), /Content of rows.*depth standard/)
  assert.match(said(unlooked()), /row_counts public\.events: public\.events cannot be read/)
  assert.match(said(proofOf(verificationOf([row({ status: 'waived' })]))), /row_counts public\.events/)
  const nothing = verificationOf([], { depth: 'quick', baseline: null, recovery: null, results: [], app_url: null })
  assert.match(said(proofOf(nothing)), /Data loss[\s\S]*Completeness against production[\s\S]*Rows: depth quick/)
  const whole = verificationOf([], { depth: 'full', app_url: 'https://restored.example.com' })
  assert.equal(notVerified(proofOf(whole, drillOf())), [])
  for (const proof of [good(), unlooked()]) assert.match(reportMarkdown(proof), /## Not verified\n\n\| What \| Why \|/)
})

test("the plan's artifacts are in the Markdown of a drill: times, counts, health, SQL, gaps with owner and date", () => {
  const health = {
    name: 'health',
    method: 'GET',
    url: 'https://r.example.com/api/health',
    asked_at: '2026-11-10T14:00:00Z',
    milliseconds: 12,
    status: 200,
    content_type: 'application/json',
    redirected_to: null,
    body: '{"ok":true,"db_ok":true}',
    is_body_cut: false,
    problem: null,
  }
  const followUp = {
    check_name: 'row_counts',
    object_name: null,
    status: 'fail' as const,
    detail: 'a row is gone',
    hint: 'Find it.',
    role: 'db_owner' as const,
    owner: 'Grace',
    due: '2026-11-24',
    note: null,
  }
  const report = reportMarkdown(
    proofOf(
      verificationOf([], { answers: [health] }),
      drillOf({ follow_ups: [followUp], notes: [{ at: '2026-11-10T14:05:00.000Z', by: 'Ada', text: 'slow console' }] }),
    ),
  )
  assert.match(report, /\| Recovery point \| 2026-11-10T13:00:00/)
  assert.match(report, /\| Restore completed \| 2026-11-10T13:40:00/)
  assert.match(report, /\| public\.calls \| 16,050 \| 16,050 \|/)
  assert.match(report, /\{"ok":true,"db_ok":true\}/)
  assert.match(
    report,
    /=> select public\.verify_partition_triggers_exist\(\);\n verify_partition_triggers_exist \n-+\n t\n\(1 row\)/,
  )
  assert.match(report, /\| Grace \(db owner\) \| 2026-11-24 \| fail row_counts: a row is gone \| Find it\. \|/)
  assert.match(report, /\| Ada \| slow console \|/)
})

test('a hundred thousand results are written in seconds', () => {
  const many = Array.from({ length: 100_000 }, (_, at) =>
    row({
      status: at % 10 === 0 ? 'fail' : 'pass',
      check_name: at % 2 === 0 ? 'row_counts' : 'partition_triggers',
      object_name: `public.t_${at}`,
      detail: `public.t_${at}: 9 rows, baseline has 10`,
    }),
  )
  const proof = proofOf(verificationOf(many))
  const started = performance.now()
  const html = reportHtml(proof)
  for (const write of [junitXml, prometheusText, githubAnnotations, reportMarkdown]) write(proof)
  assert.ok(performance.now() - started < 20_000, `${Math.round(performance.now() - started)} ms`)
  assert.ok(html.length < 2_000_000, 'a browser can open it')
  assert.match(html, /And 9,500 more findings: proof\.json has them all/)
})

test.run()
