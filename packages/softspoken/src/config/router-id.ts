/** A BGP Identifier from the name of the node, for a node without an IPv4 address (RFC 6286: any four octets but 0). */

/**
 * FNV-1a of the name; the same name always gives the same identifier. The first octet is from 1 to 223 and not 127, because some
 * routers accept only the address of a host.
 */
export function routerIdOf(nodeName: string): string {
  let hash = 0x811c9dc5
  for (const octet of Buffer.from(nodeName)) hash = Math.imul(hash ^ octet, 0x01000193) >>> 0
  // Names often differ in the last character alone: this spreads the difference over all octets.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) >>> 0
  hash = (hash ^ (hash >>> 16)) >>> 0
  const first = ((hash >>> 24) % 222) + 1
  return [first < 127 ? first : first + 1, (hash >>> 16) & 255, (hash >>> 8) & 255, hash & 255].join('.')
}
