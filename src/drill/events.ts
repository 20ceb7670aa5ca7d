// The lines of a drill's journal. docs/drill.md describes each; a line that is none of them is refused.

import * as z from 'zod'
import { drillIdPattern } from './drill-id.ts'
import { methods } from './record.ts'

/** Written by us: UTC. */
const at = z.iso.datetime()
/** From a database or a person: any offset. */
const moment = z.iso.datetime({ offset: true })
const label = z.string().min(1).max(200)
const seconds = z.number()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)
/** As the writer of proofs takes it: nothing of it leads out of its folder. */
const attachmentPath = z.string().regex(/^\w[\w.-]*(\/\w[\w.-]*)*$/)

const policies = z.strictObject({
  rto: seconds.nullable(),
  rpo: seconds.nullable(),
  clock_skew: seconds.nullable(),
})
const finding = z.strictObject({
  check_name: z.string().min(1),
  object_name: z.string().nullable(),
  status: z.enum(['fail', 'error']),
  detail: z.string(),
  hint: z.string().nullable(),
})
const counts = z.strictObject({
  pass: z.int(),
  warn: z.int(),
  fail: z.int(),
  skip: z.int(),
  error: z.int(),
  waived: z.int(),
})
/** It becomes part of a path. */
const folderName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/)
const previous = z.strictObject({ drill_id: folderName, proof_sha256: sha256 })

export const drillEvent = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('started'),
    format: z.literal('pgdrill-journal'),
    format_version: z.literal(1),
    at,
    drill_id: z.string().regex(drillIdPattern),
    tool_version: z.string(),
    ticket: label,
    owners: z.strictObject({ lead: label, db_owner: label, app_owner: label }),
    method: z.enum(methods),
    target_name: z.string().regex(/^[a-z][a-z0-9_-]*$/i),
    is_sandbox: z.boolean(),
    failure_point: moment.nullable(),
    restore_point: moment.nullable(),
  }),
  /** What production said of itself, or why it said nothing. */
  z.strictObject({
    event: z.literal('production_checked'),
    at,
    is_reachable: z.boolean(),
    problem: z.string().nullable(),
    schema_version: z.string().nullable(),
    heartbeat_age: seconds.nullable(),
    baseline_age: seconds.nullable(),
    clock_skew: seconds.nullable(),
    is_sandbox: z.boolean(),
    is_app_required: z.boolean().nullable(),
    follow_up_due: seconds.nullable(),
    policies: policies.nullable(),
  }),
  /** The baseline to verify against; policies: those of a baseline file, for when production cannot be asked. */
  z.strictObject({
    event: z.literal('baseline_chosen'),
    at,
    baseline_id: z.uuid(),
    captured_at: moment,
    /** In the drill's folder. */
    file: fileName,
    is_captured: z.boolean(),
    /** Somebody named it: it counts for more than one that travelled in the copy. */
    is_given: z.boolean(),
    policies,
  }),
  z.strictObject({
    event: z.literal('restore_started'),
    at,
    moment,
    is_by_hand: z.boolean(),
    /** Of the process that restores; null when it is not ours. */
    pid: z.int().positive().nullable(),
    /** Tells that process from a later one with its number. */
    process_started: z.string().nullable(),
  }),
  z.strictObject({
    event: z.literal('restore_ended'),
    at,
    moment,
    is_by_hand: z.boolean(),
    exit_code: z.int().nullable(),
    signal: z.string().nullable(),
    problem: z.string().nullable(),
    /** It is restored, but for this. */
    errors: z.string().nullable(),
    log: fileName.nullable(),
  }),
  z.strictObject({
    event: z.literal('points_given'),
    at,
    failure_point: moment.nullable(),
    restore_point: moment.nullable(),
  }),
  z.strictObject({ event: z.literal('verify_started'), at }),
  z.strictObject({
    event: z.literal('verified'),
    at,
    verification_id: folderName,
    file: fileName,
    sha256,
    started_at: moment,
    finished_at: moment,
    recovery_point: moment.nullable(),
    baseline_id: z.uuid().nullable(),
    is_sandbox: z.boolean(),
    is_app_asked: z.boolean(),
    clock_skew: seconds.nullable(),
    /** Screenshots and the like, in a folder with the name of the verification. */
    attachments: z.array(z.strictObject({ path: attachmentPath, sha256 })),
    counts,
    findings: z.array(finding),
  }),
  /** How the drill ends, decided before its proof is written. */
  z.strictObject({ event: z.literal('finishing'), at, previous: previous.nullable() }),
  z.strictObject({ event: z.literal('proof_written'), at, sha256 }),
  z.strictObject({ event: z.literal('recorded'), at }),
  z.strictObject({ event: z.literal('aborted'), at, why: z.string().min(1).max(2000) }),
  z.strictObject({
    event: z.literal('noted'),
    at,
    by: label,
    text: z.string().min(1).max(10_000),
    check_name: z.string().nullable(),
    object_name: z.string().nullable(),
  }),
  /** The line before this one was cut off when its writer died. */
  z.strictObject({ event: z.literal('line_lost'), at }),
])

export type DrillEvent = z.infer<typeof drillEvent>
export type EventNamed<Name extends DrillEvent['event']> = Extract<DrillEvent, { event: Name }>
