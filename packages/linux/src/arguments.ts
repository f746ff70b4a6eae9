/**
 * Checks of what a caller without types can give. In a struct a value of a wrong type becomes 0, which sets another option than
 * the caller meant, and as a pointer it ends the process.
 */
import { types } from 'node:util'

const MAX_NAME = 15 // octets of the name of an interface, without the NUL at its end: IF_NAMESIZE

/** @throws RangeError with the name, what was given and what is allowed. */
export function assertArgument(isAllowed: boolean, name: string, value: unknown, allowed: string): void {
  if (isAllowed) return
  const given =
    typeof value === 'number' ? value : typeof value === 'string' ? JSON.stringify(value) : `of type ${typeof value}`
  throw new RangeError(`${name} is ${given}, and must be ${allowed}`)
}

/** @throws RangeError */
export function assertInteger(name: string, value: number, min: number, max: number, what = 'a whole number'): void {
  assertArgument(Number.isInteger(value) && value >= min && value <= max, name, value, `${what} from ${min} to ${max}`)
}

/** @throws RangeError */
export function assertOneOf<allowed extends string>(name: string, value: allowed, all: readonly allowed[]): void {
  assertArgument(all.includes(value), name, value, all.join(' or '))
}

/** The octets themselves are not shown: they may be a key. @throws RangeError */
export function assertOctets(name: string, octets: Uint8Array): void {
  if (!types.isUint8Array(octets)) throw new RangeError(`${name} is of type ${typeof octets}, and must be a Uint8Array`)
}

/** @throws RangeError */
export function assertAddress(address: Uint8Array, lengths: readonly number[] = [4, 16]): void {
  assertOctets('the address', address)
  if (!lengths.includes(address.length))
    throw new RangeError(`the address has ${address.length} octets, and must have ${lengths.join(' or ')}`)
}

/** @throws RangeError */
export function assertObject(name: string, value: object): void {
  assertArgument(typeof value === 'object' && value !== null, name, value, 'an object')
}

/** @throws RangeError */
export function assertFunction(name: string, value: unknown): void {
  assertArgument(typeof value === 'function', name, value, 'a function')
}

/** @throws RangeError */
export function assertInterfaceName(name: string): void {
  const isName = typeof name === 'string' && name !== '' && !name.includes('\0') && Buffer.byteLength(name) <= MAX_NAME
  assertArgument(isName, 'the interface', name, `a name of 1 to ${MAX_NAME} octets, such as eth0`)
}
