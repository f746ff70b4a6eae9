/** Every capability this package reads. To add one: its file, its line here. Codes without a row are kept as octets. */
import { Reader, Writer } from '../bytes.ts'
import { assertOctets, rethrow, throwUnknownName, WireError } from '../error.ts'
import { notificationCode, subcode } from '../notification-codes.ts'
import { addPath } from './add-path.ts'
import { fourOctetAs } from './four-octet-as.ts'
import { gracefulRestart, longLivedGracefulRestart } from './graceful-restart.ts'
import { extendedNextHop, multiprotocol } from './multiprotocol.ts'
import { fqdn, softwareVersion } from './names.ts'
import { role } from './role.ts'
import { type CapabilitySpec, flag } from './spec.ts'

const registry = {
  multiprotocol,
  'route-refresh': flag(2), // RFC 2918 §2
  'extended-next-hop': extendedNextHop,
  'extended-message': flag(6), // RFC 8654 §3: messages of up to 65535 octets are welcome
  role,
  'graceful-restart': gracefulRestart,
  'four-octet-as': fourOctetAs,
  'add-path': addPath,
  'enhanced-route-refresh': flag(70), // RFC 7313 §3.1
  'long-lived-graceful-restart': longLivedGracefulRestart,
  fqdn,
  'software-version': softwareVersion,
} as const

type Registry = typeof registry
type ValueOf<spec> = spec extends CapabilitySpec<infer value> ? value : never

/** A capability by its name, with what its row says; or `unknown`, where it has no row or its octets say nothing to it. */
export type Capability =
  | { [name in keyof Registry]: { readonly name: name } & ValueOf<Registry[name]> }[keyof Registry]
  | { readonly name: 'unknown'; readonly code: number; readonly value: Uint8Array }

/** A row whose value's type is no longer known; who calls it passes what the same row gave. */
type CapabilityRow = CapabilitySpec<object> & { readonly name: keyof Registry }

const byCode = new Map<number, CapabilityRow>(
  Object.entries(registry).map(([name, spec]) => [spec.code, { name, ...spec } as unknown as CapabilityRow]),
)

export function readCapability(r: Reader): Capability {
  const { at } = r
  const code = r.u8()
  const value = r.sub(r.u8())
  const octets = new Reader(value.bytes, value.at, value.end)
  const row = byCode.get(code)
  if (row !== undefined) {
    const { name, length, part } = row
    const rest = value.left - length
    const fits = part === undefined ? rest === 0 : rest >= 0 && rest % part === 0
    if (!fits && row.strictLength)
      throw new WireError(
        notificationCode.open,
        subcode.open.unspecific,
        `capability ${code} is ${value.left} octets long`,
        at,
      )
    // One that cannot be read is one that we do not have in common: no harm, and the octets are kept.
    const read = fits ? row.read(value) : undefined
    if (read !== undefined) return { name, ...read } as Capability // name and value are of one row
  }
  return { name: 'unknown', code, value: octets.take(octets.left) }
}

export function writeCapability(w: Writer, capability: Capability): void {
  if (capability.name === 'unknown') {
    assertOctets('capability value', capability.value)
    w.u8(capability.code, 'capability code').u8(capability.value.length, 'capability length').put(capability.value)
    return
  }
  const row = registry[capability.name] as CapabilitySpec<object> | undefined
  if (row === undefined) throwUnknownName('capabilities', capability.name, [...Object.keys(registry), 'unknown'])
  w.u8(row.code)
  const at = w.length
  w.u8(0)
  row.write(w, capability)
  w.close(at, 1)
}

/** A capability as it stands in an OPEN: code, length, value. NOTIFICATION 2/7 carries those that are missing so (RFC 5492 §5). */
export function encodeCapability(capability: Capability): Uint8Array {
  const w = new Writer()
  try {
    writeCapability(w, capability)
  } catch (error) {
    rethrow(error, 'capability', capability)
  }
  return w.done()
}
