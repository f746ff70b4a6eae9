/** Which addresses a prefix or a range contains. */
import { BlockList, isIP } from 'node:net'

/** `text`: `198.51.100.0/24`, or `198.51.100.10-198.51.100.20`. Undefined if it is neither. */
export function addressRange(text: string): ((address: string) => boolean) | undefined {
  const list = new BlockList()
  const [, first = '', length, last] = /^([^/-]+)(?:\/(\d{1,3})|-([^/-]+))$/.exec(text) ?? []
  const family = familyOf(first)
  try {
    if (last === undefined) list.addSubnet(first, Number(length), family)
    else list.addRange(first, last, family)
  } catch {
    return undefined
  }
  return address => familyOf(address) === family && list.check(address, family)
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
