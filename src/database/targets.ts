import { parseEnv } from 'node:util'
import { CouldNotVerify } from '../could-not-verify.ts'
import { mostSettingsBytes, readOutside } from '../outside-text.ts'
import { type ConnectionSettings, parseConnectionUrl } from './connection-url.ts'

/** A named database and where its URL came from. */
export interface Target {
  name: string
  /** Environment variable that holds, or would hold, its URL. */
  variable: string
  /** Such as "the environment", ".env" or "the sandbox". */
  configuredBy: string
  connection: ConnectionSettings
  /** Further settings that came with it; undefined: they are looked up like its URL. */
  setting?: Setting
}

/** File in which `pgdrill sandbox up` leaves the URLs of its two databases. */
export const sandboxTargetsFile = '.sandbox/targets.env'

/** What Target.configuredBy says of a database of the sandbox. */
const theSandbox = 'the sandbox'

/** The environment variable of a target: restore -> RESTORE_DATABASE_URL. */
export function targetVariable(name: string): string {
  return `${name.toUpperCase().replaceAll('-', '_')}_DATABASE_URL`
}

/**
 * Finds the database of a target: the environment, then .env, then a running sandbox.
 * @param name as given by the user; undefined or empty is an error, never a default
 * @throws CouldNotVerify when the name is no name or no URL is configured
 */
export function findTarget(name: string | undefined): Target {
  if (name === undefined || name === '') {
    throw new CouldNotVerify(
      'no target was named',
      'Name one: --target restore (with make: TARGET=restore); its URL goes into RESTORE_DATABASE_URL. To try it out: make verify TARGET=sandbox.',
    )
  }
  const target = lookUpTarget(name)
  if (target === undefined && name === 'sandbox') {
    throw new CouldNotVerify(
      'TARGET=sandbox is for verify alone: that sandbox is gone when it ends',
      'Start one that stays up (make sandbox); its databases are the targets production and restore.',
    )
  }
  if (target === undefined) {
    throw new CouldNotVerify(
      `the target ${name} is not configured: ${targetVariable(name)} is not set`,
      `Set ${targetVariable(name)}=postgresql://... in the environment or in .env, or start the sandbox (make sandbox).`,
    )
  }
  return target
}

/** Like findTarget, but gives undefined when the target is not configured. */
export function lookUpTarget(name: string): Target | undefined {
  if (!/^[a-z][a-z0-9_-]*$/i.test(name)) {
    // A URL has a password in it, which ends where nobody can tell when it has blanks.
    const given = /[:@/]/.test(name) ? 'what was given' : JSON.stringify(name)
    throw new CouldNotVerify(
      `${given} is not the name of a target`,
      'A name has letters, digits, - and _, such as restore; give the URL in its environment variable, not here.',
    )
  }
  const variable = targetVariable(name)
  for (const [configuredBy, values] of sources()) {
    const url = values[variable]
    if (url !== undefined && url !== '') {
      return { name, variable, configuredBy, connection: parseConnectionUrl(url, variable) }
    }
  }
  return undefined
}

/** Gives the value of an environment variable; undefined when it is not set, or empty. */
export type Setting = (variable: string) => string | undefined

/**
 * Where further settings of a target are looked up: the environment, then .env. Those of a sandbox are in its own file
 * alone, so that its copy is never asked with the keys of somebody's own, nor the other way round.
 */
export function settingsFor(target: Target): Setting {
  if (target.setting !== undefined) return target.setting
  const sources =
    target.configuredBy === theSandbox ? [readEnvFile(sandboxTargetsFile)] : [process.env, readEnvFile('.env')]
  return (variable) => sources.map((values) => values[variable]).find((value) => value !== undefined && value !== '')
}

/** The URL of a target as it was configured, for a program that we start; undefined: it is not configured. */
export function urlOfTarget(name: string): string | undefined {
  const variable = targetVariable(name)
  return sources()
    .map(([, values]) => values[variable])
    .find((url) => url !== undefined && url !== '')
}

/**
 * Finds the production that a target may be a copy of. The production of a sandbox that happens to be up is not the
 * production of somebody's own copy, nor the other way round.
 */
export function lookUpProductionOf(target: Target): Target | undefined {
  const production = lookUpTarget('production')
  const isOfSandbox = (one: Target | undefined) => one?.configuredBy === theSandbox
  return isOfSandbox(production) === isOfSandbox(target) ? production : undefined
}

function sources(): [string, NodeJS.Dict<string>][] {
  return [
    ['the environment', process.env],
    ['.env', readEnvFile('.env')],
    [theSandbox, readEnvFile(sandboxTargetsFile)],
  ]
}

function readEnvFile(path: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readOutside(path, mostSettingsBytes).toString('utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new CouldNotVerify(`${path} cannot be read: ${(error as Error).message}`)
  }
}
