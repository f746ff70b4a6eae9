/** A session, and each option that only Linux has, for tests. */
import type { SessionOptions } from '../src/options.ts'

export const given: SessionOptions = {
  local: { as: 65001, id: '192.0.2.1' },
  peer: { as: 65002, address: '192.0.2.2' },
}
export const linuxOptions: readonly Partial<SessionOptions>[] = [
  { tcpMd5Key: 'secret' },
  { ttlSecurity: 1 },
  { multihop: 2 },
  { bindDevice: 'lo' },
]
