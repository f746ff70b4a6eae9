/** Where --http is served. */
import { isIP } from 'node:net'

/** @throws RangeError for what is no address and port, as `127.0.0.1:9179` or `[::1]:9179`. */
export function httpAddress(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain ?? ''
  const port = Number(digits)
  if (isIP(host) !== (bracketed === undefined ? 4 : 6) || !(port <= 65_535))
    throw new RangeError(
      `http: '${text}' is not allowed, it must be an address and a port, as 127.0.0.1:9179 or [::1]:9179`,
    )
  return { host, port }
}
