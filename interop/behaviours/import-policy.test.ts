/** BGP does not say whether a router took the route (RFC 4271 has no acknowledgement). A probe from behind the router does. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { type DaemonName, daemons } from '../lab/daemons.ts'
import { docker } from '../lab/docker.ts'
import { configureAll, forEachDaemon, type Kind } from '../lab/for-each-daemon.ts'
import type { Lab } from '../lab/lab.ts'
import type { Router } from '../lab/router.ts'
import { waitFor } from '../lab/wait-for.ts'

const VIP = '198.51.100.10'
const PORT = 6443
const NODE = 'softspoken-interop/node'
const root = fileURLToPath(new URL('../..', import.meta.url))

const plain = configureAll()
const kernel = 'protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; }\n'
const configurations = {
  ...plain,
  bird: addresses => plain.bird(addresses) + kernel,
  exabgp: 'has no import policy and forwards nothing',
} satisfies Parameters<typeof forEachDaemon>[0]

/** The same router, with nothing that lets it take a route: by default (RFC 8212) for FRR and OpenBGPD. */
const withoutPolicy: { readonly [name in Exclude<Kind, 'exabgp'>]: typeof plain.bird } = {
  bird: addresses => configureAll({}, { bird: 'ipv4 { import none; };' }).bird(addresses) + kernel,
  frr: addresses => plain.frr(addresses).replace('no bgp ebgp-requires-policy\n', ''),
  gobgp: addresses => `${plain.gobgp(addresses)}[global.apply-policy.config]\ndefault-import-policy = "reject-route"\n`,
  openbgpd: addresses => plain.openbgpd(addresses).replace('allow from any\n', ''),
}

forEachDaemon(
  configurations,
  'a probe from behind the router tells whether its import policy took the route (RFC 8212)',
  async (lab, accepts, kind) => {
    if (kind === 'exabgp') throw new Error('ExaBGP is left out')
    const name = Object.entries(daemons).find(([, daemon]) => daemon === accepts.daemon)?.[0] as DaemonName
    const refuses = await lab.start(name, { config: withoutPolicy[kind] })
    const holder = await startHolder(lab)
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [accepts, refuses].map(({ address }) => ({ as: 65001, address })),
      nextHop: holder,
      drainTime: 0,
    })
    announcer.announce(`${VIP}/32`)
    await waitFor(() => announcer.status().peers, {
      until: peers => peers.every(({ sent }) => sent.includes(`${VIP}/32`)),
      within: 60,
      what: 'the route to be sent to both routers',
    })
    await waitFor(() => accepts.routes(`${VIP}/32`), {
      until: routes => routes.length === 1,
      within: 20,
      what: 'the route in the table of the router with a policy',
    })
    for (const router of [accepts, refuses]) await forward(router, kind)
    const [taken, refused] = await Promise.all([probe(lab, accepts), probe(lab, refuses)])

    expect(taken).toContain(`${VIP} port ${PORT}: yes, connected after`)
    expect(refused).toContain(`${VIP} port ${PORT}: no, `)
    expect(refused).toContain('RFC 8212')
    // For the session the two are alike: Established, and the route is sent.
    expect(await refuses.routes(`${VIP}/32`)).toEqual([])
    expect((await refuses.session()).state).toBe('Established')
    expect(announcer.status().peers.map(({ state, sent }) => [state, sent])).toEqual([
      ['Established', [`${VIP}/32`]],
      ['Established', [`${VIP}/32`]],
    ])
  },
)

/** A host with the VIP, which accepts connections. Resolves with its own address. */
async function startHolder(lab: Lab): Promise<string> {
  const address = lab.spare()
  const listen = `node -e "require('net').createServer(one => one.on('error', () => {})).listen(${PORT})"`
  const config = `ip address add ${VIP}/32 dev lo && exec ${listen}`
  await lab.container(NODE, address, '--cap-add', 'NET_ADMIN', '--env', `CONFIG=${config}`)
  return address
}

/**
 * BIRD and FRR write their routes into the kernel. For GoBGP and OpenBGPD, which on Linux do not, this does, from their table.
 * Without a default route a router answers at once that it cannot reach a destination.
 */
async function forward(router: Router, kind: Kind): Promise<void> {
  await router.exec('ip', 'route', 'delete', 'default')
  if (kind === 'bird' || kind === 'frr') return
  const [best] = await router.routes(`${VIP}/32`)
  if (best !== undefined) await router.exec('ip', 'route', 'add', VIP, 'via', best.nextHop)
}

/** Made once: it starts in a tenth of the time that the sources need. */
let bundle: Promise<unknown> | undefined

/** What `softspoken check --vip` prints on a host whose way to the VIP is this router. */
async function probe(lab: Lab, router: Router): Promise<string> {
  await (bundle ??= promisify(execFile)(process.execPath, ['bundle.mjs'], { cwd: join(root, 'packages/softspoken') }))
  const check = `node packages/softspoken/dist/softspoken.cjs check --vip tcp://${VIP}:${PORT}`
  const config = `ip route add ${VIP} via ${router.address} && ${check}; echo end`
  // The router and the holder are on one link, so the router may redirect this host to the holder (RFC 1122 §3.2.2.2).
  const redirects = ['all', 'default'].flatMap(one => ['--sysctl', `net.ipv4.conf.${one}.accept_redirects=0`])
  const checkout = ['--volume', `${root}:${root}:ro`, '--workdir', root]
  const name = await lab.container(
    NODE,
    lab.spare(),
    ...['--cap-add', 'NET_ADMIN', ...redirects, ...checkout, '--env', `CONFIG=${config}`],
  )
  return waitFor(() => docker('logs', name), {
    until: log => log.endsWith('end'),
    within: 60,
    what: `the probe by way of ${router.address} to end`,
  })
}
