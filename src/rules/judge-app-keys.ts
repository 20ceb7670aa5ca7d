import type { TokenSecrets } from '../database/app-facts.ts'
import type { CheckResult } from '../database/contract.ts'
import type { KeyComparison } from '../probes/compare-keys.ts'

const tokenSetting = 'app.settings.jwt_secret'

/**
 * Whether the restored app has keys of its own, as the plan demands of a restore target: with production's, whoever works
 * on the copy works on production. A token secret in the database is a warning only: an exact copy has it until it is set anew.
 * @param targetName for the names of the variables
 */
export function judgeAppKeys(keys: readonly KeyComparison[], tokens: TokenSecrets, targetName: string): CheckResult[] {
  const prefix = targetName.toUpperCase().replaceAll('-', '_')
  const compared = keys.filter((key) => key.isTargetSet && key.isProductionSet)
  return [
    ...compared.map(({ name, isEqual }) => ({
      check_name: 'app_keys',
      object_name: name,
      status: isEqual ? ('fail' as const) : ('pass' as const),
      detail: isEqual ? `${name} of the target is production's` : `${name} of the target is not production's`,
      hint: isEqual
        ? `Make a key of its own for the restored app, and set ${prefix}_${name} to it: production's works in production, too.`
        : null,
      expected: 'another key than in production',
      actual: isEqual ? 'the same key' : 'another key',
    })),
    ...(compared.length > 0 || tokens === 'equal' || tokens === 'different' ? [] : [nothingToCompare(keys, prefix)]),
    ...judgeTokens(tokens),
  ]
}

function judgeTokens(tokens: TokenSecrets): CheckResult[] {
  if (tokens === 'none' || tokens === 'production_unknown') return []
  const isEqual = tokens === 'equal'
  return [
    {
      check_name: 'app_keys',
      object_name: tokenSetting,
      status: isEqual ? 'warn' : 'pass',
      detail: isEqual
        ? `the token secret in ${tokenSetting} of the copy is production's: a token of one is good in the other`
        : `the token secret in ${tokenSetting} of the copy is not production's`,
      hint: isEqual
        ? 'Give the restored project a token secret of its own before anybody works on it; when it is to take over from production, keep it.'
        : null,
      expected: 'another secret than in production',
      actual: isEqual ? 'the same secret' : 'another secret',
    },
  ]
}

function nothingToCompare(keys: readonly KeyComparison[], prefix: string): CheckResult {
  const name = keys[0]?.name ?? 'API_KEY'
  return {
    check_name: 'app_keys',
    object_name: null,
    status: 'skip',
    detail: `no key was compared with production's: set both ${prefix}_${name} and PRODUCTION_${name}, and so on, to have it done`,
    hint: null,
    expected: null,
    actual: null,
  }
}
