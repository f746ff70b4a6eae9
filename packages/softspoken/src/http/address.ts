/** Where --http is served, and by which names. */
import { isIP } from 'node:net'
import { normalizeName } from './host.ts'

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

/** The names of --http-host, and localhost. @throws RangeError for what is no host name. */
export function httpHosts(names: readonly string[] = []): ReadonlySet<string> {
  for (const name of names)
    if (!/^[\w-]+(\.[\w-]+)*\.?$/.test(name))
      throw new RangeError(
        `httpHost: '${name}' is not allowed, it must be a host name without a port, as node-1.example`,
      )
  return new Set(['localhost', ...names.map(normalizeName)])
}
