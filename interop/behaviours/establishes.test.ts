import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

forEachDaemon(configureAll(), 'a session is established with the default hold time', async (lab, router) => {
  await using announcer = new Announcer({
    local: { as: 65010, id: lab.host, address: lab.host },
    peers: [{ as: 65001, address: router.address }],
  })
  await waitFor(() => router.session(), {
    until: ({ state }) => state === 'Established',
    within: 60,
    what: 'the router to be Established',
  })
  expect((await router.session()).holdTime).toBe(90)
  expect(announcer.status().peers[0]).toMatchObject({
    state: 'Established',
    local: { address: lab.host },
    negotiated: { holdTime: 90, fourOctetAs: true, families: ['ipv4-unicast'], peerId: router.address },
    counters: { dials: 1 },
  })
})
