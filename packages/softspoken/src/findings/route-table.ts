/** The tables of routes in /proc/net. */

/** Of an address in /proc/net/route: none. */
export const NO_ADDRESS = '00000000'

/** The cells of each row. */
export function rowsOf(table: string): readonly string[][] {
  return table.split('\n').map(row => row.trim().split(/\s+/))
}

/** The default routes of /proc/net/route: interface, destination, gateway, …, and as the eighth cell the mask. */
export function defaultRowsIn(table: string): readonly string[][] {
  return rowsOf(table).filter(row => row[7] === NO_ADDRESS)
}
