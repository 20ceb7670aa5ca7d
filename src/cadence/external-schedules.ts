// The jobs for schedulers outside of the database, as text to be put into place by a person. No URL and no password is in
// them: those come from .env, from a service of libpq, or from the secrets of the runner.

import { targetVariable } from '../database/targets.ts'
import { type Job, jobs } from './jobs.ts'

export const externalKinds = ['crontab', 'systemd', 'github'] as const
export type ExternalKind = (typeof externalKinds)[number]

/** The lines for one scheduler. @param directory where pgdrill runs and .env is */
export function externalSchedule(kind: ExternalKind, target: string, directory: string): string {
  return { crontab, systemd, github }[kind](target, directory)
}

/** In single quotes where the shell would read more into it. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

function commandOf(job: Job, target: string): string {
  const words = job.program?.(target)
  if (words !== undefined) return ['npx', ...words].map(quote).join(' ')
  // By service: a URL on the command line could be read by every user of the machine.
  return ['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', `service=${target}`, '-c', job.statement]
    .map(quote)
    .join(' ')
}

function crontab(target: string, directory: string): string {
  return `${[
    `# crontab -e; before: ${targetVariable(target)} in ${directory}/.env, the service ${target} of psql in ~/.pg_service.conf, its password in ~/.pgpass.`,
    'CRON_TZ=UTC',
    ...jobs.flatMap((job) => [
      `# ${job.name}: ${job.words}`,
      `${job.schedule}  cd ${cronText(quote(directory))} && ${cronText(commandOf(job, target))}`,
    ]),
  ].join('\n')}\n`
}

/** In a crontab a percent sign is a line end. */
function cronText(command: string): string {
  return command.replaceAll('%', '\\%')
}

function systemd(target: string, directory: string): string {
  const calendars: Record<string, string> = {
    'pgdrill-heartbeat': '*-*-* *:*:00 UTC',
    'pgdrill-baseline': '*-*-* 03:17:00 UTC',
    'pgdrill-cadence': '*-*-* 06:47:00 UTC',
  }
  // In a unit a percent sign begins a specifier.
  const text = (command: string) => command.replaceAll('%', '%%')
  return jobs
    .map((job) =>
      [
        `# /etc/systemd/system/${job.name}.service: ${job.words}`,
        '[Unit]',
        `Description=${job.name} of ${target}`,
        '[Service]',
        'Type=oneshot',
        'User=pgdrill',
        `WorkingDirectory=${text(directory)}`,
        `ExecStart=/usr/bin/env ${text(commandOf(job, target))}`,
        '',
        `# /etc/systemd/system/${job.name}.timer; then: systemctl enable --now ${job.name}.timer`,
        '[Timer]',
        `OnCalendar=${calendars[job.name]}`,
        'AccuracySec=1s',
        'Persistent=true',
        '[Install]',
        'WantedBy=timers.target',
        '',
      ].join('\n'),
    )
    .join('\n')
}

function github(target: string): string {
  const variable = targetVariable(target)
  const daily = jobs.filter((job) => job.program !== null)
  return `${[
    '# .github/workflows/pgdrill-daily.yml. Not for the heartbeat: GitHub starts jobs every five minutes at most, and often late.',
    'name: pgdrill daily',
    'on:',
    '  schedule:',
    ...daily.map((job) => `    - cron: "${job.schedule}"`),
    '  workflow_dispatch:',
    'permissions:',
    '  contents: read',
    'jobs:',
    ...daily.flatMap((job) => [
      `  ${job.name.slice('pgdrill-'.length)}:`,
      `    if: github.event.schedule == null || github.event.schedule == '${job.schedule}'`,
      '    runs-on: ubuntu-latest',
      '    timeout-minutes: 120',
      '    env:',
      `      ${variable}: \${{ secrets.${variable} }}`,
      '    steps:',
      '      - uses: actions/checkout@v4',
      '      - uses: actions/setup-node@v4',
      '        with:',
      '          node-version: 20',
      '      - run: npm ci',
      `      - run: ${commandOf(job, target)}`,
    ]),
  ].join('\n')}\n`
}
