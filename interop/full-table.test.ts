import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { against, plain } from './lab/against.ts'
import { waitFor } from './lab/wait-for.ts'

const ROUTES = 100_000
const file = '/etc/bird/table.conf'
/** 2001:db8:0:0::/64 and its neighbours. */
const table = `BEGIN { print "protocol static { ipv6;"; for (i = 0; i < ${ROUTES}; i++) printf "route 2001:db8:%x:%x::/64 blackhole;\\n", i / 65536, i % 65536; print "}" }`
const generated = 'is not asked to make a table; BIRD is'

against(
  {
    ...plain({ waits: ['host6'] }, { bird: 'ipv6 { export all; };' }),
    frr: generated,
    gobgp: generated,
    openbgpd: generated,
    exabgp: generated,
  },
  `a table of ${ROUTES / 1000},000 routes comes in: nothing is kept of it, and the route stays`,
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host6 },
      peers: [{ as: 65001, address: router.address6 }],
    })
    const [session] = announcer.sessions
    let heard = 0
    session?.on('update', ({ update: { attributes } }) => {
      heard += attributes.mpReach?.announced.length ?? 0
    })
    announcer.announce('2001:db8::10/128')
    await waitFor(() => router.routes('2001:db8::10/128'), {
      until: routes => routes.length === 1,
      within: 20,
      what: 'the route',
    })
    const before = heapUsed()
    await router.exec('sh', '-c', `awk '${table}' >${file} && echo 'include "${file}";' >>/etc/bird/bird.conf`)
    await router.exec('birdc', 'configure')
    await waitFor(() => heard, { until: count => count >= ROUTES, within: 60, what: 'all of the table' })
    expect(session?.state).toBe('Established')
    expect((heapUsed() - before) / 2 ** 20, 'MiB kept').toBeLessThan(5)
    expect(await router.exec('birdc', 'show', 'route', '2001:db8::10/128')).toContain('[host6 ')
    expect((await router.session(lab.host6)).state).toBe('Established')
  },
)

function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}
