import { Announcer } from '@softspoken/announcer'
import type { Addresses } from '../lab/addresses.ts'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { addAddress } from '../lab/host-network.ts'
import { waitFor } from '../lab/wait-for.ts'

/** A third address for us besides the lab's two: no router of this lab has it. */
const third = (own: string) => own.replace(/\d+$/, last => `${Number(last) + 8}`)

const three = configureAll({ passive: ['host', 'otherHost', 'host6'] })
/** Puts the third address in the place of the IPv6 address, which this test does not use. */
const withThird = (config: (addresses: Addresses) => string) => (addresses: Addresses) =>
  config({ ...addresses, host6: third(addresses.own) })

forEachDaemon(
  {
    bird: withThird(three.bird),
    frr: withThird(three.frr),
    gobgp: withThird(three.gobgp),
    openbgpd: withThird(three.openbgpd),
    exabgp: 'has no best path: it passes on all routes',
  },
  'the router follows three leaders in turn, until the last one withdraws',
  async (lab, router) => {
    await addAddress(third(router.address), lab.host)
    const addresses = [lab.host, lab.otherHost, third(router.address)]
    await using speakers = new Speakers(addresses, router.address)
    const best = async () => (await router.routes('198.51.100.10/32')).find(({ best }) => best)
    const leaders = [0, 1, 2, 0].map(i => ({ address: addresses[i], announcer: speakers.all[i] }))
    let former: { withdraw(): void } | undefined
    for (const [epoch, { address, announcer }] of leaders.entries()) {
      const announcement = announcer?.announce('198.51.100.10/32', { med: { base: 1000, epoch } })
      await waitFor(best, {
        until: ({ nextHop, med }) => nextHop === address && med === 1000 - epoch,
        within: 40, // the first leader has to wait for the advertisement interval when it leads again
        what: `leader ${epoch} to be best, ${address}`,
      })
      former?.withdraw()
      former = announcement
    }
    former?.withdraw()
    await waitFor(() => router.routes('198.51.100.10/32'), {
      until: routes => routes.length === 0,
      within: 20,
      what: 'the route to be gone',
    })
  },
)

class Speakers implements AsyncDisposable {
  readonly all: readonly Announcer[]

  constructor(addresses: readonly string[], router: string) {
    this.all = addresses.map(
      address =>
        new Announcer({
          local: { as: 65010, id: address, address },
          peers: [{ as: 65001, address: router }],
          advertisementInterval: 5,
          drainTime: 0,
        }),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map(announcer => announcer.stop()))
  }
}
