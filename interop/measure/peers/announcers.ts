/** Who is compared, each as the politeness measurement configures it: how it is started, and told of routes while it runs. */
import { as } from '../politeness/kinds.ts'
import { CHECKOUT, speakers } from '../politeness/speakers.ts'

export interface Announcer {
  name: string
  image: string
  /** As Debian calls it, for its installed size. */
  package: string
  config: (own: string, router: string, route: string) => string
  /** Shell, as is all below: leaves $CONFIG where the daemon finds it. */
  settle: string
  /** Becomes the daemon. */
  start: string
  /** Tells of route $1, where the configuration cannot. Fails until the daemon listens. */
  tell?: string
  version: readonly string[]
  /** What the program needs to run: from its start to its end, and standing idle. */
  runtime?: { name: string; start: string; stay: string }
  changes: Calls | Library
  /** Further words for `docker run`. */
  options?: readonly string[]
}

/** How it is told while it runs: of route $1, the $i-th. */
interface Calls {
  /** In words. */
  by: string
  announce: string
  withdraw: string
  /** The same client asked for what changes nothing: what the process and its connection take. */
  ask?: string
  /** What has to be in the configuration for that. */
  prepare?: (config: string, routes: readonly { i: number; route: string }[]) => string
}

/** A program that makes the calls itself, and stands in the daemon's place; its words are local address, router, routes. */
interface Library {
  by: string
  program: string
}

/** An ExaBGP process reads commands from this. */
const PIPE = '/run/exabgp.pipe'

export const announcers: readonly Announcer[] = [
  {
    name: 'Softspoken',
    image: 'softspoken-interop/announcer',
    package: 'libstdc++6', // what Node's own build needs of Debian
    config: (own, router, route) =>
      `--prefix ${route} --local-as ${as.speaker} --router-id ${own} --peer ${router} --peer-as ${as.router}`,
    settle: '',
    start: 'node /app/softspoken.cjs announce $CONFIG', // the image's entry point
    version: ['node', '-p', 'require("./packages/announcer/package.json").version'],
    runtime: { name: 'Node', start: 'node --eval 0', stay: "node --eval 'setInterval(() => {}, 1e6)'" },
    changes: { by: '`announce()`', program: 'node --import tsx interop/measure/peers/library.ts' },
    options: CHECKOUT,
  },
  {
    ...speaker('BIRD'),
    package: 'bird2',
    settle: 'printf %s "$CONFIG" >/etc/bird/bird.conf',
    start: 'bird -f -c /etc/bird/bird.conf -s /run/bird/bird.ctl',
    changes: {
      by: '`birdc enable` of a static protocol',
      announce: 'birdc enable vip_$i',
      withdraw: 'birdc disable vip_$i',
      ask: 'birdc show status',
      prepare: (config, routes) =>
        [
          config,
          ...routes.map(({ i, route }) => `protocol static vip_${i} { disabled; ipv4; route ${route} blackhole; }`),
        ].join('\n'),
    },
  },
  {
    ...speaker('GoBGP'),
    package: 'gobgpd',
    settle: 'printf %s "$CONFIG" >/etc/gobgp/gobgpd.toml',
    start: 'gobgpd --config-file /etc/gobgp/gobgpd.toml',
    tell: 'gobgp global rib add $1',
    changes: {
      by: '`gobgp global rib add`',
      announce: 'gobgp global rib add $1',
      withdraw: 'gobgp global rib del $1',
      ask: 'gobgp global',
    },
  },
  {
    ...speaker('FRR'),
    package: 'frr',
    settle: 'printf %s "$CONFIG" >/etc/frr/bgpd.conf',
    // Without mgmtd, zebra looks for it many times a second.
    start: `sh -c "${['mgmtd', 'zebra'].map(name => `/usr/lib/frr/${name} --daemon; `).join('')}exec /usr/lib/frr/bgpd --config_file /etc/frr/bgpd.conf --log stdout"`,
    changes: {
      by: '`vtysh -c "network …"`',
      announce: vtysh('network $1'),
      withdraw: vtysh('no network $1'),
      ask: 'vtysh -c "show version"',
    },
  },
  {
    ...speaker('ExaBGP'),
    package: 'exabgp',
    settle: `printf %s "$CONFIG" >/etc/exabgp/exabgp.conf; [ -e ${PIPE} ] || mkfifo --mode 666 ${PIPE}`,
    start: 'exabgp /etc/exabgp/exabgp.conf',
    runtime: { name: 'Python', start: 'python3 -c 0', stay: 'python3 -c "import time; time.sleep(1e6)"' },
    changes: {
      by: "its API's pipe",
      announce: `echo "announce route $1 next-hop self" >${PIPE}`,
      withdraw: `echo "withdraw route $1 next-hop self" >${PIPE}`,
      prepare: config =>
        `process api { run /bin/sh -c "exec cat <>${PIPE}"; encoder text; }\n${config.replace('static', 'api { processes [ api ]; } static')}`,
    },
  },
  {
    ...speaker('OpenBGPD'),
    package: 'openbgpd',
    settle: 'umask 077; printf %s "$CONFIG" >/etc/bgpd.conf', // bgpd insists that nobody else may write it
    start: 'bgpd -d -f /etc/bgpd.conf',
    changes: {
      by: '`bgpctl network add`',
      announce: 'bgpctl network add $1',
      withdraw: 'bgpctl network delete $1',
      ask: 'bgpctl show summary',
    },
  },
]

function speaker(name: string): Pick<Announcer, 'name' | 'image' | 'config' | 'version' | 'options'> {
  const { image, config, version, options = [] } = speakers.find(speaker => speaker.name === name)! // all are there
  return {
    name,
    image: `softspoken-interop/${image}`,
    config: (own, router, route) => config(own, [router], route),
    version,
    options,
  }
}

function vtysh(command: string): string {
  return `vtysh -c "configure terminal" -c "router bgp ${as.speaker}" -c "address-family ipv4 unicast" -c "${command}"`
}
