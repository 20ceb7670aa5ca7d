import { Command } from 'commander'
import pc from 'picocolors'
import { type ProofFormat, proofFormats, renderProof } from '../../proof/formats.ts'
import { proofText } from '../../proof/proof-text.ts'
import { readProof } from '../../proof/read-proof.ts'
import type { ProgramOutput } from '../program-output.ts'
import { formatOption } from '../shared-options.ts'

const help = `
What is shown is made anew from proof.json; whether that is as it was written says pgdrill report verify.

Exit codes: 0 shown, whatever its verdict; 2 the proof cannot be read.

Examples:
  pgdrill report show verify/proofs/20261123T043000Z-restore-1a2b
  pgdrill report show verify/proofs/20261123T043000Z-restore-1a2b --format junit > junit.xml`

/** pgdrill report show */
export function reportShowCommand(output: ProgramOutput): Command {
  return new Command('show')
    .description('show a proof, in any format')
    .argument('<directory>', 'folder of the proof')
    .addOption(formatOption(proofFormats))
    .option('-v, --verbose', 'list every pass and what is not applicable, too')
    .addHelpText('after', help)
    .action((directory: string, { format, verbose }: { format: ProofFormat; verbose?: true }) => {
      const proof = readProof(directory)
      output.stdout(
        format === 'text'
          ? proofText(proof, pc.createColors(output.isColored), verbose === true)
          : renderProof(proof, format),
      )
    })
}
