/** The speakers that are measured. Their configurations have only what they need to dial, and a route if that is possible. */

export interface Speaker {
  name: string
  /** The image's name and tag: the newest release, from interop/images. */
  image: string
  config: (own: string, routers: readonly string[], route?: string) => string
  /** A command that prints the version in the container. */
  version: string[]
  /** More arguments of `docker run`. */
  options?: string[]
}

/** The AS numbers in all measurements. */
export const as = { speaker: 65010, router: 65001 } as const

export const ROUTE = '198.51.100.10/32'
const root = new URL('../..', import.meta.url).pathname

/** Arguments of `docker run` for programs that run from the checkout. */
export const CHECKOUT = ['--volume', `${root}:${root}:ro`, '--workdir', root]

export const speakers: readonly Speaker[] = [
  {
    name: 'Softspoken',
    image: 'node',
    config: (own, routers, route = ROUTE) => `
      exec node --import tsx packages/softspoken/src/main.ts announce --prefix ${route} \
        --local-as ${as.speaker} --router-id ${own} --peer ${routers.join(' ')} --peer-as ${as.router} \
        --address none --require-address false
    `,
    version: ['node', '-p', 'require("./packages/announcer/package.json").version'],
    options: CHECKOUT,
  },
  {
    name: 'BIRD',
    image: 'bird3:forky',
    config: (own, routers, route = ROUTE) => `
      router id ${own};
      protocol device {}
      protocol static { ipv4; route ${route} blackhole; }
      ${each(
        routers,
        address => `protocol bgp {
          local as ${as.speaker};
          neighbor ${address} as ${as.router};
          ipv4 { import none; export all; };
        }`,
      )}
    `,
    version: ['birdc', 'show', 'status'],
  },
  {
    name: 'GoBGP',
    image: 'gobgp:forky',
    config: (own, routers) => `
      [global.config]
        as = ${as.speaker}
        router-id = "${own}"
      ${each(
        routers,
        address => `
      [[neighbors]]
        [neighbors.config]
          neighbor-address = "${address}"
          peer-as = ${as.router}`,
      )}
    `,
    version: ['gobgpd', '--version'],
  },
  {
    name: 'FRR',
    image: 'frr:forky',
    config: (own, routers, route = ROUTE) => `
router bgp ${as.speaker}
 bgp router-id ${own}
 no bgp ebgp-requires-policy
 no bgp network import-check
${each(routers, address => ` neighbor ${address} remote-as ${as.router}`)}
 address-family ipv4 unicast
  network ${route}
`,
    version: ['vtysh', '-c', 'show version'],
    // FRR drops and restores its capabilities as one set, which includes this one.
    options: ['--cap-add', 'SYS_ADMIN'],
  },
  {
    name: 'ExaBGP',
    image: 'exabgp:forky',
    config: (own, routers, route = ROUTE) =>
      each(
        routers,
        address => `neighbor ${address} {
          router-id ${own};
          local-address ${own};
          local-as ${as.speaker};
          peer-as ${as.router};
          static { route ${route} next-hop self; }
        }`,
      ),
    version: ['exabgp', 'version'],
  },
  {
    name: 'OpenBGPD',
    image: 'openbgpd:forky',
    config: (own, routers, route = ROUTE) => `
      AS ${as.speaker}
      router-id ${own}
      fib-update no
      network ${route}
      allow to any
      ${each(routers, address => `neighbor ${address} { remote-as ${as.router} }`)}
    `,
    version: ['sh', '-c', 'bgpd -V 2>&1'],
  },
]

function each(routers: readonly string[], one: (address: string) => string): string {
  return routers.map(one).join('\n')
}
