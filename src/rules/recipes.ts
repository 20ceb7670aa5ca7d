// How the fingerprints of a relation are made, as drill.list_fingerprint_recipes()
// states it.

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

/** A head of words, then the columns, each with its name in quotes: v1 UTF8 123 "id":uuid:hash,"url":text:hash. */
function partsOf(recipe: string): string[] {
  const [head = ''] = recipe.split('"', 1)
  const columns = recipe.slice(head.length).match(/"(?:[^"]|"")*"[^",]*/g) ?? []
  return [...head.split(/\s+/).filter((word) => word !== ''), ...columns]
}
