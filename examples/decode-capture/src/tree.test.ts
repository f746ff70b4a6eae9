import { decode, encode, type Message } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { toTree } from './tree.ts'

function show(message: Message, width = 60): string {
  const bytes = encode(message)
  return toTree({ offset: 0, of: 'input', bytes, result: decode(bytes) }, { width, colours: false })
}

describe('the tree', () => {
  it('a list is wrapped at the width of the terminal', () => {
    const withdrawn = Array.from({ length: 6 }, (_, i) => `198.51.100.${i}/32`)
    expect(show({ type: 'update', withdrawn, attributes: {}, announced: [] })).toBe(
      `UPDATE  octet 0
└─ withdrawn  198.51.100.0/32 198.51.100.1/32
              198.51.100.2/32 198.51.100.3/32
              198.51.100.4/32 198.51.100.5/32

`,
    )
  })
  it('known capabilities are shown by name, unknown ones as octets', () => {
    const capabilities = [
      { name: 'multiprotocol', afi: 2, safi: 1 },
      { name: 'multiprotocol', afi: 25, safi: 70 },
      { name: 'route-refresh' },
      { name: 'extended-next-hop', families: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
      { name: 'add-path', families: [{ afi: 1, safi: 1, mode: 'both' }] },
      { name: 'four-octet-as', as: 4200000001 },
      { name: 'role', role: 'customer' },
      {
        name: 'graceful-restart',
        restarting: false,
        notification: true,
        restartTime: 120,
        families: [{ afi: 1, safi: 1, forwarding: true }],
      },
      { name: 'unknown', code: 200, value: Uint8Array.of(1, 0xab) },
    ] as const
    const open = { type: 'open', version: 4, as: 4200000001, holdTime: 90, id: '203.0.113.1', capabilities } as const
    expect(show(open, 100).split('capabilities\n')[1]).toBe(
      `   ├─ multiprotocol      ipv6-unicast
   ├─ multiprotocol      AFI 25 SAFI 70
   ├─ route-refresh      yes
   ├─ extended-next-hop  ipv4-unicast next hop AFI 2
   ├─ add-path           ipv4-unicast both
   ├─ four-octet-as      4200000001
   ├─ role               customer
   ├─ graceful-restart   notification restart time 120; ipv4-unicast forwarding
   └─ code 200           01 ab

`,
    )
  })
  it("control characters of a peer's text are replaced", () => {
    const capabilities = [{ name: 'fqdn', hostName: 'rr1\u001b[2J\r\n\u2028', domainName: '' }] as const
    const shown = show({ type: 'open', version: 4, as: 65000, holdTime: 90, id: '203.0.113.1', capabilities })
    expect(shown).toContain('└─ fqdn  host name "rr1\ufffd[2J\ufffd\ufffd\ufffd"\n')
  })
})
