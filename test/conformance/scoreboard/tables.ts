/** How often each item occurs, the most frequent one first. */
export function frequencies<item>(items: readonly item[]): [item, number][] {
  const times = new Map<item, number>()
  for (const item of items) times.set(item, (times.get(item) ?? 0) + 1)
  return [...times].sort(([, a], [, b]) => b - a)
}

/** A table of Markdown. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}
