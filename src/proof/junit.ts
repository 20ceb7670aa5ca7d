import XMLBuilder from 'fast-xml-builder'
import type { CheckResult } from '../database/contract.ts'
import { byFamily, families } from '../rules/families.ts'
import { plainText } from '../terminal/plain-text.ts'
import { explainOutcome, outcomeOf } from './outcome.ts'
import type { Proof } from './proof.ts'
import { statusWords, valueText, worstFirst } from './statuses.ts'

interface Case {
  [key: string]: unknown
  failure?: unknown
  error?: unknown
  skipped?: unknown
}

/**
 * The proof as JUnit XML: a suite for each family of checks, a case for each row. A case named "verified" fails whenever
 * the whole is not verified: many readers take skipped cases for good.
 */
export function junitXml(proof: Proof): string {
  const { verification, drill } = proof
  const outcome = outcomeOf(proof)
  const id = drill?.drill_id ?? verification.verification_id
  const suites = byFamily(verification.results).map(([family, rows]) =>
    suite(families[family], verification.started_at, worstFirst(rows).map(caseOf)),
  )
  const whole: Case = { '@_classname': 'pgdrill', '@_name': 'verified' }
  if (outcome.status === 'failed') whole.failure = message(explainOutcome(proof))
  if (outcome.status === 'could_not_verify') whole.error = message(explainOutcome(proof))
  suites.unshift(suite('Verdict', verification.started_at, [whole]))
  const seconds = (Date.parse(verification.finished_at) - Date.parse(verification.started_at)) / 1000
  return junitDocument(`pgdrill ${id}`, verification.started_at, seconds, suites)
}

/** A whole document of suites. @param startedAt ISO @param seconds how long all of it took */
export function junitDocument(
  name: string,
  startedAt: string,
  seconds: number,
  suites: readonly Record<string, unknown>[],
): string {
  const document = {
    '?xml': { '@_version': '1.0', '@_encoding': 'UTF-8' },
    testsuites: {
      '@_name': text(name),
      ...sum(suites),
      '@_time': seconds.toFixed(3),
      '@_timestamp': text(startedAt),
      testsuite: suites,
    },
  }
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    format: true,
    suppressEmptyNode: true,
    suppressBooleanAttributes: false,
  })
  return `${builder.build(document).trimEnd()}\n`
}

/** A suite with a case for each row. @param startedAt ISO */
export function rowSuite(name: string, startedAt: string, rows: readonly CheckResult[]): Record<string, unknown> {
  return suite(name, startedAt, rows.map(caseOf))
}

const counted = ['tests', 'failures', 'errors', 'skipped'].map((name) => `@_${name}`)

function suite(name: string, startedAt: string, cases: Case[]): Record<string, unknown> {
  return {
    '@_name': name,
    '@_tests': String(cases.length),
    '@_failures': String(cases.filter((one) => one.failure !== undefined).length),
    '@_errors': String(cases.filter((one) => one.error !== undefined).length),
    '@_skipped': String(cases.filter((one) => one.skipped !== undefined).length),
    '@_timestamp': text(startedAt),
    testcase: cases,
  }
}

function sum(suites: readonly Record<string, unknown>[]): Record<string, string> {
  return Object.fromEntries(
    counted.map((name) => [name, String(suites.reduce((total, one) => total + Number(one[name]), 0))]),
  )
}

function caseOf(row: CheckResult): Case {
  const made: Case = {
    '@_classname': text(`pgdrill.${row.check_name}`),
    '@_name': text(row.object_name ?? row.check_name),
  }
  if (row.status === 'fail') made.failure = message(row.detail, more(row))
  if (row.status === 'error') made.error = message(row.detail, more(row))
  if (row.status === 'skip') made.skipped = message(row.detail)
  if (row.status === 'warn' || row.status === 'waived') {
    made['system-out'] = text([`${statusWords[row.status]}: ${row.detail}`, more(row)].join('\n'))
  }
  return made
}

function more(row: CheckResult): string {
  return [
    ['expected', valueText(row.expected)],
    ['actual', valueText(row.actual)],
    ['to do', row.hint ?? ''],
  ]
    .flatMap(([name, value]) => (value === '' ? [] : [`${name}: ${value}`]))
    .join('\n')
}

function message(summary: string, body = ''): Record<string, string> {
  return { '@_message': text(summary), ...(body === '' ? {} : { '#text': text(body) }) }
}

/** What XML 1.0 forbids, as text: control characters are escaped by plainText, these two and lone halves are not. */
function text(content: string): string {
  return plainText(content)
    .toWellFormed()
    .replace(/[\ufffe\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`)
}
