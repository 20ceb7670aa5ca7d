/**
 * Makes text from a database harmless for a terminal or a log: control characters, escape sequences and invisible
 * format characters (direction marks and the like) are shown as \\uXXXX. Line ends and tabs stay.
 */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n' || character === '\t' ? character : escaped(character),
  )
}

/** Like plainText for what has to stay on its line: a name with a line end in it could forge the lines around it. */
export function plainLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)
}

/**
 * Takes passwords out of text that repeats what somebody typed: what stands between a colon and an @ of the same word, as in
 * a connection URL, and the parameter password of one.
 */
export function hidePasswords(text: string): string {
  return text.replace(/:(?!\/\/)[^\s"]*@/g, ':***@').replace(/(\bpassword=)[^\s&"]*/gi, '$1***')
}

function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}
