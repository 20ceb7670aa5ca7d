// What `npm pack` makes is what people install: nothing but what is needed, and it runs without our tools.

import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as assert from 'uvu/assert'
import { projectFile } from '../../src/project-files.ts'
import { sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('package/pack')
const run = promisify(execFile)

const place = mkdtempSync(join(tmpdir(), 'pgdrill-pack-'))
let files: string[] = []
let tarball = ''

test.before(async () => {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', place], { cwd: projectFile() })
  // What the preparation prints may stand before it.
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as { filename: string; files: { path: string }[] }[]
  files = packed?.files.map(({ path }) => path) ?? []
  tarball = join(place, packed?.filename ?? '')
  writeFileSync(join(place, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  // The one package that it needs is in npm's cache, since this project was installed.
  await run(
    'npm',
    ['install', '--omit=optional', '--omit=peer', '--prefer-offline', '--no-audit', '--no-fund', tarball],
    {
      cwd: place,
    },
  )
})
test.after(() => rmSync(place, { recursive: true, force: true }))

test('holds what is run and read, and nothing else', () => {
  const wanted =
    /^(dist\/([\w-]+\.js|THIRD-PARTY-LICENSES\.txt|types\/[\w/-]+\.d\.ts)|migrations\/\d{4}_\w+\.sql|sql\/([\w/]+\.sql|(manifest|privileges)\.json)|verify\/\w+\.sql|src\/[\w/-]+\.(sql|json)|(docs|scripts)\/[\w/.-]+|README\.md|CHANGELOG\.md|LICENSE|package\.json)$/
  assert.equal(
    files.filter((file) => !wanted.test(file)),
    [],
  )
  for (const file of [
    'dist/bin.js',
    'dist/index.js',
    'dist/types/index.d.ts',
    'sql/manifest.json',
    'verify/assert.sql',
  ]) {
    assert.ok(files.includes(file), `${file} is missing`)
  }
  for (const name of readdirSync(projectFile('migrations'))) assert.ok(files.includes(`migrations/${name}`), name)
})

test('is under 2 MB', () => {
  assert.ok(statSync(tarball).size < 2_000_000, `${statSync(tarball).size} bytes`)
})

test('brings no package but the one that its types name', () => {
  const names = readdirSync(join(place, 'node_modules')).filter((name) => !name.startsWith('.'))
  assert.equal(names.sort(), ['pgdrill', 'zod'])
})

test('runs in an empty project', async () => {
  const { stdout } = await run('npx', ['--no-install', 'pgdrill', '--help'], { cwd: place })
  assert.match(stdout, 'Exit codes, the same for every command')
})

test('verifies a database as a program and as a library', async () => {
  const { production, restore } = await sandboxClusters()
  const [url, productionUrl] = [restore.url('opsmantik'), production.url('opsmantik')]
  const env = { ...process.env, RESTORE_DATABASE_URL: url, PRODUCTION_DATABASE_URL: productionUrl }
  const program = await run('npx', ['--no-install', 'pgdrill', 'verify', '--target', 'restore', '--depth', 'quick'], {
    cwd: place,
    env,
  })
  assert.match(program.stdout, 'PASS')

  writeFileSync(
    join(place, 'use.js'),
    `import { verify, CouldNotVerify } from 'pgdrill'
    const [url, productionUrl] = process.argv.slice(2)
    const { verdict, results } = await verify({ url, productionUrl, depth: 'quick' })
    const refused = await verify({ url: 'http://x' }).catch((error) => error instanceof CouldNotVerify)
    console.log(JSON.stringify({ verdict: verdict.status, some: results.length > 20, refused }))`,
  )
  const library = await run(process.execPath, [join(place, 'use.js'), url, productionUrl])
  assert.equal(JSON.parse(library.stdout), { verdict: 'verified', some: true, refused: true })
})

test('tells its types', async () => {
  writeFileSync(
    join(place, 'use.ts'),
    `import { type CheckResult, CouldNotVerify, type Verification, verify } from 'pgdrill'
    const found: Verification = await verify({ url: 'postgresql://x', depth: 'full', jobs: 2 })
    const rows: CheckResult[] = found.results
    const code: 0 | 1 | 2 = found.verdict.exit_code
    // @ts-expect-error: there is no such depth
    await verify({ url: 'postgresql://x', depth: 'deep' })
    // @ts-expect-error: what the baseline holds is typed, too
    const wrong: number = found.baseline?.document.captured_at
    console.log(rows.length, code, wrong, CouldNotVerify)`,
  )
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node']
  await run(
    projectFile('node_modules', '.bin', 'tsc'),
    [...options, '--ignoreConfig', '--typeRoots', projectFile('node_modules', '@types'), join(place, 'use.ts')],
    { cwd: place },
  ).catch(({ stdout }) => assert.unreachable(stdout))
})

test.run()
