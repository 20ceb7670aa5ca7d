import { join } from 'node:path'
import { targetVariable } from '../database/targets.ts'
import type { RestoreReport } from '../dump/restore-report.ts'
import { plainLine } from '../terminal/plain-text.ts'

/**
 * The report of a restore for people.
 * @param directory how the folder of the backup is called in what to do next
 */
export function restoreText(report: RestoreReport, directory: string): string {
  const { backup, target, problems, stages } = report
  const harmful = problems.filter(({ harmless }) => harmless === null)
  const harmless = problems.filter((problem) => problem.harmless !== null)
  const sandbox = target.is_sandbox ? ' (SANDBOX: this is no drill)' : ''
  const lines = [
    `pgdrill restore: ${plainLine(target.url)}${sandbox}`,
    `  backup   ${plainLine(backup.backup_id)} of ${backup.taken_at}`,
    `  began    ${report.started_at}`,
    `  ended    ${report.finished_at ?? 'never'}`,
    ...stages.map(({ name, seconds }) => `  ${name.padEnd(20)} ${seconds.toFixed(1)} s`),
    ...(report.missing_roles.length === 0
      ? []
      : [`  missing roles: ${report.missing_roles.map(plainLine).join(', ')}`]),
    ...harmful.map(
      ({ entry, message }) => `  FAIL  ${entry === null ? '' : `${plainLine(entry)}: `}${plainLine(message)}`,
    ),
    ...harmless.map(
      ({ entry, message, harmless: why }) =>
        `  harmless  ${entry === null ? '' : `${plainLine(entry)}: `}${plainLine(message)} (${why})`,
    ),
    ...report.warnings.map((warning) => `  warning  ${plainLine(warning)}`),
    '',
    `${report.outcome.toUpperCase()}: ${plainLine(report.statement)} (exit ${report.exit_code})`,
  ]
  if (report.outcome !== 'unfinished') {
    if (target.is_new)
      lines.push(`Now let ${targetVariable(target.name)} name the database ${plainLine(target.database_name)}.`)
    lines.push(
      `${target.is_new ? 'Then' : 'Now'}: pgdrill verify --target ${target.name} --baseline ${join(directory, 'baseline.json')} --depth full`,
    )
  }
  return `${lines.join('\n')}\n`
}
