/**
 * By which names the page may be asked. A web site can give its own name our address (DNS rebinding), and its script then
 * reads /status as if it were its own; such a request has the site's name in its Host. An address or localhost is never a
 * site's name.
 */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** `names` are those of --http-host. Of HTTP/1.0, which no browser speaks, a request may have no Host. */
export function refusedHost({ url = '', headersDistinct }: IncomingMessage, names: ReadonlySet<string>) {
  const target = absolute.exec(url)?.groups // RFC 9112 §3.2.2: it goes before the Host
  const hosts = [...(headersDistinct.host ?? []), ...(target ? [target.authority ?? ''] : [])]
  return hosts.find(host => !isAllowed(host, names))
}

/** What is asked for, whatever the form of the request target. */
export function pathOf(url: string): string {
  return (absolute.exec(url)?.groups?.rest ?? url).replace(/[?#].*/s, '') || '/'
}
const absolute = /^https?:\/\/(?<authority>[^/?#]*)(?<rest>.*)$/is

function isAllowed(host: string, names: ReadonlySet<string>): boolean {
  const [, ipv6, name = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::\d{0,5})?$/.exec(host) ?? []
  return ipv6 === undefined ? isIP(name) === 4 || names.has(normalizeName(name)) : isIP(ipv6) === 6
}

/** As names are compared: in lower case, and without the dot of the root. */
export function normalizeName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}
