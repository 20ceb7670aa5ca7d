// The sandbox's app on a clone of the restored copy, and the question to ask it.

import type { CheckResult } from '../../src/database/contract.ts'
import type { AppQuestion } from '../../src/probes/app-question.ts'
import type { Attachment } from '../../src/probes/attachment.ts'
import { type AppFault, makeAppKeys, type SandboxApp, startSandboxApp } from '../../src/sandbox/app.ts'
import { appAt } from '../probes/app.ts'
import type { Scratch } from '../support/databases.ts'

/** A signing key of the app that must never be seen again. */
export const canary = 'sig_C4naryC4naryC4nary'

export interface Started {
  app: SandboxApp
  question: AppQuestion
  attachments: Attachment[]
}

/** The app on a database, and the question to ask it; production's app is known and is another. */
export async function start(
  database: Scratch,
  fault?: AppFault,
  environment: Record<string, string> = {},
): Promise<Started> {
  const keys = { ...makeAppKeys(), current: canary }
  const app = await startSandboxApp(database.cluster, database.target.connection.database, { keys, fault })
  const attachments: Attachment[] = []
  const known = { QSTASH_CURRENT_SIGNING_KEY: keys.current, QSTASH_NEXT_SIGNING_KEY: keys.next, ...environment }
  const question = {
    ...appAt(new URL(app.url), known),
    production: new URL('http://127.0.0.1:9'),
    attach: (attachment: Attachment) => void attachments.push(attachment),
  }
  return { app, question, attachments }
}

export const ofApp = (rows: CheckResult[]) => rows.filter((row) => row.check_name.startsWith('app'))
