import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import pc from 'picocolors'
import type { CheckResult } from '../../database/contract.ts'
import { readPublicKey } from '../../proof/signature.ts'
import { statusWords } from '../../proof/statuses.ts'
import { verifyFleetProof } from '../../proof/verify-fleet-proof.ts'
import { verifyProof } from '../../proof/verify-proof.ts'
import { fleetFile } from '../../proof/write-fleet-proof.ts'
import { judge, type Verdict } from '../../rules/verdict.ts'
import { plainLine } from '../../terminal/plain-text.ts'
import type { ProgramOutput, SetExitCode } from '../program-output.ts'
import { formatOption } from '../shared-options.ts'

interface Options {
  publicKey?: string
  previous?: string | boolean
  withoutPrevious?: true
  format: 'text' | 'json'
}

const help = `
Every file must be as SHA256SUMS says, none missing and none added; the signature, where there is one, must be by the key;
the verdict must follow from the results; and the proof before it, which the proof of a drill names, must be as it was.
Whether the restored database was right is another question: pgdrill report show.

Exit codes: 0 as it was written, 1 not as it was written, 2 could not be read, or the proof before it is not there.

Examples:
  pgdrill report verify verify/proofs/20261123T043000Z-restore-1a2b
  pgdrill report verify 20261123T043000Z-restore-1a2b --public-key proof-key.pem.pub --without-previous`

/** pgdrill report verify */
export function reportVerifyCommand(output: ProgramOutput, setExitCode: SetExitCode): Command {
  return new Command('verify')
    .description('check that a proof is as it was written')
    .argument('<directory>', 'folder of the proof')
    .option('--public-key <file>', 'the key that must have signed it: a PEM file, or env:NAME')
    .option('--previous <directory>', 'folder of the proof before it (default: beside it)')
    .option('--without-previous', 'do not look at the proof before it')
    .addOption(formatOption())
    .addHelpText('after', help)
    .action((directory: string, options: Options) => {
      const verifyWritten = existsSync(join(directory, fleetFile)) ? verifyFleetProof : verifyProof
      const results = verifyWritten({
        directory,
        publicKey: options.publicKey === undefined ? undefined : readPublicKey(options.publicKey),
        previous: options.withoutPrevious === true ? null : (options.previous as string | undefined),
      })
      const verdict = judge(results)
      output.stdout(
        options.format === 'json' ? json(directory, results, verdict) : text(directory, results, verdict, output),
      )
      setExitCode(verdict.exit_code)
    })
}

function json(directory: string, results: CheckResult[], verdict: Verdict): string {
  const document = { format: 'pgdrill-report-verification', format_version: 1, directory, results, verdict }
  return `${JSON.stringify(document, null, 2)}\n`
}

function text(directory: string, results: CheckResult[], verdict: Verdict, output: ProgramOutput): string {
  const colors = pc.createColors(output.isColored)
  const paint = {
    pass: colors.green,
    skip: colors.dim,
    warn: colors.yellow,
    waived: colors.yellow,
    fail: colors.red,
    error: colors.red,
  }
  const lines = results.flatMap(({ check_name, status, detail, hint }) => [
    `  ${paint[status](statusWords[status])}  ${check_name}: ${plainLine(detail)}`,
    ...(hint === null || status === 'pass' ? [] : [`    to do: ${plainLine(hint)}`]),
  ])
  const words = {
    verified: `PASS ${directory}: the proof is as it was written`,
    failed: `FAIL ${directory}: the proof is not as it was written, first: ${results.find(({ status }) => status === 'fail')?.detail}`,
    could_not_verify: `COULD NOT VERIFY ${directory}: ${results.find(({ status }) => status === 'error')?.detail}`,
  }
  const color = verdict.exit_code === 0 ? colors.green : colors.red
  return `${[...lines, '', color(colors.bold(plainLine(`${words[verdict.status]} (exit ${verdict.exit_code})`)))].join('\n')}\n`
}
