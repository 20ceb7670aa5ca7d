import type { CheckResult } from '../database/contract.ts'
import type { PageVisit, Visit } from '../probes/visit-page.ts'
import { errorWordOf } from './error-page.ts'
import { count } from './wording.ts'

/**
 * The row of the page that a browser opened. Errors of its scripts and requests that failed are warnings: a page may have
 * them in production, too.
 * @param name of the probe whose page it is
 * @param asked the address that was opened
 * @param unwanted words that make an error page
 */
export function judgeVisit(
  name: string,
  asked: URL,
  { visit, problem }: Pick<PageVisit, 'visit' | 'problem'>,
  unwanted: readonly string[],
): CheckResult {
  const row = { check_name: 'app_browser', object_name: name, expected: 'a page without errors' as unknown }
  if (visit === null) {
    const text = problem?.text ?? 'it was not opened'
    return { ...row, status: 'error', detail: `${name}: ${text}`, hint: problem?.hint ?? null, actual: text }
  }
  const wrong = problemOfPage(asked, visit, unwanted)
  if (wrong !== undefined) {
    return {
      ...row,
      status: 'fail',
      detail: `${name} in the browser ${wrong.detail}`,
      hint: wrong.hint,
      actual: wrong.actual,
    }
  }
  const { pageErrors, consoleErrors, failedRequests } = visit
  const noticed = [
    ...(pageErrors.length > 0 ? [count(pageErrors.length, 'uncaught exception')] : []),
    ...(consoleErrors.length > 0 ? [`${count(consoleErrors.length, 'error')} in the console`] : []),
    ...(failedRequests.length > 0 ? [count(failedRequests.length, 'failed request')] : []),
  ]
  const title = visit.title === '' ? 'without a title' : `"${visit.title.slice(0, 80)}"`
  if (noticed.length > 0) {
    return {
      ...row,
      status: 'warn',
      detail: `${name} in the browser shows ${title}, with ${noticed.join(', ')}: ${[...pageErrors, ...consoleErrors, ...failedRequests][0]}`,
      hint: 'Look at the screenshot and at browser.json in the proof, and whether production has the same.',
      actual: { pageErrors, consoleErrors, failedRequests },
    }
  }
  return { ...row, status: 'pass', detail: `${name} in the browser shows ${title}`, hint: null, actual: visit.title }
}

function problemOfPage(
  asked: URL,
  visit: Visit,
  unwanted: readonly string[],
): { detail: string; hint: string; actual: unknown } | undefined {
  const seeLog = 'Look at the screenshot in the proof, and at the log of the app.'
  if (visit.toProduction.length > 0) {
    return {
      detail: `calls production's app: ${visit.toProduction[0]}; it was not let through`,
      hint: 'Look at the addresses that the restored app was built and configured with: they are those of production.',
      actual: visit.toProduction,
    }
  }
  if (visit.url.hostname !== asked.hostname) {
    return {
      detail: `ends on another host: ${visit.url.host}`,
      hint: 'Look at the addresses that the restored app is configured with: they may be those of production.',
      actual: visit.url.host,
    }
  }
  if (visit.status === null || visit.status >= 400) {
    return { detail: `answers ${visit.status ?? 'nothing'}`, hint: seeLog, actual: visit.status }
  }
  const word = errorWordOf(visit, unwanted)
  if (word !== undefined) return { detail: `shows an error page: ${word}`, hint: seeLog, actual: word }
  if (visit.serverErrors.length > 0) {
    return {
      detail: `asks the app for what it cannot give: ${visit.serverErrors[0]}`,
      hint: seeLog,
      actual: visit.serverErrors,
    }
  }
  if (visit.text.trim() === '') return { detail: 'stays empty', hint: seeLog, actual: 'no text' }
  return undefined
}
