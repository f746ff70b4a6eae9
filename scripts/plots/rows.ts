/** The tables of a page with measurements, as its plot reads them. */

/** The cells of each row of the table whose first line begins with `head`. */
export function rowsOf(page: string, head: string): string[][] {
  const lines = page.split('\n')
  const first = lines.findIndex(line => line.startsWith(head))
  if (first < 0) throw new Error(`the page has no table that begins with ${head}`)
  const rows = lines.slice(first + 2)
  const end = rows.findIndex(line => !line.startsWith('|'))
  return rows.slice(0, end < 0 ? undefined : end).map(cellsOf)
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map(cell => cell.trim())
}

/** The first number of a cell. */
export function numberIn(cell = ''): number {
  const [digits] = /\d+(\.\d+)?/.exec(cell) ?? []
  if (digits === undefined) throw new Error(`'${cell}' has no number`)
  return Number(digits)
}

/** The day of `Measured on 2026-01-31`. */
export function dateOf(page: string): string {
  const [date] = /(?<=^Measured on )[\d-]{10}/m.exec(page) ?? []
  if (date === undefined) throw new Error('the page has no line that begins with Measured on')
  return date
}
