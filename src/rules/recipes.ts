// How the fingerprints of a relation are made, as drill.list_fingerprint_recipes()
// states it: parts between commas, such as columns with their types.

/** What is only in one of two recipes. */
export function describeRecipes(production: string, copy: string): string {
  const [before, now] = [partsOf(production), partsOf(copy)]
  const missing = before.filter((part) => !now.includes(part))
  const unexpected = now.filter((part) => !before.includes(part))
  if (missing.length + unexpected.length === 0) return 'the same columns in another order'
  return [
    ...(missing.length > 0 ? [`only in production: ${missing.join(', ')}`] : []),
    ...(unexpected.length > 0 ? [`only in the copy: ${unexpected.join(', ')}`] : []),
  ].join('; ')
}

/** A comma within brackets or quotes belongs to a type or a name. */
function partsOf(recipe: string): string[] {
  const parts: string[] = []
  let part = ''
  let depth = 0
  let isQuoted = false
  for (const character of recipe) {
    if (character === '"') isQuoted = !isQuoted
    else if (!isQuoted && '([{'.includes(character)) depth += 1
    else if (!isQuoted && ')]}'.includes(character)) depth -= 1
    if (!isQuoted && depth <= 0 && ',;\n'.includes(character)) {
      parts.push(part)
      part = ''
    } else part += character
  }
  return [...parts, part].map((text) => text.trim()).filter((text) => text !== '')
}
