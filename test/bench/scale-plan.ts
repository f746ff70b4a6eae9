/** What both processes of scale.ts, and of announcer-scale.ts, know. */
import { Session } from '@softspoken/session'

/** Each session dials from an address of its own, since a router tells its neighbors apart by theirs. */
export function addressOf(n: number): string {
  return `127.1.${n >> 8}.${n & 255}`
}

/** An announcer has one session with each address. */
export function routerAddressOf(n: number): string {
  return `127.2.${n >> 8}.${n & 255}`
}

/** The router's end of one of them. */
export function passive(n: number): Session {
  return new Session({
    local: { as: 65000, id: '10.0.5.1' },
    peer: { as: 64515, address: addressOf(n) },
    holdTime: 9,
    passive: true,
  }).start()
}
