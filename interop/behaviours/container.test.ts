import { readFileSync } from 'node:fs'
import { expect, inject, it } from 'vitest'
import { buildAnnouncerImage } from '../lab/announcer-image.ts'
import { docker } from '../lab/docker.ts'
import { Lab } from '../lab/lab.ts'
import { secondsFromWithdrawalToCease } from '../lab/packets.ts'
import { vipRouter } from '../lab/vip-router.ts'
import { waitFor } from '../lab/wait-for.ts'

it.skipIf(!inject('engine'))(
  'the image announces without privileges, and docker stop withdraws with a Cease',
  { timeout: 600_000 }, // the first build installs packages
  async () => {
    const image = buildAnnouncerImage()
    await using lab = await Lab.create()
    const address = lab.spare()
    const router = await lab.bird({
      config: ({ own }) => `
        router id ${own};
        protocol device {}
        protocol bgp us {
          local ${own} as 65001; neighbor ${address} as 65010; passive;
          password "one that both know"; ttl security on;
          ipv4 { import all; export none; };
        }
      `,
    })
    const settings = {
      PREFIX: '198.51.100.10/32',
      LOCAL_AS: 65010,
      ROUTER_ID: address,
      PEER: router.address,
      PEER_AS: 65001,
      ADDRESS: 'none',
      REQUIRE_ADDRESS: false,
      // Both need koffi, which the image has.
      TCP_MD5_KEY: 'one that both know',
      TTL_SECURITY: 1,
    }
    const environment = Object.entries(settings).flatMap(([name, value]) => ['--env', `SOFTSPOKEN_${name}=${value}`])
    const confined = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--user', '65532']
    await using seen = await lab.capture(`tcp port 179 and src host ${address}`, '-v')
    const name = await lab.container(image, address, ...confined, ...environment)

    const table = () => router.routes('198.51.100.10/32')
    const [route] = await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
    expect(route).toMatchObject({ nextHop: address, asPath: [65010] })

    const stopped = docker('stop', name) // ten seconds, then SIGKILL
    await waitFor(table, { until: routes => routes.length === 0, within: 10, what: 'the route to be gone' })
    await stopped
    const drained = await waitFor(() => secondsFromWithdrawalToCease(seen), {
      within: 20,
      what: 'the Cease on the wire',
    })
    expect(drained, 'seconds from the withdrawal to the Cease').toBeGreaterThan(2)
    expect(await docker('inspect', '--format', '{{.State.ExitCode}}', name)).toBe('0')
    expect(await router.log()).toContain('Received: Administrative shutdown: "softspoken got SIGTERM"')
  },
)

it.skipIf(!inject('engine'))(
  'the image adds the VIP as root with NET_ADMIN alone, and docker stop removes it',
  { timeout: 600_000 },
  async () => {
    const image = buildAnnouncerImage()
    await using lab = await Lab.create()
    const address = lab.spare()
    const router = await vipRouter(lab, address)
    // The command of deploy/container/README.md, with the addresses of this lab, in its network.
    const page = readFileSync(new URL('../../deploy/container/README.md', import.meta.url), 'utf8')
    const [, flags = '', options = ''] =
      /docker run --network host (.*?) softspoken announce \\\n(.*)\n/.exec(page) ?? []
    const own = options.trim().replace('10.0.5.11', address).replace('10.0.5.1 ', `${router.address} `)
    const variables = [...own.matchAll(/--([\w-]+) (\S+)/g)].map(
      ([, name = '', value]) => `SOFTSPOKEN_${name.toUpperCase().replaceAll('-', '_')}=${value}`,
    )
    const environment = variables.flatMap(variable => ['--env', variable])
    const name = await lab.container(image, address, ...flags.split(' '), ...environment)
    await waitFor(() => router.routes('198.51.100.10/32'), {
      until: routes => routes.length === 1,
      within: 60,
      what: 'it',
    })
    const addresses = "require('node:fs').readFileSync('/proc/net/fib_trie', 'utf8')"
    expect(await docker('exec', name, 'node', '--print', addresses)).toContain('198.51.100.10')
    await docker('stop', name)
    expect(await docker('inspect', '--format', '{{.State.ExitCode}}', name)).toBe('0')
    expect(await docker('logs', name)).toContain('"msg":"VIP removed"')
    expect(await docker('run', '--rm', '--entrypoint', 'softspoken', image, 'version')).toMatch(/^softspoken .*, Node /)
  },
)
