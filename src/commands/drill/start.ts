import { Command } from 'commander'
import { startDrill } from '../../drill/start.ts'
import { Stages } from '../../terminal/stages.ts'
import type { ProgramOutput } from '../program-output.ts'
import { formatOption } from '../shared-options.ts'
import { addPlanOptions, addPointOptions, type PlanOptions, planOf } from './drill-options.ts'
import { drillText, nextStepsText, productionText } from './drill-text.ts'

const help = `
Production is asked how it is, and a baseline is captured when the newest one is older than drill.drill_policy says. When
it is down, give a baseline file of it. Exit codes: 0 started, 2 not.

Examples:
  pgdrill drill start --ticket DR-12 --lead Ada --db-owner Grace --app-owner Edsger --method pitr
  pgdrill drill start --ticket DR-12 --lead Ada --db-owner Grace --app-owner Edsger --method dump \\
    --failure-point 2026-11-23T04:30:00Z --baseline verify/baselines/production-20261123T040000Z-1a2b3c4d.json`

/** pgdrill drill start */
export function drillStartCommand(output: ProgramOutput): Command {
  return addPointOptions(addPlanOptions(new Command('start')))
    .description('begin a drill: the clock, the check of production, the baseline')
    .option('-b, --baseline <file>', 'baseline of production (default: its newest, or a new one)')
    .addOption(formatOption())
    .addHelpText('after', help)
    .action(async (options: PlanOptions & { format: string }) => {
      const drill = await startDrill(planOf(options), new Stages(), (check) =>
        output.stderr(`${productionText(check)}\n`),
      )
      output.stdout(
        options.format === 'json'
          ? `${JSON.stringify(drill.state.record, null, 2)}\n`
          : `${drillText(drill, new Date())}\nNext:\n${nextStepsText(drill)}\n`,
      )
    })
}
