import { Command } from 'commander'
import { reportHtml } from '../../proof/html/report.ts'
import { readProof } from '../../proof/read-proof.ts'
import { writeWhole } from '../../write-whole.ts'
import type { ProgramOutput } from '../program-output.ts'

const help = `
A proof has its report.html already; this makes it anew from proof.json, such as after an update of pgdrill.

Exit codes: 0 made, 2 the proof cannot be read.

Example:
  pgdrill report html verify/proofs/20261123T043000Z-restore-1a2b --out report.html`

/** pgdrill report html */
export function reportHtmlCommand(output: ProgramOutput): Command {
  return new Command('html')
    .description('make the HTML report of a proof anew')
    .argument('<directory>', 'folder of the proof')
    .option('-o, --out <file>', 'where it is written (default: stdout)')
    .addHelpText('after', help)
    .action((directory: string, { out }: { out?: string }) => {
      const html = reportHtml(readProof(directory))
      if (out === undefined) output.stdout(html)
      else {
        writeWhole(out, html)
        output.stderr(`report: ${out}\n`)
      }
    })
}
