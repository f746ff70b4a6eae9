/** Every capability that this package models. To add one: its file, and a line here. Others are kept as octets. */
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
  'extended-message': flag(6), // RFC 8654 §3
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

/** A capability by its name, with the fields of its row; `unknown` if it has no row, or its octets have no meaning for it. */
export type Capability =
  | { [name in keyof Registry]: { readonly name: name } & ValueOf<Registry[name]> }[keyof Registry]
  | { readonly name: 'unknown'; readonly code: number; readonly value: Uint8Array }

/** A row without the type of its value: write() takes what the same row returned. */
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
    // A capability that cannot be read is not shared, so it does no harm. Its octets are kept.
    const read = fits ? row.read(value) : undefined
    if (read !== undefined) return { name, ...read } as Capability // name and value belong to one row
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

/** The octets of a capability: code, length, value. They are the data of NOTIFICATION 2/7 (RFC 5492 §5). @throws OptionError */
export function encodeCapability(capability: Capability): Uint8Array {
  const w = new Writer()
  try {
    writeCapability(w, capability)
  } catch (error) {
    rethrow(error, 'capability', capability)
  }
  return w.done()
}
