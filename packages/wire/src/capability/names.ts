/** How a peer calls itself. The texts come from the peer, so quote them in logs and pages. */
import type { Reader, Writer } from '../bytes.ts'
import { defineCapability } from './spec.ts'

/** Two texts of at most 253 octets of UTF-8 together: draft-walton-bgp-hostname-capability §2. */
export const fqdn = defineCapability<{ readonly hostName: string; readonly domainName: string }>({
  code: 73,
  length: 0,
  part: 1,
  read(r) {
    const hostName = readText(r)
    const domainName = readText(r)
    return hostName === undefined || domainName === undefined || r.left > 0 ? undefined : { hostName, domainName }
  },
  write(w, { hostName, domainName }) {
    writeText(w, hostName, 'hostName')
    writeText(w, domainName, 'domainName')
  },
})

/** At most 254 octets of UTF-8: draft-abraitis-bgp-version-capability. */
export const softwareVersion = defineCapability<{ readonly version: string }>({
  code: 75,
  length: 0,
  part: 1,
  read(r) {
    const version = readText(r)
    return version === undefined || r.left > 0 ? undefined : { version }
  },
  write: (w, { version }) => writeText(w, version, 'version'),
})

/** A length, and as many octets of UTF-8. Undefined if they are not UTF-8, because text could not be written back as them. */
function readText(r: Reader): string | undefined {
  if (r.left === 0 || r.bytes[r.at]! >= r.left) return undefined
  const octets = r.take(r.u8())
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets)
  } catch {
    return undefined
  }
}
function writeText(w: Writer, text: string, field: string): void {
  const octets = new TextEncoder().encode(text)
  w.u8(octets.length, `octets of ${field}`).put(octets)
}
