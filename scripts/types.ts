// make types: writes into dist/types/ the declarations that src/index.ts needs, and no others, for those who import pgdrill.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const root = join(import.meta.dirname, '..')
const from = join(root, 'build', 'types')
const to = join(root, 'dist', 'types')

rmSync(from, { recursive: true, force: true })
rmSync(to, { recursive: true, force: true })
execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', join(root, 'tsconfig.types.json')], { stdio: 'inherit' })

const wanted = [join(from, 'index.d.ts')]
for (const file of wanted) {
  const text = readFileSync(file, 'utf8')
  for (const [, specifier = ''] of text.matchAll(/from '(\.[^']*)\.ts'/g)) {
    const found = join(dirname(file), `${specifier}.d.ts`)
    if (!wanted.includes(found)) wanted.push(found)
  }
  const place = join(to, relative(from, file))
  mkdirSync(dirname(place), { recursive: true })
  // Not every compiler takes the ending .ts in a declaration for that of a declaration.
  writeFileSync(place, text.replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'"))
}
console.error(`wrote ${wanted.length} declarations`)
