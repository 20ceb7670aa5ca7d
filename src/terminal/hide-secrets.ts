import { hidePasswords } from './plain-text.ts'

const secretName =
  /PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|APIKEY|API_KEY|ACCESS_KEY|PRIVATE_KEY|SERVICE_ROLE|CREDENTIAL|SIGNING_KEY/i

/**
 * What of an environment nobody may read: values of variables that are called like secrets, and passwords in URLs, as they
 * are written there and decoded.
 */
export function secretsOf(env: NodeJS.Dict<string>): string[] {
  const secrets = Object.entries(env).flatMap(([name, value = '']) => {
    const inUrl = /:\/\/[^:/@\s]*:([^@\s]+)@/.exec(value)?.[1]
    const found = [...(secretName.test(name) ? [value] : []), ...(inUrl === undefined ? [] : [inUrl, decoded(inUrl)])]
    // What is shorter would be found everywhere, and hides nothing.
    return found.filter((secret) => secret.length >= 4)
  })
  // A secret that holds another one goes first.
  return [...new Set(secrets)].sort((a, b) => b.length - a.length)
}

/** A function that puts *** in the place of the secrets, and of what looks like a password in a URL. */
export function secretHider(secrets: readonly string[]): (text: string) => string {
  return (text) => hidePasswords(secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
