/** Takes secrets out of a text. */
export type Mask = (text: string) => string

/** How much of a text is looked at; what is kept of a body is shorter. */
const looked = 16_384

// Quantifiers over what may be long are bounded: a body of one long word must not take minutes.
const patterns: [RegExp, string][] = [
  // A JSON Web Token: two parts of base64url that begin with {" and a signature.
  [/\beyJ[\w-]{6,}\.[\w-]{2,}(\.[\w-]*)?/g, '***'],
  [/\b(Bearer|Basic)[ \t]+[\w.~+/=-]{4,}/gi, '$1 ***'],
  [/\b(sb_secret_|sb_publishable_|sig_|sk_live_|sk_test_|rk_live_|whsec_|ghp_|xox[abp]-)[\w-]{6,}/g, '$1***'],
  [/(\w{2,20}:\/\/[^\s:@/"']{0,100}:)[^\s@"']{1,200}@/g, '$1***@'],
  [/(cookie["']?[ \t]{0,5}[:=][ \t]{0,5})[^\r\n<]{1,4000}/gi, '$1***'],
  [
    /((?:pass(?:word|wd)?|secret|token|api[_-]?key|authorization|signature|credential|private[_-]?key)[\w-]{0,30}\\?["']?\s{0,5}[:=]\s{0,5})(\\?"(?:[^"\\]|\\.){0,8000}"?|'[^']{0,8000}'?|[^\s,;&<>"'}\]]{1,8000})/gi,
    '$1"***"',
  ],
  // What a form carries along hidden is mostly a token.
  [/(<input\b[^>]{0,1000}?\bvalue\s{0,5}=\s{0,5})("[^"]{0,8000}"?|'[^']{0,8000}'?)/gi, '$1"***"'],
]

/**
 * Makes the mask for one verification: it knows the secrets themselves, in the forms in which an answer may repeat them, and what
 * secrets look like.
 * @param secrets values that must never be seen; shorter ones than four characters are no secrets
 */
export function maskOf(secrets: readonly string[]): Mask {
  const forms = new Set(
    secrets
      .filter((secret) => secret.length >= 4)
      .flatMap((secret) => [
        secret,
        encodeURIComponent(secret),
        JSON.stringify(secret).slice(1, -1),
        Buffer.from(secret).toString('base64').replace(/=+$/, ''),
        Buffer.from(secret).toString('base64url'),
      ]),
  )
  // A secret may be the beginning of another one.
  const known = [...forms].sort((a, b) => b.length - a.length)
  return (text) => {
    let masked = text.slice(0, looked)
    for (const form of known) masked = masked.replaceAll(form, '***')
    for (const [pattern, replacement] of patterns) masked = masked.replace(pattern, replacement)
    // What was cut off at the end may be half a secret.
    return text.length > looked ? masked.replace(/\S{1,8000}$/, '') : masked
  }
}

/** Masks every text in a value, such as what a result row compares. */
export function maskValue(value: unknown, mask: Mask): unknown {
  if (typeof value === 'string') return mask(value)
  if (Array.isArray(value)) return value.map((one) => maskValue(one, mask))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, maskValue(one, mask)]))
  }
  return value
}
