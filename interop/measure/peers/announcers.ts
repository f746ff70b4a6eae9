/** The announcers that are compared, with the configurations of the politeness measurement. */
import { as, CHECKOUT, speakers } from '../speakers.ts'

export interface Announcer {
  name: string
  image: string
  /** The Debian package, for the installed size. */
  package: string
  config: (own: string, router: string, route: string) => string
  /** Shell, as all commands below: writes $CONFIG to the daemon's file. */
  writeConfig: string
  /** Starts the daemon in the foreground. */
  start: string
  /** Adds route $1, if the configuration cannot. Fails until the daemon listens. */
  addRoute?: string
  version: readonly string[]
  /** The runtime of the program: `start` starts and ends it, `stay` keeps it idle. */
  runtime?: { name: string; start: string; stay: string }
  changes: Calls | Library
  /** More arguments of `docker run`. */
  options?: readonly string[]
}

/** How routes change while it runs: $1 is the route, $i its number. */
interface Calls {
  /** For the table. */
  method: string
  announce: string
  withdraw: string
  /** The same client with a query that changes nothing: it measures the client's process and connection alone. */
  query?: string
  /** Adds to the configuration what these calls need. */
  prepare?: (config: string, routes: readonly { i: number; route: string }[]) => string
}

/** A program that makes the calls itself, in the place of the daemon. Its arguments are local address, router, routes. */
interface Library {
  method: string
  program: string
}

/** An ExaBGP process reads commands from this. */
const PIPE = '/run/exabgp.pipe'

export const announcers: readonly Announcer[] = [
  {
    name: 'Softspoken',
    image: 'softspoken-interop/announcer-with-shell',
    package: 'libstdc++6', // the Debian package that Node's own build needs
    config: (own, router, route) =>
      `--prefix ${route} --local-as ${as.speaker} --router-id ${own} --peer ${router} --peer-as ${as.router} --address none --require-address false`,
    writeConfig: '',
    start: 'node /app/softspoken.cjs announce $CONFIG', // the image's entry point
    version: ['node', '-p', 'require("./packages/announcer/package.json").version'],
    runtime: { name: 'Node', start: 'node --eval 0', stay: "node --eval 'setInterval(() => {}, 1e6)'" },
    changes: { method: '`announce()`', program: 'node --import tsx interop/measure/peers/library.ts' },
    options: CHECKOUT,
  },
  {
    ...speaker('BIRD'),
    package: 'bird3',
    writeConfig: 'printf %s "$CONFIG" >/etc/bird/bird.conf',
    start: 'bird -f -c /etc/bird/bird.conf -s /run/bird/bird.ctl',
    changes: {
      method: '`birdc enable` of a static protocol',
      announce: 'birdc enable vip_$i',
      withdraw: 'birdc disable vip_$i',
      query: 'birdc show status',
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
    writeConfig: 'printf %s "$CONFIG" >/etc/gobgp/gobgpd.toml',
    start: 'gobgpd --config-file /etc/gobgp/gobgpd.toml',
    addRoute: 'gobgp global rib add $1',
    changes: {
      method: '`gobgp global rib add`',
      announce: 'gobgp global rib add $1',
      withdraw: 'gobgp global rib del $1',
      query: 'gobgp global',
    },
  },
  {
    ...speaker('FRR'),
    package: 'frr',
    writeConfig: 'printf %s "$CONFIG" >/etc/frr/bgpd.conf',
    // Without mgmtd, zebra looks for it many times a second.
    start: `sh -c "${['mgmtd', 'zebra'].map(name => `/usr/lib/frr/${name} --daemon; `).join('')}exec /usr/lib/frr/bgpd --config_file /etc/frr/bgpd.conf --log stdout"`,
    changes: {
      method: '`vtysh -c "network …"`',
      announce: vtysh('network $1'),
      withdraw: vtysh('no network $1'),
      query: 'vtysh -c "show version"',
    },
  },
  {
    ...speaker('ExaBGP'),
    package: 'exabgp',
    writeConfig: `printf %s "$CONFIG" >/etc/exabgp/exabgp.conf; [ -e ${PIPE} ] || mkfifo --mode 666 ${PIPE}`,
    start: 'exabgp /etc/exabgp/exabgp.conf',
    runtime: { name: 'Python', start: 'python3 -c 0', stay: 'python3 -c "import time; time.sleep(1e6)"' },
    changes: {
      method: "its API's pipe",
      announce: `echo "announce route $1 next-hop self" >${PIPE}`,
      withdraw: `echo "withdraw route $1 next-hop self" >${PIPE}`,
      prepare: config =>
        `process api { run /bin/sh -c "exec cat <>${PIPE}"; encoder text; }\n${config.replace('static', 'api { processes [ api ]; } static')}`,
    },
  },
  {
    ...speaker('OpenBGPD'),
    package: 'openbgpd',
    writeConfig: 'umask 077; printf %s "$CONFIG" >/etc/bgpd.conf', // bgpd accepts no file that others may write
    start: 'bgpd -d -f /etc/bgpd.conf',
    changes: {
      method: '`bgpctl network add`',
      announce: 'bgpctl network add $1',
      withdraw: 'bgpctl network delete $1',
      query: 'bgpctl show summary',
    },
  },
]

function speaker(name: string): Pick<Announcer, 'name' | 'image' | 'config' | 'version' | 'options'> {
  const { image, config, version, options = [] } = speakers.find(speaker => speaker.name === name)! // every name is in `speakers`
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
