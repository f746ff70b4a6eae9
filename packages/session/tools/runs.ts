/** Equal texts in a row as one, with their number. */
export function runs(texts: readonly string[]): { readonly what: string; readonly count: number }[] {
  const found: { what: string; count: number }[] = []
  for (const what of texts) {
    const last = found.at(-1)
    if (last?.what === what) last.count++
    else found.push({ what, count: 1 })
  }
  return found
}
