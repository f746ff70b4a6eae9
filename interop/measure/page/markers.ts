/** Pages of docs/ whose tables a measurement writes, between two markers. The rest of a page is written by hand. */

const MARKERS = ['<!-- measured -->', '<!-- /measured -->'] as const

/** Replaces the text between the markers. */
export function intoMarkers(page: string, text: string): string {
  const [begin, end] = MARKERS.map(marker => page.indexOf(marker)) as [number, number]
  if (begin < 0 || end < begin) throw new Error(`The page must have ${MARKERS.join(' and ')}`)
  return `${page.slice(0, begin + MARKERS[0].length)}\n\n${text}\n\n${page.slice(end)}`
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`, ...rows.map(line)].join('\n')
}
