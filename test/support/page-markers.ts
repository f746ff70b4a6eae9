/** Pages of docs/ whose tables a measurement writes, between two markers. The rest of a page is written by hand. */
import { cpus } from 'node:os'

/** Replaces the text between `<!-- name -->` and `<!-- /name -->`. */
export function intoMarkers(page: string, text: string, name = 'measured'): string {
  const markers = [`<!-- ${name} -->`, `<!-- /${name} -->`] as const
  const [begin, end] = markers.map(marker => page.indexOf(marker)) as [number, number]
  if (begin < 0 || end < begin) throw new Error(`The page must have ${markers.join(' and ')}`)
  return `${page.slice(0, begin + markers[0].length)}\n\n${text}\n\n${page.slice(end)}`
}

/** The first line of what a measurement writes: when, by which command, and on what. */
export function measuredBy(command: string, what = `Node ${process.version}`): string {
  const date = new Date().toISOString().slice(0, 10)
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, shared with others`
  return `Measured on ${date} by \`npx --yes pnpm@12 ${command}\`: ${machine}; ${what}.`
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`, ...rows.map(line)].join('\n')
}
