/** Name and index of a network interface. */
import { cFunction, systemError, withDetail } from './libc.ts'

const ENODEV = 19
const MAX_NAME = 16 // octets with the NUL at its end: IF_NAMESIZE

/**
 * if_nametoindex(3).
 * @throws Error with the code ENODEV if there is no such interface; Error if `linuxSupport()` reports no support.
 */
export function interfaceIndex(name: string): number {
  functions ??= find()
  const index = functions.nameToIndex(name)
  if (index === 0) throw withDetail(systemError('if_nametoindex', ENODEV), name)
  return index
}

/** if_indextoname(3). undefined if there is no such interface. */
export function interfaceName(index: number): string | undefined {
  functions ??= find()
  const name = new Uint8Array(MAX_NAME)
  if (functions.indexToName(index, name) === 0) return undefined
  return new TextDecoder().decode(name.subarray(0, name.indexOf(0)))
}

let functions: ReturnType<typeof find> | undefined
function find() {
  return {
    nameToIndex: cFunction('uint32_t', 'if_nametoindex', 'const char *name'),
    indexToName: cFunction('intptr_t', 'if_indextoname', 'uint32_t index, void *name'),
  }
}
