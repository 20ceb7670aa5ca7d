import { Command, Option } from 'commander'
import { type ExternalKind, externalKinds, externalSchedule } from '../cadence/external-schedules.ts'
import { type Schedule, scheduleJobs } from '../cadence/schedule.ts'
import { CouldNotVerify } from '../could-not-verify.ts'
import { findTarget, lookUpTarget } from '../database/targets.ts'
import { toolVersion } from '../project-files.ts'
import { plainLine } from '../terminal/plain-text.ts'
import type { ProgramOutput } from './program-output.ts'
import { formatOption, targetOption } from './shared-options.ts'

interface Options {
  target?: string
  apply?: true
  for: 'auto' | 'pg_cron' | ExternalKind
  format: 'text' | 'json'
}

const help = `
Three jobs: a heartbeat each minute, a baseline each day, and each day a check of the cadence that fails when an obligation
of the plan is due, broken or unknown. With pg_cron in the target it prints SQL, or installs with --apply what is missing;
a schedule that you changed is kept. The jobs run as the owner of the schema drill, never as a superuser if that owner is
none. Without pg_cron it prints the lines for crontab, systemd timers and GitHub Actions, for you to put into place.

Exit codes: 0 printed, or installed; 2 could not.

Examples:
  pgdrill schedule --target production                  what there is, and the statements for what is missing
  pgdrill schedule --target production --apply          install it in pg_cron
  pgdrill schedule --target production --for crontab    the lines for another scheduler; asks no database
  pgdrill schedule --target production --format json`

/** pgdrill schedule: prints or installs the jobs that keep the plan. */
export function scheduleCommand(output: ProgramOutput): Command {
  return new Command('schedule')
    .addOption(targetOption())
    .option('--apply', 'install the jobs in pg_cron of production')
    .addOption(
      new Option('--for <scheduler>', 'for which scheduler; auto: pg_cron where it is, else all others')
        .choices(['auto', 'pg_cron', ...externalKinds])
        .default('auto'),
    )
    .addOption(formatOption())
    .addHelpText('after', help)
    .action(async (options: Options) => {
      const external = externalKinds.find((kind) => kind === options.for)
      if (external !== undefined) {
        if (options.apply)
          throw new CouldNotVerify(`--apply installs in pg_cron alone, not for ${external}`, 'Leave one of them out.')
        const name = options.target ?? 'production'
        // Only the name is needed: the lines are for another machine, perhaps.
        lookUpTarget(name)
        output.stdout(printExternal([external], name, options.format))
        return
      }
      const target = findTarget(options.target)
      const schedule = await scheduleJobs(target, options.apply === true)
      const isHere = schedule.place.standing !== 'missing'
      if (options.format === 'json') output.stdout(json(schedule))
      else if (isHere || options.for === 'pg_cron') output.stdout(script(schedule))
      else
        output.stdout(
          `# The target ${target.name}${schedule.target.is_sandbox ? ' (SANDBOX)' : ''} has no pg_cron.\n${printExternal(externalKinds, target.name, 'text')}`,
        )
      if (options.apply) output.stderr(`${summary(schedule)}\n`)
    })
}

function printExternal(kinds: readonly ExternalKind[], target: string, format: 'text' | 'json'): string {
  const texts = kinds.map((kind) => [kind, externalSchedule(kind, target, process.cwd())] as const)
  if (format === 'json') return `${JSON.stringify(Object.fromEntries(texts), null, 2)}\n`
  if (texts.length === 1) return texts[0]?.[1] ?? ''
  return texts.map(([kind, text]) => `\n# ---- ${kind} ----\n${text}`).join('')
}

/** Pure SQL, for psql. */
function script({ target, place, jobs, is_applied: isApplied }: Schedule): string {
  const named = `target ${target.name}${target.is_sandbox ? ' (SANDBOX)' : ''}`
  const where = {
    here: `${named}, ${plainLine(target.url)}`,
    not_created: `${named}: pg_cron is loaded, and has to be created first, as a superuser`,
    elsewhere: `${named}: pg_cron keeps the jobs of this server in ${place.home === null ? 'the database that cron.database_name names' : `the database ${plainLine(place.home)}`}: run this there, as a superuser`,
    missing: `${named} has no pg_cron: this is for when it has`,
  }[place.standing]
  const role = `the jobs run as ${plainLine(place.runs_as)}${place.is_superuser ? ', a superuser: better a role that only owns what it reads' : ''}`
  const lines = [`-- pgdrill schedule: ${where}; ${role}.`]
  if (place.standing === 'not_created' || place.standing === 'missing') lines.push('create extension pg_cron;')
  for (const job of jobs) {
    lines.push('', `-- ${job.name} (${job.schedule}): ${job.words}; ${job.standing}.`)
    lines.push(...job.statements.map((statement) => `${statement};`))
  }
  if (isApplied && jobs.every((job) => job.standing === 'installed')) {
    lines.push('', '-- How they went: select * from cron.job_run_details order by start_time desc limit 10;')
  }
  return `${lines.join('\n')}\n`
}

function summary({ target, place, jobs }: Schedule): string {
  const installed = jobs.filter((job) => job.standing === 'installed').length
  return `${installed} of ${jobs.length} jobs are installed in ${target.name} and run as ${plainLine(place.runs_as)}`
}

function json(schedule: Schedule): string {
  const document = { format: 'pgdrill-schedule', format_version: 1, tool_version: toolVersion(), ...schedule }
  return `${JSON.stringify(document, null, 2)}\n`
}
