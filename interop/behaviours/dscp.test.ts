import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { packets } from '../lab/packets.ts'
import { SessionMatrix } from '../lab/session-matrix.ts'
import { waitFor } from '../lab/wait-for.ts'

// The router accepts from host and host6, and dials otherHost and otherHost6.
const configurations = configureAll({ passive: ['host', 'host6'], active: ['otherHost', 'otherHost6'] })

forEachDaemon(
  configurations,
  'all packets have DSCP CS6 and the TTL of multihop (RFC 4271 App. E, RFC 4594)',
  async (lab, router) => {
    const { host, host6, otherHost, otherHost6 } = lab
    const ours = [host, host6, otherHost, otherHost6].map(address => `src host ${address}`).join(' or ')
    await using seen = await lab.capture(`tcp and (${ours})`, '-v')
    await using sessions = await SessionMatrix.start(lab, router, { multihop: 3 })
    await waitFor(() => sessions.states(), {
      until: states => states.flat().every(state => state === 'Established'),
      within: 60,
      what: 'all four sessions to be Established on both sides',
    })
    for (const session of sessions.all) {
      // By ports as well: the kernel may still retransmit for an earlier lab with the same addresses.
      const { local, peer, connection } = session.status()
      const ends = `${local.address}.${connection?.localPort} > ${peer.address}.${connection?.remotePort}:`
      const its = await waitFor(
        () =>
          packets(seen)
            .map(({ text }) => text)
            .filter(packet => packet.includes(ends)),
        {
          until: packets => packets.some(isMessage),
          within: 20,
          what: `a message, ${ends}`,
        },
      )
      expect(its.length, 'handshake and messages').toBeGreaterThanOrEqual(2)
      for (const packet of its) expect(packet).toMatch(/(tos|class) 0xc0,/)
      for (const packet of its.filter(isMessage)) expect(packet).toMatch(/(ttl|hlim) 3,/)
    }
  },
)

function isMessage(packet: string): boolean {
  return packet.includes('Flags [P.]')
}
