import { randomBytes } from 'node:crypto'
import { appVariable } from '../probes/app-settings.ts'
import type { AppKeys, SandboxApp } from './app.ts'

/**
 * What the restored app and production's of a sandbox are configured with, under the names by which it is looked up. Both
 * have keys of their own, as the plan wants it.
 * @param targetName of the restored copy: restore, or sandbox for the one that is thrown away
 */
export function sandboxAppSettings(
  targetName: string,
  restored: SandboxApp,
  production: SandboxApp,
): Record<string, string> {
  const prefix = appVariable(targetName).replace(/_APP_URL$/, '')
  return {
    ...settingsOf(prefix, restored.url, restored.keys),
    ...settingsOf('PRODUCTION', production.url, production.keys),
  }
}

function settingsOf(prefix: string, url: string, keys: AppKeys): Record<string, string> {
  return {
    [`${prefix}_APP_URL`]: url,
    [`${prefix}_QSTASH_CURRENT_SIGNING_KEY`]: keys.current,
    [`${prefix}_QSTASH_NEXT_SIGNING_KEY`]: keys.next,
    // Nobody asks for them: they are there to be compared.
    [`${prefix}_SUPABASE_ANON_KEY`]: randomBytes(24).toString('base64url'),
    [`${prefix}_SUPABASE_SERVICE_ROLE_KEY`]: randomBytes(24).toString('base64url'),
  }
}
