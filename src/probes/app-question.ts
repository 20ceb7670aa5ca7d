import { createRequire } from 'node:module'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { Setting, Target } from '../database/targets.ts'
import { appSettingsFor, appVariable, parseAppUrl } from './app-settings.ts'
import type { Attachment } from './attachment.ts'
import { findBrowser } from './find-browser.ts'
import { opsmantikProbes, type ProbeFile, readProbeFile } from './probe-file.ts'

/** The restored app that is to be probed along with its database. */
export interface AppQuestion {
  url: URL
  /** Where the address comes from, such as RESTORE_APP_URL. */
  variable: string
  /** Production's app; undefined when it is not configured. */
  production: URL | undefined
  /** Whether somebody said that production's app may have the same address and port, as on a shared host. */
  mayShareAddress: boolean
  probes: ProbeFile
  /** Secrets for the target's app, and production's to compare with. */
  ofTarget: Setting
  ofProduction: Setting
  /** The program of the browser that opens the page; undefined: none does. */
  browser: string | undefined
  /** Takes what belongs into the proof, as soon as it is there. */
  attach: (attachment: Attachment) => void
}

/** What somebody said about the app, checked as far as that goes without a target. */
export interface AppOptions {
  /** Undefined: what is configured; false: the database alone. */
  url: URL | false | undefined
  probes: ProbeFile
  /** The options that are no good without an app, as they were given. */
  needApp: string[]
  mayShareAddress: boolean
  browser: string | undefined
  attach: (attachment: Attachment) => void
}

/** What the command line says about the app. */
export interface AppFlags {
  app?: boolean
  appUrl?: string
  appSharesAddress?: boolean
  probes?: string
  browser?: boolean
}

/**
 * Reads the options about the app.
 * @param attach takes what belongs into the proof
 * @throws CouldNotVerify when something of it is not usable: now, and not after an hour of counting
 */
export function appOptionsOf(flags: AppFlags, attach: (attachment: Attachment) => void): AppOptions {
  if (flags.app === false && flags.appUrl !== undefined) {
    throw new CouldNotVerify('--app-url and --no-app contradict each other', 'Leave one of them out.')
  }
  const probes = flags.probes === undefined ? opsmantikProbes() : readProbeFile(flags.probes)
  return {
    url: flags.app === false ? false : flags.appUrl === undefined ? undefined : parseAppUrl(flags.appUrl, '--app-url'),
    probes,
    needApp: [
      ...(flags.probes === undefined ? [] : ['--probes']),
      ...(flags.browser === true ? ['--browser'] : []),
      ...(flags.appSharesAddress === true ? ['--app-shares-address'] : []),
    ],
    mayShareAddress: flags.appSharesAddress === true,
    browser: flags.browser === true ? requireBrowser(probes) : undefined,
    attach,
  }
}

/**
 * Finds the app of a target: the option, or else <TARGET>_APP_URL.
 * @returns undefined when there is none: then the database is judged alone
 * @throws CouldNotVerify when the address is not usable, or options need an app and there is none
 */
export function findApp(target: Target, options: AppOptions): AppQuestion | undefined {
  const settings = appSettingsFor(target)
  const configured = appVariable(target.name)
  const text = options.url === undefined ? settings.ofTarget('APP_URL') : undefined
  const url = options.url || (text === undefined ? undefined : parseAppUrl(text, configured))
  if (url === undefined) {
    if (options.needApp.length === 0) return undefined
    const given = options.needApp.join(', ')
    throw new CouldNotVerify(
      options.url === false
        ? `${given} and --no-app contradict each other`
        : `${given}: no app of ${target.name} is known`,
      `Set ${configured}=https://... in the environment or in .env, give --app-url, or leave ${given} out.`,
    )
  }
  const production = settings.ofProduction('APP_URL')
  return {
    url,
    variable: options.url === undefined ? configured : '--app-url',
    production: production === undefined ? undefined : parseAppUrl(production, 'PRODUCTION_APP_URL'),
    mayShareAddress: options.mayShareAddress,
    probes: options.probes,
    ...settings,
    browser: options.browser,
    attach: options.attach,
  }
}

/** @throws CouldNotVerify when what drives a browser or the browser is missing, or the probes name no page for it */
function requireBrowser(probes: ProbeFile): string {
  if (probes.browser === undefined) {
    throw new CouldNotVerify('--browser: the probes name no page', 'Name one: "browser": "page" (docs/app.md).')
  }
  try {
    createRequire(import.meta.url).resolve('playwright-core')
  } catch {
    throw new CouldNotVerify(
      '--browser: the package playwright-core is not installed',
      'Install it beside pgdrill: npm install playwright-core. It brings no browser of its own.',
    )
  }
  const browser = findBrowser()
  if (browser !== undefined) return browser
  throw new CouldNotVerify(
    process.env['CHROME_BIN'] ? '--browser: CHROME_BIN names no program' : '--browser: no Chrome or Chromium was found',
    'Install one, or name its program with its whole path: CHROME_BIN=/usr/bin/chromium.',
  )
}
