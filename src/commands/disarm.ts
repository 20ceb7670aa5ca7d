import { Command } from 'commander'
import pc from 'picocolors'
import { findTarget, lookUpProductionOf } from '../database/targets.ts'
import { toolVersion } from '../project-files.ts'
import { disarmingExitCode, standingOf, visibleStatement } from '../rules/disarming.ts'
import { plainLine } from '../terminal/plain-text.ts'
import { baselineOfFile } from '../verification/baseline-source.ts'
import { type DisarmedThing, type Disarming, disarmTarget } from '../verification/disarm-target.ts'
import type { ProgramOutput, SetExitCode } from './program-output.ts'
import { formatOption, targetOption } from './shared-options.ts'

interface Options {
  target?: string
  baseline?: string
  apply?: true
  format: 'text' | 'json'
}

const help = `
Without --apply it prints SQL and runs nothing. With --apply it runs each statement by itself, and only when production
was asked and is another database. What the plan lets stay (status skip in drill.isolation_policy) is left alone.

Exit codes: 0 nothing is armed (any more), 1 something is armed, 2 could not look or would not run.

Examples:
  pgdrill disarm --target restore                       what the copy could reach, and what disarms it
  pgdrill disarm --target restore | psql "$RESTORE_DATABASE_URL"
  pgdrill disarm --target restore --apply               run it; PRODUCTION_DATABASE_URL must be reachable
  pgdrill disarm --target restore --format json > outbound.json`

/** pgdrill disarm: SQL on stdout, or what was done. */
export function disarmCommand(output: ProgramOutput, setExitCode: SetExitCode): Command {
  return new Command('disarm')
    .addOption(targetOption())
    .option('--apply', 'run the statements; never on production')
    .option('-b, --baseline <file>', 'baseline of production (default: the newest one inside the target)')
    .addOption(formatOption())
    .addHelpText('after', help)
    .action(async (options: Options) => {
      const baseline = options.baseline === undefined ? undefined : baselineOfFile(options.baseline)
      const target = findTarget(options.target)
      const colors = pc.createColors(output.isErrorColored)
      const question = { target, production: lookUpProductionOf(target), baseline, isApplied: options.apply === true }
      const found = await disarmTarget(question, (thing, error) => {
        // At once: what ran stays done, also when somebody interrupts the rest.
        const mark = error === null ? colors.green('✓') : colors.red('✗')
        output.stderr(`  ${mark} ${nameOf(thing)}${error === null ? '' : `: ${plainLine(error)}`}\n`)
      })
      if (options.format === 'json') output.stdout(json(found))
      else output.stdout(found.isApplied ? report(found) : script(found))
      output.stderr(`${summary(found)}\n`)
      setExitCode(disarmingExitCode(found.things))
    })
}

function nameOf(thing: { object_kind: string; object_name: string }): string {
  return `${thing.object_kind} ${plainLine(thing.object_name)}`
}

function describe(thing: DisarmedThing): string {
  const reaches = thing.reaches === null ? '' : `, reaches ${plainLine(thing.reaches)}`
  const mitigation = thing.mitigation === null ? '' : `; ${plainLine(thing.mitigation)}`
  return `${nameOf(thing)}${reaches}${mitigation}`
}

/** Pure SQL, for psql. Names of the database stay on their comment line, whatever is in them. */
function script({ target, url, isSandbox, notProduction, things }: Disarming): string {
  const lines = [
    `-- pgdrill disarm: target ${target.name}${isSandbox ? ' (SANDBOX)' : ''}, ${plainLine(url)}. Run it only there.`,
    ...(notProduction.status === 'pass' ? [] : [`-- Make sure first: ${plainLine(notProduction.detail)}.`]),
  ]
  for (const thing of things) {
    const more = thing.remark ? ` ${plainLine(thing.remark)}` : ''
    switch (standingOf(thing)) {
      case 'armed':
        lines.push('', `-- ${describe(thing)}.${more}`)
        if (thing.disarming_statements.length === 0) lines.push('-- No statement disarms it.')
        else lines.push(...thing.disarming_statements.map((statement) => `${visibleStatement(statement)};`))
        break
      case 'unknown':
        lines.push('', `-- ${describe(thing)}: could not be looked at: ${plainLine(whyUnknown(thing))}.${more}`)
        break
      case 'left':
        lines.push('', `-- Left alone${thing.policy === 'skip' ? ' by policy' : ''}: ${describe(thing)}.`)
        break
      case 'disarmed':
        break
    }
  }
  if (lines.length <= 2) lines.push('-- Nothing is armed.')
  return `${lines.join('\n')}\n`
}

/** What became of each thing. */
function report({ target, isSandbox, things }: Disarming): string {
  const words = { armed: 'ARMED   ', disarmed: 'disarmed', left: 'left    ', unknown: 'UNKNOWN ' } as const
  const lines = things.map((thing) => {
    const standing = standingOf(thing)
    const why = {
      armed: thing.error ?? thing.remark ?? '',
      unknown: whyUnknown(thing),
      left: thing.policy === 'skip' ? 'by policy' : '',
      disarmed: thing.was_armed === true ? '' : 'it was already',
    }[standing]
    return `${words[standing]} ${describe(thing)}${why === '' ? '' : `: ${plainLine(why)}`}`
  })
  return `${[`pgdrill disarm: target ${target.name}${isSandbox ? ' (SANDBOX)' : ''}`, ...lines].join('\n')}\n`
}

function whyUnknown(thing: DisarmedThing): string {
  return thing.problem ?? `drill.isolation_policy has no row for the kind ${thing.kind}`
}

function summary({ target, isApplied, things }: Disarming): string {
  const count = (standing: string) => things.filter((thing) => standingOf(thing) === standing).length
  const done = things.filter((thing) => thing.was_armed === true && thing.is_armed === false).length
  const unknown = count('unknown') === 0 ? '' : `, ${count('unknown')} could not be looked at`
  return isApplied
    ? `${done} disarmed, ${count('armed')} still armed${unknown}`
    : `${count('armed')} armed${unknown}; nothing was run${count('armed') === 0 ? '' : `: pgdrill disarm --target ${target.name} --apply runs it`}`
}

function json({ target, url, isSandbox, isApplied, notProduction, things }: Disarming): string {
  const document = {
    format: 'pgdrill-disarm',
    format_version: 1,
    tool_version: toolVersion(),
    target: { name: target.name, url, is_sandbox: isSandbox },
    is_applied: isApplied,
    not_production: notProduction,
    exit_code: disarmingExitCode(things),
    objects: things.map((thing) => ({ ...thing, standing: standingOf(thing) })),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
