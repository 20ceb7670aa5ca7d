// make build: bundles src/ with the packages that it uses into dist/. The program starts in half the time that way, as
// Node looks for hundreds of files less; what a command needs alone is in files of its own, loaded when it is called.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const outdir = join(root, 'dist')

rmSync(outdir, { recursive: true, force: true })
const { metafile } = await build({
  absWorkingDir: root,
  // All files lie in dist/ itself: the program finds sql/ and migrations/ beside that folder.
  entryPoints: ['src/bin.ts', 'src/index.ts'],
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Not shipped: loaded from where the user installed it, by --browser alone.
  external: ['playwright-core'],
  // Some packages are CommonJS and ask for parts of Node.
  banner: {
    js: "import { createRequire as createBundleRequire } from 'node:module'\nconst require = createBundleRequire(import.meta.url)",
  },
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
})

const packages = new Set<string>()
for (const input of Object.keys(metafile.inputs)) {
  const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]
  if (folder !== undefined) packages.add(folder)
}
writeFileSync(
  join(outdir, 'THIRD-PARTY-LICENSES.txt'),
  [...packages]
    .sort()
    .map(licenceOf)
    .join(`\n${'-'.repeat(80)}\n\n`),
)

/** Licences demand that their text goes where the code goes. */
function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
  const files = readdirSync(join(root, folder))
  const read = (file: string) => readFileSync(join(root, folder, file), 'utf8')
  const file = files.find((one) => /^(un)?licen[cs]e/i.test(one))
  const readme = files.find((one) => /^readme/i.test(one))
  const said =
    file !== undefined ? read(file) : readme === undefined ? null : /^#+ licen[cs]e[\s\S]+/im.exec(read(readme))?.[0]
  // Who gave up all rights asks for nothing.
  if (!said && license !== 'Unlicense') throw new Error(`${folder} does not say its licence`)
  const text = said ? `\n${said.trim()}\n` : ''
  return `${name} ${version}, licence ${license}\n${text}`
}
