import { plainLine } from '../terminal/plain-text.ts'
import type { Verification } from '../verification/verify-target.ts'

const columns = ['status', 'object_name', 'detail', 'hint'] as const

export const guardStatements = {
  rpc: 'select public.verify_partition_triggers_exist();',
  rows: `select ${columns.join(', ')} from drill.verify_partition_triggers();`,
}

/** The statements that prove the guards, and what the database answered, as psql shows it: for guards.txt. */
export function guardsText({ guard_output }: Verification): string {
  if (guard_output === null) {
    return 'The guards were not asked: functions of pgdrill are missing or replaced. The check attestation names them.\n'
  }
  const { rpc, rows } = guard_output
  return [
    `=> ${guardStatements.rpc}`,
    rpc.problem === null
      ? psqlTable(['verify_partition_triggers_exist'], [[shown(rpc.value.answer)]])
      : `ERROR:  ${plainLine(rpc.problem)}\n`,
    `=> ${guardStatements.rows}`,
    rows.problem === null
      ? psqlTable(
          columns,
          rows.value.map((row) => columns.map((column) => row[column] ?? '')),
        )
      : `ERROR:  ${plainLine(rows.problem)}\n`,
  ].join('\n')
}

function shown(answer: boolean | null): string {
  if (answer === null) return ''
  return answer ? 't' : 'f'
}

/** An aligned table as psql prints it; what could forge a line is shown as an escape. */
function psqlTable(head: readonly string[], rows: readonly string[][]): string {
  const lines = rows.map((row) => row.map(plainLine))
  const widths = head.map((name, at) => lines.reduce((most, row) => Math.max(most, lengthOf(row[at])), lengthOf(name)))
  const centred = head.map((name, at) => {
    const space = (widths[at] as number) - name.length
    return ` ${' '.repeat(Math.floor(space / 2))}${name}${' '.repeat(Math.ceil(space / 2))} `
  })
  const body = lines.map((row) =>
    row
      .map((text, at) => ` ${text}${' '.repeat((widths[at] as number) - lengthOf(text))} `)
      .join('|')
      .trimEnd(),
  )
  const rule = widths.map((width) => '-'.repeat(width + 2)).join('+')
  return `${[centred.join('|'), rule, ...body].join('\n')}\n(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})\n`
}

function lengthOf(text: string | undefined): number {
  return [...(text ?? '')].length
}
