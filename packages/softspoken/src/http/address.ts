/** The address of --http, and the host names that its clients may use. */
import { isIP } from 'node:net'
import { OptionError } from '@softspoken/wire'
import { normalizeName } from './host.ts'

/** @throws OptionError if it is no address and port. */
export function httpAddress(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain ?? ''
  const port = Number(digits)
  if (isIP(host) !== (bracketed === undefined ? 4 : 6) || !(port <= 65_535))
    throw new OptionError('http', text, 'an address and a port, such as 127.0.0.1:9179 or [::1]:9179')
  return { host, port }
}

/** The names of --http-host, and localhost. @throws OptionError for a wrong host name. */
export function httpHosts(names: readonly string[] = []): ReadonlySet<string> {
  for (const name of names)
    if (!/^[\w-]+(\.[\w-]+)*\.?$/.test(name))
      throw new OptionError('httpHost', name, 'a host name without a port, such as node-1.example')
  return new Set(['localhost', ...names.map(normalizeName)])
}
