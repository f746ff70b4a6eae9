import { distance } from 'fastest-levenshtein'

/** What was perhaps meant: a third of its letters may differ, and three at most. */
export function nearest<name extends string>(word: string, names: readonly name[]): name | undefined {
  const near = [...names].sort((a, b) => closeness(word, a) - closeness(word, b))[0]
  return near !== undefined && closeness(word, near) <= Math.min(3, near.length / 3) ? near : undefined
}
function closeness(a: string, b: string): number {
  return distance(a.toLowerCase(), b.toLowerCase())
}
