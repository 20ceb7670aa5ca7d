import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { withDatabase } from '../../database/connect.ts'
import { listMissingGrants } from '../../database/facts.ts'
import { requireSchema } from '../../database/installed-schema.ts'
import { findTarget } from '../../database/targets.ts'
import { projectFile } from '../../project-files.ts'
import type { ProgramOutput } from '../program-output.ts'
import { targetOption } from '../shared-options.ts'

const help = `
Prints SQL for an administrator and changes nothing. Without --target: the roles themselves, for before the installation.

Exit codes: 0 printed, or nothing is missing; 2 could not look.

Examples:
  pgdrill migrate roles | psql -X -v ON_ERROR_STOP=1 "$ADMINISTRATOR_URL"
  pgdrill migrate roles --target production | psql -X -1 -v ON_ERROR_STOP=1 "$ADMINISTRATOR_URL"
  pgdrill migrate roles --target restore --role verifier      what the role verifier still lacks to verify`

/** pgdrill migrate roles */
export function migrateRolesCommand(output: ProgramOutput): Command {
  return new Command('roles')
    .description('print what an administrator runs so that a role without other rights can verify')
    .addOption(targetOption())
    .option('--role <name>', 'the role that verifies', 'drill_reader')
    .addHelpText('after', help)
    .action(async ({ target: name, role }: { target?: string; role: string }) => {
      if (name === undefined) {
        output.stdout(file('create_drill_roles.sql'))
        return
      }
      const target = findTarget(name)
      const missing = await withDatabase(target, { isCopy: true }, async (database) => {
        await requireSchema(database, target)
        return await listMissingGrants(database, role)
      })
      if (missing.length === 0) {
        output.stderr(`nothing to do: ${role} has all that the checks of ${name} need\n`)
        return
      }
      // Harmless to repeat, and needed when the one who installed could not make the roles.
      const isWithoutRoles = missing.some((grant) => grant.needed_by === 'every check')
      const roles = isWithoutRoles ? [file('create_drill_roles.sql'), file('grant_to_drill_roles.sql')] : []
      const others = missing.filter(({ statement }) => !isOfFiles.test(statement))
      const parts = [...new Set(others.map((grant) => grant.needed_by))].map((neededBy) =>
        [
          `-- ${neededBy}${remarks[neededBy] ?? ''}`,
          ...others.filter((grant) => grant.needed_by === neededBy).map((grant) => `${grant.statement};`),
        ].join('\n'),
      )
      output.stdout(`${[...roles, ...parts].join('\n')}\n`)
    })
}

const remarks: Record<string, string> = {
  guards_fire:
    ': it writes probe rows and takes them back. Leave this out if the role must not write: the check is an error then',
}

/** What the files of sql/roles do themselves. */
const isOfFiles = /^(create role drill_(reader|owner) nologin|grant usage on schema drill to drill_(reader|owner))$/

function file(name: string): string {
  return readFileSync(projectFile('sql', 'roles', name), 'utf8')
}
