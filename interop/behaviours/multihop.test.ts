import { Session, type SessionOptions } from '@softspoken/session'
import { expect } from 'vitest'
import type { Addresses } from '../lab/addresses.ts'
import { docker } from '../lab/docker.ts'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { type Lab, TOOLS } from '../lab/lab.ts'
import type { Router } from '../lab/router.ts'
import { sessionFailure } from '../lab/session-failure.ts'
import { waitFor } from '../lab/wait-for.ts'

/** An address of the router that is not on our link, and different in every lab. */
const far = (own: string) => own.replace('203.0.113', '198.51.100')

const { bird, exabgp, ...others } = configureAll({ multihop: 2 })
const configurations = {
  ...others, // their configurations have no address of their own
  bird: (addresses: Addresses) => bird({ ...addresses, own: far(addresses.own) }),
  exabgp: (addresses: Addresses) => exabgp({ ...addresses, own: far(addresses.own) }),
}

forEachDaemon(configurations, 'multihop reaches as many hops as it allows, and no more', async (lab, router) => {
  await farAway(lab, router)
  await using near = session(lab, router, { multihop: 1 })
  near.start()
  const { reason, hint } = await sessionFailure(() => near.status())
  expect(reason).toBe('unreachable') // the router between sends ICMP Time Exceeded
  expect(hint).toContain('multihop')
  expect((await router.session()).state).not.toBe('Established')
  await near.stop()

  await using enough = session(lab, router, { multihop: 2 })
  enough.start()
  await waitFor(() => router.session(), {
    until: ({ state }) => state === 'Established',
    within: 60,
    what: 'the router to be Established',
  })
  expect(enough.state).toBe('Established')
})

/** Puts another router between us and the far address. */
async function farAway(lab: Lab, router: Router): Promise<void> {
  const between = lab.spare()
  const forwards = await lab.container(TOOLS, between, '--cap-add', 'NET_ADMIN')
  const address = far(router.address)
  await router.exec('ip', 'address', 'add', address, 'dev', 'lo')
  await docker('exec', forwards, 'ip', 'route', 'add', address, 'via', router.address)
  await lab.route(address, between)
}

function session({ host }: Lab, router: Router, options: Partial<SessionOptions>): Session {
  const peer = { as: 65001, address: far(router.address) }
  return new Session({ local: { as: 65010, id: host, address: host }, peer, ...options })
}
