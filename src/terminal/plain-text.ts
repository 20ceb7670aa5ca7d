/**
 * Makes text from a database harmless for a terminal or a log: control characters, escape sequences and invisible
 * format characters (direction marks and the like) are shown as \\uXXXX. Line ends and tabs stay.
 */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) =>
    character === '\n' || character === '\t'
      ? character
      : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}
