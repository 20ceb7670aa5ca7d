import { generateKeyPairSync } from 'node:crypto'
import { Command } from 'commander'
import { writeKeyPair } from '../../proof/key-files.ts'
import { keyId } from '../../proof/signature.ts'
import type { ProgramOutput } from '../program-output.ts'

const help = `
The private key signs proofs: keep it where only the one who runs drills can read it. The public key, FILE.pub, checks
them: give it to whoever checks proofs.

Exit codes: 0 made, 2 not.

Example:
  pgdrill report keygen --out ~/.config/pgdrill/proof-key.pem`

/** pgdrill report keygen */
export function reportKeygenCommand(output: ProgramOutput): Command {
  return new Command('keygen')
    .description('make an ed25519 key to sign proofs with')
    .requiredOption('-o, --out <file>', 'where the private key is written; the public one beside it, as FILE.pub')
    .addHelpText('after', help)
    .action(({ out }: { out: string }) => {
      const { privateKey } = generateKeyPairSync('ed25519')
      writeKeyPair(out, privateKey)
      output.stdout(`${keyId(privateKey)}  ${out}.pub\n`)
    })
}
