import { CouldNotVerify } from '../could-not-verify.ts'
import { type Setting, settingsFor, type Target } from '../database/targets.ts'

/** The environment variable of a target's app: restore -> RESTORE_APP_URL. */
export function appVariable(targetName: string): string {
  return `${prefixOf(targetName)}_APP_URL`
}

/** What is configured for the app of a target, and for production's. */
export interface AppSettings {
  /** Of the target: RESTORE_NAME, or else NAME. */
  ofTarget: Setting
  /** PRODUCTION_NAME. */
  ofProduction: Setting
}

/**
 * Where the settings of a target's app are looked up: the environment, then .env. Those of a sandbox are in its own file
 * alone: neither side is mixed up with the other.
 */
export function appSettingsFor(target: Target): AppSettings {
  const setting = settingsFor(target)
  return {
    ofTarget: (name) => setting(`${prefixOf(target.name)}_${name}`) ?? setting(name),
    ofProduction: (name) => setting(`PRODUCTION_${name}`),
  }
}

/**
 * Reads the address of an app. Never repeats it in an error: it may hold a password.
 * @param variable what the address is called in messages, such as RESTORE_APP_URL
 * @throws CouldNotVerify when it is no http or https address without user, query and fragment
 */
export function parseAppUrl(text: string, variable: string): URL {
  const wanted = 'Write it as https://restored.example.com, or with a path that all requests begin with.'
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new CouldNotVerify(`${variable} is not an address`, wanted)
  }
  if (!/^https?:$/.test(url.protocol))
    throw new CouldNotVerify(`${variable} must begin with https:// or http://`, wanted)
  if (url.username !== '' || url.password !== '') {
    throw new CouldNotVerify(
      `${variable} holds a user or a password`,
      'Give what the app wants to see as a header of the probes, from the environment (docs/app.md).',
    )
  }
  if (url.search !== '' || url.hash !== '') throw new CouldNotVerify(`${variable} holds a query or a fragment`, wanted)
  return url
}

/** The address of a path below the app's own. */
export function urlBelow(app: URL, path: string): URL {
  return new URL(`${app.origin}${app.pathname.replace(/\/+$/, '')}${path}`)
}

function prefixOf(targetName: string): string {
  return targetName.toUpperCase().replaceAll('-', '_')
}
