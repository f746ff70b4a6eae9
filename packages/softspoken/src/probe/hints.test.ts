import { describe, expect, it } from 'vitest'
import type { ConnectReason } from './connect.ts'
import { hintsFor } from './hints.ts'

const vip = '198.51.100.10'

describe('hintsFor()', () => {
  it.each<ConnectReason>(['connected', 'failed'])('has nothing to say if the reason is %s', reason => {
    expect(hintsFor(reason, vip, 6443)).toEqual([])
  })
  it('looks at this host alone if it has no route', () => {
    expect(hintsFor('no-route', vip, 6443)).toEqual([`this host itself has no route to ${vip}`])
  })
  it('looks at the node that has the VIP if the port is refused', () => {
    const hints = hintsFor('refused', vip, 6443)
    expect(hints).toEqual([expect.stringContaining('port 6443')])
    expect(hints[0]).toContain(`ip addr show to ${vip}`)
  })
  it.each<ConnectReason>(['timeout', 'unreachable'])('looks along the whole way if it is %s', reason => {
    const hints = hintsFor(reason, vip, 6443)
    const places = [
      'on each node:',
      'on the router:',
      'on the router:',
      'on the node:',
      'on the way',
      'if the VIP lies',
    ]
    expect(hints).toEqual(places.map(place => expect.stringMatching(`^${place}`)))
  })
  it('asks for the VIP itself if a name times out', () => {
    expect(hintsFor('timeout', 'vip.example', 6443)).toHaveLength(6)
    expect(hintsFor('timeout', 'vip.example', 6443)[0]).toMatch(/^this host may find no address for vip\.example/)
    expect(hintsFor('unreachable', 'vip.example', 6443)).toHaveLength(5)
  })
})
