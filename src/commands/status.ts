import { Command } from 'commander'
import pc from 'picocolors'
import { lookAtStatus, type Status } from '../cadence/status.ts'
import { statusJson } from '../cadence/status-json.ts'
import { statusJunit } from '../cadence/status-junit.ts'
import { statusPrometheus } from '../cadence/status-prometheus.ts'
import { statusText } from '../cadence/status-text.ts'
import { CouldNotVerify } from '../could-not-verify.ts'
import { findTarget } from '../database/targets.ts'
import type { ProgramOutput, SetExitCode } from './program-output.ts'
import { formatOption, nowOption, statementTimeoutOption, targetOption } from './shared-options.ts'

interface Options {
  target?: string
  proofs?: string
  now?: string
  statementTimeout?: number
  format: 'text' | keyof typeof writers
}

const writers = { json: statusJson, prometheus: statusPrometheus, junit: statusJunit } satisfies Record<
  string,
  (status: Status) => string
>

const help = `
One line for each obligation of the plan, which is met, due, broken or unknown: a good drill each calendar quarter (or as
often as drill.drill_policy says), after each major schema change and each incident; RPO and RTO as the drills measured
them; retention of backups; a baseline each day; a heartbeat each minute. A good drill is finished, on a real target, with
the application, and its verdict is verified. Give production, or a folder of proofs, or both: then they are compared, too.

Exit codes: 0 all is met, 1 something is due or broken, 2 something is unknown, or could not look.

Examples:
  pgdrill status --target production
  pgdrill status --target production --proofs verify/proofs
  pgdrill status --proofs verify/proofs                    without production: most is unknown then
  pgdrill status --target production --format prometheus > pgdrill-status.prom
  pgdrill status --target production --now 2027-01-01T00:00:00Z`

/** pgdrill status: whether production keeps the plan. */
export function statusCommand(output: ProgramOutput, setExitCode: SetExitCode): Command {
  return new Command('status')
    .addOption(targetOption())
    .option('-p, --proofs <folder>', 'folder of proofs, such as verify/proofs')
    .addOption(nowOption())
    .addOption(statementTimeoutOption())
    .addOption(formatOption(['text', ...Object.keys(writers)]))
    .addHelpText('after', help)
    .action(async ({ target, proofs, now, statementTimeout, format }: Options) => {
      if (target === undefined && proofs === undefined) {
        throw new CouldNotVerify(
          'neither a target nor a folder of proofs was given',
          'Name production: --target production (make status TARGET=production), or give --proofs verify/proofs, or both.',
        )
      }
      const status = await lookAtStatus({
        target: target === undefined ? undefined : findTarget(target),
        proofs,
        now,
        statementTimeout: statementTimeout === undefined ? undefined : statementTimeout * 1000,
      })
      const text = () => statusText(status, pc.createColors(output.isColored))
      output.stdout(format === 'text' ? text() : writers[format](status))
      setExitCode(status.verdict.exit_code)
    })
}
