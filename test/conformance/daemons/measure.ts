/** Sends each malformed message to each daemon of the lab, and writes down what the daemon does. */
import { encode } from '@softspoken/wire'
import { daemons } from '../../../interop/lab/daemons.ts'
import { Lab } from '../../../interop/lab/lab.ts'
import type { Router } from '../../../interop/lab/router.ts'
import { routerModel } from '../../../interop/lab/router-model.ts'
import { build } from '../../../interop/lab/setup.ts'
import { type FaultyMessage, TEST_AS } from './faulty-messages.ts'
import { type DaemonName, daemonNames, type Reaction, type Reactions } from './reactions.ts'
import { type Daemon, keepalive, opened, reactionOf, type TestPeer } from './test-peer.ts'

/** So that a daemon does not wait long after an error. */
const extraLines: { readonly [name in DaemonName]?: string } = {
  bird3: 'error wait time 1, 1; connect delay time 1;',
}

export async function measure(messages: readonly FaultyMessage[]): Promise<Reactions> {
  build()
  await using lab = await Lab.create()
  const found = await Promise.all(daemonNames.map(name => measureOne(lab, name, messages)))
  const byName = <item>(of: (at: number) => item) =>
    Object.fromEntries(daemonNames.map((name, at) => [name, of(at)])) as Record<DaemonName, item> // its keys
  return {
    date: new Date().toISOString().slice(0, 10),
    daemons: byName(at => found[at]!.daemon), // one for each name
    messages: messages.map(({ id, kind, ours }, i) => ({
      id,
      kind,
      ours,
      reactions: byName(at => found[at]!.reactions[i]!), // one for each message
    })),
  }
}

async function measureOne(lab: Lab, name: DaemonName, messages: readonly FaultyMessage[]) {
  const { configure } = daemons[name]
  const router = await lab.start(name, {
    config: addresses => configure(routerModel(addresses, { as: TEST_AS, peerAs: TEST_AS }, extraLines[name] ?? '')),
  })
  const daemon = daemonOf(router, lab.host)
  const reactions: Reaction[] = []
  await control(daemon)
  for (const message of messages) {
    const before = performance.now()
    const reaction = await reactionTo(daemon, message, reactions.length).catch(async () => {
      await router.restart() // the message before this one may have ended the daemon
      return await reactionTo(daemon, message, reactions.length)
    })
    reactions.push(reaction)
    const seconds = ((performance.now() - before) / 1000).toFixed(1)
    console.log(
      `${name} ${reactions.length}/${messages.length} ${message.kind} ${message.id}: ${reaction} (${seconds} s)`,
    )
  }
  await control(daemon)
  return { daemon: { name: router.daemon.name, version: await router.version() }, reactions }
}

function daemonOf(router: Router, host: string): Daemon {
  return {
    address: router.address,
    host,
    hasRoute: async prefix => (await router.routes(prefix)).length > 0,
    // OpenBGPD waits half a minute after an error, unless it is enabled again.
    enable: async () => {
      if (router.daemon === daemons.openbgpd) await router.operate('enable')
    },
  }
}

/** A valid route must be kept, and a message of an unknown type must not: otherwise the reactions mean nothing. */
async function control(daemon: Daemon): Promise<void> {
  const prefix = '198.51.100.1/32'
  const valid = { id: '', kind: '', ours: 'kept', bytes: announcement(daemon, prefix), prefixes: [prefix] } as const
  const kept = await reactionTo(daemon, valid, 0)
  const unknown = keepalive.slice()
  unknown[18] = 99
  const refused = await reactionTo(daemon, { ...valid, bytes: unknown }, 0)
  if (kept !== 'kept' || refused === 'kept')
    throw new Error(`${daemon.address}: the controls are ${kept} and ${refused}`)
}

async function reactionTo(daemon: Daemon, message: FaultyMessage, index: number): Promise<Reaction> {
  const isOpen = message.bytes[18] === 1
  const [peer, answer] = await opened(daemon, isOpen ? message.bytes : undefined)
  using _ = peer
  if (isOpen) return reactionOf(answer)
  peer.send(keepalive)
  peer.send(message.bytes)
  // If it closes the connection while it has octets to read, its kernel may drop the NOTIFICATION: so nothing is sent for a second.
  const atOnce = await peer.next(() => false, 1)
  if (atOnce) return reactionOf(atOnce)
  return await afterwards(daemon, peer, message, `10.255.${index >> 8}.${index & 255}/32`)
}

/** A valid route behind the message shows that the daemon has handled the message. */
async function afterwards(
  daemon: Daemon,
  peer: TestPeer,
  { prefixes }: FaultyMessage,
  marker: string,
): Promise<Reaction> {
  peer.send(announcement(daemon, marker))
  for (let tries = 0; !(await daemon.hasRoute(marker)); tries++) {
    const answer = await peer.next(() => false, 0.2)
    if (answer) return reactionOf(answer)
    if (tries === 100) throw new Error(`${daemon.address} neither has the route nor ends the session`)
  }
  if (prefixes.length === 0) return 'kept'
  for (const prefix of prefixes) if (await daemon.hasRoute(prefix)) return 'kept'
  return 'withdrawn'
}

function announcement({ host }: Daemon, prefix: string): Uint8Array {
  const attributes = { origin: 'igp', asPath: [], nextHop: host, localPref: 100 } as const
  return encode({ type: 'update', withdrawn: [], attributes, announced: [prefix] })
}
