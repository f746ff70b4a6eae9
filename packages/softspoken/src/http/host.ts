/**
 * Which host names a client may use. A web site can give its own name our address (DNS rebinding), so that its script can
 * read /status as if it came from the site. Such a request has the site's name in its Host header. An address or localhost
 * is never a site's name.
 */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** The first name that is not allowed. `names` are those of --http-host. A request of HTTP/1.0, which no browser sends, may have no Host. */
export function refusedHost({ url = '', headersDistinct }: IncomingMessage, names: ReadonlySet<string>) {
  const target = absolute.exec(url)?.groups // RFC 9112 §3.2.2: it wins over the Host
  const hosts = [...(headersDistinct.host ?? []), ...(target ? [target.authority ?? ''] : [])]
  return hosts.find(host => !isAllowed(host, names))
}

/** The path, for each form of the request target. */
export function pathOf(url: string): string {
  return (absolute.exec(url)?.groups?.rest ?? url).replace(/[?#].*/s, '') || '/'
}
const absolute = /^https?:\/\/(?<authority>[^/?#]*)(?<rest>.*)$/is

function isAllowed(host: string, names: ReadonlySet<string>): boolean {
  const [, ipv6, name = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::\d{0,5})?$/.exec(host) ?? []
  return ipv6 === undefined ? isIP(name) === 4 || names.has(normalizeName(name)) : isIP(ipv6) === 6
}

/** Lower case, and without the dot of the root. */
export function normalizeName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}
