/** The router configurations of docs/routers.md, as the page shows them. */
import { readFileSync } from 'node:fs'
import { Session } from '@softspoken/session'
import { describe, expect, inject, it } from 'vitest'
import type { Addresses } from '../lab/addresses.ts'
import { daemons } from '../lab/daemons.ts'
import { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'

const page = readFileSync(new URL('../../docs/routers.md', import.meta.url), 'utf8')
const forbidden = ['198.51.100.200/32', '198.51.100.10/31', '198.51.100.0/25', '0.0.0.0/0']

describe.skipIf(!inject('engine')).concurrent('the configuration in docs/routers.md accepts only the /32', () => {
  const configurations = [
    ...(['frr', 'bird', 'gobgp', 'openbgpd'] as const).map(name => [name, name] as const),
    ['opnsense', 'frr'],
  ] as const
  for (const [name, daemon] of configurations)
    it(`${name}, in ${daemons[daemon].name}`, { timeout: 120_000 }, async () => {
      await using lab = await Lab.create()
      const router = await lab.start(daemon, { config: addresses => filledIn(snippet(name), addresses) })
      await using session = new Session({
        local: { as: 64515, id: lab.host, address: lab.host },
        peer: { as: 65000, address: router.address },
      })
      session.start()
      await waitFor(() => session.state === 'Established', { within: 60, what: 'the session' })
      // The forbidden routes go first, so that the router has judged them when it has the /32.
      for (const announced of [forbidden, ['198.51.100.10/32']])
        session.send({
          type: 'update',
          withdrawn: [],
          attributes: { origin: 'igp', asPath: [{ type: 'sequence', as: [64515] }], nextHop: lab.host },
          announced,
        })
      const routes = await waitFor(() => router.routes(), {
        until: routes => routes.length > 0,
        within: 60,
        what: 'a route',
      })
      expect(routes).toMatchObject([{ prefix: '198.51.100.10/32', nextHop: lab.host, asPath: [64515], best: true }])
      expect(await router.exec('sh', '-c', commandThatShows(daemon))).toContain(lab.host)
    })
})

/** The fenced block after `<!-- tested: frr -->`. */
function snippet(name: string): string {
  const [, text] = new RegExp(`<!-- tested: ${name} -->\\n\`\`\`\\w+\\n(.*?)\`\`\``, 's').exec(page) ?? []
  if (text === undefined) throw new Error(`docs/routers.md has no snippet for ${name}`)
  return text
}

/** The command after that block: "`birdc show route` shows the route". */
function commandThatShows(name: string): string {
  const [, command] = new RegExp(`<!-- tested: ${name} -->.*?\n\`([^\`]+)\` shows the route`, 's').exec(page) ?? []
  if (command === undefined) throw new Error(`docs/routers.md does not say how ${name} shows the route`)
  return command
}

function filledIn(text: string, { own, host }: Addresses): string {
  return text.replaceAll('10.0.5.11', host).replaceAll('10.0.5.1', own)
}
