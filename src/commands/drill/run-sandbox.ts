import type { KeyObject } from 'node:crypto'
import { CouldNotVerify } from '../../could-not-verify.ts'
import { nowText, readDrill, tell, throwAwayTarget } from '../../drill/drill.ts'
import type { FinishedDrill } from '../../drill/finish.ts'
import { restoreInDrill } from '../../drill/restore.ts'
import { runDrill } from '../../drill/run.ts'
import { startDrill } from '../../drill/start.ts'
import { whileInterruptible } from '../../interruption.ts'
import type { AppOptions } from '../../probes/app-question.ts'
import type { Attachment } from '../../probes/attachment.ts'
import { withThrowAwayProduction } from '../../sandbox/throw-away.ts'
import type { Stages } from '../../terminal/stages.ts'
import type { ProgramOutput } from '../program-output.ts'
import { questionOf } from '../verify-options.ts'
import { productionText, withoutAppText } from './drill-text.ts'
import type { RunOptions } from './run.ts'

/** A whole drill on a production that is made for it and thrown away: a rehearsal, which never counts. */
export async function runOnSandbox(
  options: RunOptions,
  app: AppOptions,
  attachments: Attachment[],
  stages: Stages,
  output: ProgramOutput,
  signingKey: KeyObject | undefined,
): Promise<FinishedDrill> {
  const { restoreCmd, fromDump, drill, baseline } = options
  if (restoreCmd !== undefined || fromDump !== undefined || drill !== undefined || baseline !== undefined) {
    throw new CouldNotVerify(
      'the sandbox restores by itself, from its own backup',
      'Leave --restore-cmd, --from-dump, --baseline and --drill out, or name another target.',
    )
  }
  if (app.url) throw new CouldNotVerify('the sandbox has an app of its own', 'Leave --app-url out.')
  return await withThrowAwayProduction(stages, async (sandbox) => {
    const { production, failedAt } = sandbox
    const plan = {
      ticket: options.ticket ?? 'SANDBOX',
      owners: {
        lead: options.lead ?? 'lead of the rehearsal',
        db_owner: options.dbOwner ?? 'database owner of the rehearsal',
        app_owner: options.appOwner ?? 'app owner of the rehearsal',
      },
      method: options.method ?? 'pitr',
      targetName: throwAwayTarget,
      isSandbox: true,
      failurePoint: options.failurePoint ?? failedAt,
      restorePoint: options.restorePoint ?? null,
      production,
      baselineFile: undefined,
    }
    const { id } = await startDrill(plan, stages, (check) => output.stderr(`${productionText(check)}\n`))
    const missing = withoutAppText(readDrill(id), app.url !== false)
    if (missing !== null) output.stderr(`${missing}\n`)
    const abandon = (signal: NodeJS.Signals) => {
      // Its databases go with us: nobody could go on with it.
      if (readDrill(id).state.record.state === 'open') {
        tell(id, { event: 'aborted', at: nowText(), why: `interrupted by ${signal}` })
      }
      return false
    }
    return await whileInterruptible(abandon, async () => {
      let target = production
      const restore = () =>
        restoreInDrill(id, { file: null, option: '--target sandbox' }, async (began) => {
          began(process.pid)
          target = await sandbox.restore()
          return { exit_code: 0, signal: null, problem: null, errors: null }
        })
      const question = async () => ({
        ...questionOf(options, undefined, { target, production }, app),
        failurePoint: undefined,
        restorePoint: undefined,
        baselineFile: undefined,
        attachments,
      })
      return await runDrill(id, { production, restore, question, signingKey }, stages)
    })
  })
}
