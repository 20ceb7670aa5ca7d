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
  // Word by word: to look from each colon for an @ would take minutes in a long text full of colons.
  return text.replace(/[^\s"]+/g, withoutPassword).replace(/(\bpassword=)[^\s&"]*/gi, '$1***')
}

function withoutPassword(word: string): string {
  const at = word.lastIndexOf('@')
  const colon = at === -1 ? -1 : word.slice(0, at).search(/:(?!\/\/)/)
  return colon === -1 ? word : `${word.slice(0, colon)}:***${word.slice(at)}`
}

/** More of a message than this nobody reads: what it repeats of a file may be megabytes long. */
const longest = 2000

/**
 * Makes a sentence for people out of whatever it repeats: one line of at most 2000 characters, without control characters
 * and passwords.
 */
export function plainSentence(text: string): string {
  // A surrogate pair stays whole.
  const short = text.length > longest ? `${text.slice(0, longest).replace(/[\ud800-\udbff]$/, '')}...` : text
  return hidePasswords(plainLine(short.replace(/\s*\n\s*/g, ' ')))
}

function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}
