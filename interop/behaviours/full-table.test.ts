import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Announcer } from '@softspoken/announcer'
import { Session } from '@softspoken/session'
import { expect } from 'vitest'
import { API_PIPE } from '../lab/exabgp.ts'
import { configureAll, forEachDaemon, type Kind } from '../lab/for-each-daemon.ts'
import type { Lab } from '../lab/lab.ts'
import type { Router } from '../lab/router.ts'
import { waitFor } from '../lab/wait-for.ts'

const ROUTES = 100_000
/** 2001:db8:0:0::/64 and the prefixes after it. */
const table = Array.from(
  { length: ROUTES },
  (_, i) => `2001:db8:${(i >> 16).toString(16)}:${(i & 0xffff).toString(16)}::/64`,
)
/** The number of routes in one UPDATE. */
const PART = 200
/** Another AS than ours: some daemons do not advertise a route to an AS that is in its AS_PATH. */
const FEEDER = 65020

const usual = configureAll(
  { passive: ['host6', 'otherHost6'], peerAs: { otherHost6: FEEDER } },
  { bird: 'ipv6 { export all; };' },
)

forEachDaemon(
  { ...usual, openbgpd: addresses => `${usual.openbgpd(addresses)}allow to any\n` },
  `a table of ${ROUTES / 1000},000 routes is received and not stored`,
  async (lab, router, kind) => {
    await using _feeder = await feed(lab, router, kind)
    const before = heapUsed()
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host6 },
      peers: [{ as: 65001, address: router.address6 }],
    })
    const [session] = announcer.sessions
    let received = 0
    session?.on('update', ({ update: { attributes } }) => {
      received += attributes.mpReach?.announced.length ?? 0
    })
    announcer.announce('2001:db8::10/128')
    await waitFor(() => received, { until: count => count >= ROUTES, within: 120, what: 'the whole table' })
    expect(session?.state).toBe('Established')
    // Other labs in this process use memory for a while.
    await waitFor(() => (heapUsed() - before) / 2 ** 20, {
      until: kept => kept < 5,
      within: 30,
      what: 'less than 5 MiB of heap to remain',
    })
  },
)

/** Gives the router the table: from a speaker in another AS, or through the API of ExaBGP, which does not pass routes on. */
async function feed(lab: Lab, router: Router, kind: Kind): Promise<Session> {
  const session = new Session({
    local: { as: FEEDER, id: lab.otherHost, address: lab.otherHost6 },
    peer: { as: 65001, address: router.address6 },
  })
  session.start()
  await waitFor(() => session.state === 'Established', { within: 60, what: 'the session that sends the table' })
  if (kind === 'exabgp') await router.exec('sh', '-c', `awk 'BEGIN { ${exabgpCommands(lab.host6)} }' >${API_PIPE}`)
  else await sendTable(session, lab.otherHost6)
  return session
}

async function sendTable(session: Session, nextHop: string): Promise<void> {
  for (let i = 0; i < ROUTES; i += PART) {
    const announced = table.slice(i, i + PART)
    const mpReach = { family: 'ipv6-unicast', nextHop: [nextHop], announced } as const
    const asPath = [{ type: 'sequence', as: [FEEDER] }] as const
    session.send({ type: 'update', withdrawn: [], attributes: { origin: 'igp', asPath, mpReach }, announced: [] })
    await waitFor(() => !session.backlogged, { within: 60, what: 'the router to read' })
  }
}

/** The same table as a program for awk, with PART prefixes per line. */
function exabgpCommands(neighbor: string): string {
  const line = `neighbor ${neighbor} announce attributes next-hop self nlri`
  return `for (i = 0; i < ${ROUTES}; i++)
    printf "%s 2001:db8:%x:%x::/64%s", i % ${PART} ? "" : "${line}", i / 65536, i % 65536, i % ${PART} == ${PART - 1} ? "\\n" : ""`
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}
