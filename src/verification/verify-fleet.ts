import { randomBytes } from 'node:crypto'
import { type Explanation, explainError } from '../explain-error.ts'
import type { Attachment } from '../probes/attachment.ts'
import { toolVersion } from '../project-files.ts'
import { judgeFleet } from '../rules/fleet-verdict.ts'
import type { Verdict } from '../rules/verdict.ts'
import { Stages } from '../terminal/stages.ts'
import { type Question, type Verification, verifyTarget } from '../verification/verify-target.ts'

/** One database of several, and where what its app answers goes. */
export interface FleetQuestion {
  name: string
  /** Made when its turn comes: what is wrong with one target must not keep the others from being looked at. */
  ask: (attachments: Attachment[]) => Question
}

/** What became of one target; problem says why there is no verification. */
export interface Member {
  target: string
  verification: Verification | null
  problem: Explanation | null
  attachments: Attachment[]
}

/** Several databases verified together. Times are ISO text. */
export interface Fleet {
  fleet_id: string
  tool_version: string
  started_at: string
  finished_at: string
  /** In the order in which they were named. */
  members: Member[]
  verdict: Pick<Verdict, 'status' | 'exit_code'>
}

/**
 * Verifies several databases, some at a time; one that cannot be looked at does not keep the others from it.
 * @param parallel how many at a time, at least 1
 * @param tell is told of each as it begins and ends
 */
export async function verifyFleet(
  questions: readonly FleetQuestion[],
  parallel: number,
  tell: (text: string) => void,
): Promise<Fleet> {
  const startedAt = new Date()
  const members: Member[] = []
  const waiting = [...questions.entries()]
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, question] = next
      tell(`${question.name}: verifying`)
      const member = await verifyMember(question)
      members[index] = member
      tell(`${question.name}: ${member.verification?.verdict.status.replaceAll('_', ' ') ?? member.problem?.message}`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, questions.length) }, work))
  const time = startedAt.toISOString().replace(/[-:]|\.\d+/g, '')
  return {
    fleet_id: `${time}-fleet-${randomBytes(2).toString('hex')}`,
    tool_version: toolVersion(),
    started_at: startedAt.toISOString(),
    finished_at: new Date().toISOString(),
    members,
    verdict: judgeFleet(members.map(({ verification }) => verification?.verdict ?? null)),
  }
}

async function verifyMember({ name, ask }: FleetQuestion): Promise<Member> {
  const attachments: Attachment[] = []
  try {
    const verification = await verifyTarget(ask(attachments), new Stages({ quiet: true }))
    return { target: name, verification, problem: null, attachments }
  } catch (error) {
    return { target: name, verification: null, problem: explainError(error), attachments: [] }
  }
}
