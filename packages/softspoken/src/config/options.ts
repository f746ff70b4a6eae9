/**
 * Every option of the program: types, flags, variables, --help, OPTIONS.md and the names in errors come from this one
 * table, which is why the file is long. The schema checks the kind of a value. The library checks whether the value is allowed.
 */
import { isIP } from 'node:net'
import { announceOptions, announcerOptions, healthOptions } from '@softspoken/announcer/internal'
import { optionNames, sessionOptions } from '@softspoken/session/internal'
import { profiles } from '@softspoken/vip-agent'
import * as v from 'valibot'
import { mayHoldSecret } from './usage-error.ts'

/** Properties of an option that the schema does not have. */
interface OptionMeta {
  /** For --help and OPTIONS.md. */
  readonly text: string
  /** What the library uses if the option is not given. */
  readonly defaultText?: string
  /** The name of the value in --help. An option without one is left out there. */
  readonly placeholder?: string
  /** Its heading in --help. */
  readonly group?: string
  /** How its text becomes a value, if the schema does not say. */
  readonly kind?: OptionRow['kind']
  /** Required unless there is no BGP: see usesBgp(). */
  readonly requiredByBgp?: true
  /** It has no flag and no variable. */
  readonly fileOnly?: true
  /** Its value is never shown, and it has no flag, because all users of a host see the flags of a process. */
  readonly secret?: true
  /** The name of the option in the library's errors. */
  readonly libraryName: string
}

const number = v.pipe(v.number('a whole number'), v.integer('a whole number'))
const text = v.string('text')
const key = v.string('text, so put a number into quotes')
/** The library's errors show the value. A text with white space may be a key, so it is refused before. */
const word = v.pipe(text, v.regex(/^\S*$/, 'one word'))
/** The same, and a value that may hold a password is refused before, too. */
const wordWithoutSecret = (allowed: string) =>
  v.pipe(
    word,
    v.check(value => !mayHoldSecret(value), allowed),
  )
const address = wordWithoutSecret('an address')
const addressAndPort = 'an address and a port, such as 127.0.0.1:9179'
const list = v.array(word, 'a list')
const path = v.pipe(v.string('a path'), v.regex(/^\P{Cc}+$/u, 'a path without control characters'))
const yesOrNo = v.boolean('true or false')
/** A URL may hold a password, which no error may show. */
const serverText = 'a URL such as https://127.0.0.1:6443'
const server = v.pipe(v.string(serverText), v.regex(/^[^\s@?#]*$/, `${serverText}, without user, password and query`))

/** A key may be in the wrong place, so a value of a router is not shown if it is no address or interface. */
const ipAddress = v.pipe(
  word,
  v.check(value => isIP(value) !== 0, 'an IPv4 or IPv6 address'),
)
const peerEntries = {
  address: ipAddress,
  as: number,
  port: v.optional(number),
  localAddress: v.optional(ipAddress),
  nextHop: v.optional(ipAddress),
  holdTime: v.optional(number),
  tcpMd5Key: v.optional(key),
  tcpMd5KeyFile: v.optional(path),
  ttlSecurity: v.optional(number),
  multihop: v.optional(number),
  bindDevice: v.optional(
    v.pipe(text, v.regex(/^[^\s/]{1,15}$/, 'the name of a network interface, 1 to 15 characters')),
  ),
}
/** The options of one router in `peers`. */
export const peerOptionNames: readonly string[] = Object.keys(peerEntries)
const [addressName, asName, ...optionalNames] = peerOptionNames
const peer = v.strictObject(
  peerEntries,
  `a map with ${addressName} and ${asName}, and perhaps ${optionalNames.join(', ')}`,
)

/** kube-vip's, so that a cluster can move from one agent to the other node by node. */
export const DEFAULT_LEASE = 'kube-system/plndr-cp-lock'
const leaseText = `a namespace and a name, such as ${DEFAULT_LEASE}`
/** As Kubernetes has it (RFC 1123), and with the `_` of some host names. */
const nodeText = 'the name of a node: at most 253 letters, digits, hyphens and dots'
/** IFNAMSIZ of Linux is 16 with the NUL at the end; `*` stands for any characters. */
const interfaceName = v.pipe(text, v.regex(/^[^\s/:,]{1,15}$/, 'auto, or the name of a network interface'))

/** One check, or several; what a check may be is checked with the other options of health. */
const checkText = 'a text without white space, or exec: and a command'
const check = v.pipe(v.string(checkText), v.regex(/^(\S*|\s*exec:.*)$/s, checkText))
const command = v.array(v.string('a text'), checkText)
const checks = v.lazy(value =>
  Array.isArray(value) ? v.array(v.lazy(one => (Array.isArray(one) ? command : check))) : check,
) as v.GenericSchema<string | readonly (string | readonly string[])[]> // what the two branches have

/** The capabilities that the library can leave out. */
const capabilities = optionNames(sessionOptions, 'capabilities')

const backOff = v.strictObject(
  optionalNumbers(optionNames(sessionOptions, 'backOff')),
  'a map of names and seconds, such as minInterval: 10',
)
const holdDown = v.strictObject(
  optionalNumbers(optionNames(healthOptions, 'holdDown')),
  'false, or a map of withdrawals, within and stayDown',
)
/** The names inside an option that is a map. */
export const partNames: Readonly<Record<string, readonly string[]>> = {
  peers: peerOptionNames,
  backOff: Object.keys(backOff.entries),
  healthHoldDown: Object.keys(holdDown.entries),
}

function optionalNumbers(names: readonly string[]) {
  return Object.fromEntries(names.map(name => [name, v.optional(number)]))
}

function option<schema extends v.GenericSchema>(schema: schema, meta: OptionMeta) {
  return v.pipe(schema, v.metadata(meta as unknown as Record<string, unknown>))
}
const route = { group: 'The route' }
const router = { group: 'The router' }
const election = { group: 'Mode and election' }
const addresses = { group: 'The address' }
const health = { group: 'Health' }
const page = { group: 'Page and log' }

// Each message ends the sentence "… is not allowed, it must be <message>".
export const optionsSchema = v.strictObject({
  prefix: option(
    v.pipe(v.array(wordWithoutSecret('a host route'), 'a list'), v.minLength(1, 'one host route or several')),
    {
      text: 'host routes to announce, each a /32 or a /128',
      placeholder: '<route...>',
      libraryName: 'prefix',
      ...route,
    },
  ),
  localAs: v.optional(
    option(number, {
      text: 'our AS number',
      placeholder: '<as>',
      libraryName: 'local.as',
      requiredByBgp: true,
      ...router,
    }),
  ),
  routerId: v.optional(
    option(address, {
      text: 'our BGP Identifier, another one on every node; auto: from nodeName',
      placeholder: '<id>',
      libraryName: 'local.id',
      requiredByBgp: true,
      ...router,
    }),
  ),
  peer: v.optional(
    option(v.array(address, 'a list'), {
      text: 'address of the router, or of several',
      placeholder: '<address...>',
      libraryName: 'peer.address',
      ...router,
    }),
  ),
  peerAs: v.optional(
    option(number, { text: 'AS number of the router', placeholder: '<as>', libraryName: 'peer.as', ...router }),
  ),
  port: v.optional(
    option(number, {
      text: 'TCP port of the router',
      defaultText: `${sessionOptions['peer.port'].default}`,
      placeholder: '<port>',
      libraryName: 'peer.port',
      ...router,
    }),
  ),
  peers: v.optional(
    option(v.array(peer, 'a list of routers'), {
      text: 'routers that have different options, see below',
      libraryName: 'peers',
      fileOnly: true,
    }),
  ),
  localAddress: v.optional(
    option(address, {
      text: 'address to dial from',
      placeholder: '<address>',
      libraryName: 'local.address',
      ...router,
    }),
  ),
  holdTime: v.optional(
    option(number, {
      text: 'hold time that we propose, in seconds',
      defaultText: `${sessionOptions.holdTime.default}`,
      placeholder: '<seconds>',
      libraryName: 'holdTime',
      ...router,
    }),
  ),
  tcpMd5Key: v.optional(option(key, { text: 'key for TCP MD5 (RFC 2385)', libraryName: 'tcpMd5Key', secret: true })),
  tcpMd5KeyFile: v.optional(
    option(path, {
      text: 'file with that key, read at the start; a line feed at its end is not part of the key',
      libraryName: 'tcpMd5KeyFile',
    }),
  ),
  ttlSecurity: v.optional(
    option(number, {
      text: 'TTL security (RFC 5082): the most hops to the router, which must have it configured, too',
      libraryName: 'ttlSecurity',
    }),
  ),
  multihop: v.optional(
    option(number, { text: 'TTL to send with, if the router is more than one hop away', libraryName: 'multihop' }),
  ),
  bindDevice: v.optional(option(word, { text: 'network interface of the session', libraryName: 'bindDevice' })),
  withoutCapabilities: v.optional(
    option(v.array(v.picklist(capabilities, `one of ${capabilities.join(', ')}`), 'a list'), {
      text: `capabilities to leave out of our OPEN: ${capabilities.join(', ')}`,
      libraryName: 'capabilities',
    }),
  ),
  backOff: v.optional(
    option(backOff, {
      text: 'waiting times between dials after failures, see below',
      libraryName: 'backOff',
    }),
  ),
  stateDirectory: v.optional(
    option(path, {
      text: 'directory that keeps the last dial and the failures after a crash (default: the StateDirectory= of systemd, if any)',
      libraryName: 'stateDirectory',
    }),
  ),
  mode: v.optional(
    option(v.picklist(['all-nodes', 'standby', 'leader'], 'all-nodes, standby or leader'), {
      text: 'all-nodes, standby or leader',
      defaultText: 'all-nodes, standby with an election, leader with arp',
      placeholder: '<mode>',
      libraryName: 'mode',
      ...election,
    }),
  ),
  lease: v.optional(
    option(wordWithoutSecret(leaseText), {
      text: 'elect by this Lease of Kubernetes',
      defaultText: DEFAULT_LEASE,
      placeholder: '<namespace/name>',
      libraryName: 'lease',
      ...election,
    }),
  ),
  leaseDirectory: v.optional(
    option(path, {
      text: 'elect by a Lease in this directory, for processes on one machine',
      libraryName: 'directory',
    }),
  ),
  leaseProfile: v.optional(
    option(v.picklist(['default', 'fast'], 'default or fast'), {
      text: 'default: the durations below; fast: 5, 3 and 1 s',
      libraryName: 'leaseProfile',
    }),
  ),
  leaseDuration: v.optional(
    option(number, {
      text: 'seconds after its last change at which another node takes the Lease',
      defaultText: `${profiles.default.leaseDuration}`,
      libraryName: 'leaseDuration',
    }),
  ),
  renewDeadline: v.optional(
    option(number, {
      text: 'seconds that a node leads after it sent its last successful renewal',
      defaultText: `${profiles.default.renewDeadline}`,
      libraryName: 'renewDeadline',
    }),
  ),
  retryPeriod: v.optional(
    option(number, {
      text: 'seconds between two renewals, and between two looks',
      defaultText: `${profiles.default.retryPeriod}`,
      libraryName: 'retryPeriod',
    }),
  ),
  nodeName: v.optional(
    option(v.pipe(wordWithoutSecret(nodeText), v.regex(/^[a-z0-9]([-._a-z0-9]{0,251}[a-z0-9])?$/i, nodeText)), {
      text: 'name of this node in the election, different on every node',
      defaultText: 'the host name in lower case',
      libraryName: 'identity',
    }),
  ),
  kubeconfig: v.optional(
    option(path, {
      text: 'kubeconfig with the credentials for the API server',
      defaultText: "the Pod's service account",
      placeholder: '<file>',
      libraryName: 'kubeconfig',
      ...election,
    }),
  ),
  apiServer: v.optional(
    option(server, {
      text: "URL of this node's own API server, never of a VIP",
      defaultText: 'as the kubeconfig or the Pod has it',
      libraryName: 'server',
    }),
  ),
  apiServers: v.optional(
    option(v.array(server, 'a list of URLs'), {
      text: "URLs of other nodes' API servers, which only release the Lease if our own does not answer",
      libraryName: 'releaseServers',
    }),
  ),
  probePort: v.optional(
    option(number, {
      text: 'with BGP and mode leader: TCP port of the VIP, to which the nodes without it connect each 10 s, to see whether the router took the route',
      libraryName: 'probePort',
    }),
  ),
  arp: v.optional(
    option(yesOrNo, {
      text: 'announce the VIP on the segment, by ARP and NDP',
      defaultText: 'false',
      placeholder: '[true|false]',
      libraryName: 'arp',
      ...addresses,
    }),
  ),
  claimInUse: v.optional(
    option(yesOrNo, {
      text: 'with `arp`: claim a VIP that another host has, even if no leader had it before',
      defaultText: 'false',
      libraryName: 'claimInUse',
    }),
  ),
  interface: v.optional(
    option(v.pipe(v.array(interfaceName, 'a list'), v.minLength(1, 'one name or several')), {
      text: 'interface for the VIP: auto, or the first of these names and patterns that exists',
      defaultText: 'lo; auto with arp',
      placeholder: '<name...>',
      libraryName: 'address.interface',
      ...addresses,
    }),
  ),
  address: v.optional(
    option(v.literal('none', 'none'), {
      text: '`none`: add no address, which another program does',
      placeholder: '<none>',
      libraryName: 'address',
      ...addresses,
    }),
  ),
  replaceAddress: v.optional(
    option(yesOrNo, {
      text: 'true: replace another form of the VIP that is there at the start',
      defaultText: 'false, which refuses to start',
      libraryName: 'address.replaceAddress',
    }),
  ),
  requireAddress: v.optional(
    option(yesOrNo, {
      text: 'with `address: none`: announce only while the VIP is on an interface',
      defaultText: 'true',
      libraryName: 'requireAddress',
    }),
  ),
  destroyConnections: v.optional(
    option(yesOrNo, {
      text: 'reset the connections of the VIP at a planned end, so that clients connect to the next node at once',
      defaultText: 'true',
      libraryName: 'destroyConnections',
    }),
  ),
  kernelDeadline: v.optional(
    option(v.literal('off', 'off'), {
      text: '`off`: the kernel does not end a process that hangs or is stopped',
      libraryName: 'kernelDeadline',
    }),
  ),
  disabledBy: v.optional(
    option(v.pipe(path, v.startsWith('/', 'an absolute path: drain and the agent may run in different folders')), {
      text: 'file that takes this node out of service while it exists; drain creates it, resume removes it',
      libraryName: 'disabledBy',
    }),
  ),
  drainOnCordon: v.optional(
    option(yesOrNo, {
      text: 'true: take this node out of service while it is cordoned; its user must be allowed to get the Node',
      defaultText: 'false',
      libraryName: 'drainOnCordon',
    }),
  ),
  labelNode: v.optional(
    option(yesOrNo, {
      text: 'true: label the Node that leads, as kube-vip does; its user must be allowed to patch the Node',
      defaultText: 'false',
      libraryName: 'labelNode',
    }),
  ),
  nextHop: v.optional(
    option(v.array(address, 'a list'), {
      text: 'where the router sends the traffic: one address, or one for each family of the routes',
      defaultText: 'our own address',
      placeholder: '<address...>',
      libraryName: 'nextHop',
      ...route,
    }),
  ),
  med: v.optional(
    option(number, {
      text: 'MULTI_EXIT_DISC; the lower one is preferred',
      placeholder: '<number>',
      libraryName: 'med',
      ...route,
    }),
  ),
  localPref: v.optional(
    option(number, {
      text: `LOCAL_PREF for a router of our own AS; the higher one is preferred; ${announceOptions.localPref.default} if not given`,
      libraryName: 'localPref',
    }),
  ),
  community: v.optional(
    option(list, {
      text: 'communities, such as 65000:100',
      placeholder: '<a:b...>',
      libraryName: 'communities',
      ...route,
    }),
  ),
  largeCommunity: v.optional(
    option(list, { text: 'large communities (RFC 8092), such as 65000:1:2', libraryName: 'largeCommunities' }),
  ),
  prepend: v.optional(
    option(number, {
      text: 'how many times to repeat our AS number in AS_PATH, for a router of another AS',
      defaultText: `${announceOptions.prepend.default}`,
      libraryName: 'prepend',
    }),
  ),
  drainTime: v.optional(
    option(number, {
      text: 'seconds between the withdrawal and the Cease at a stop',
      defaultText: `${announcerOptions.drainTime.default}`,
      libraryName: 'drainTime',
    }),
  ),
  gracefulShutdownTime: v.optional(
    option(number, {
      text: 'seconds with GRACEFUL_SHUTDOWN (RFC 8326) before the withdrawal at a stop',
      defaultText: `${announcerOptions.gracefulShutdownTime.default}`,
      libraryName: 'gracefulShutdownTime',
    }),
  ),
  health: v.optional(
    option(checks, {
      text: "announce only while tcp://… or http(s)://… answers, the node's API server is ready (kubernetes), or a command passes (exec:/…)",
      defaultText: 'kubernetes with a Lease of Kubernetes',
      placeholder: '<check...>',
      kind: 'checks',
      libraryName: 'health',
      ...health,
    }),
  ),
  healthCa: v.optional(
    option(text, { text: 'file with the authority that verifies the service', libraryName: 'httpCheck.ca' }),
  ),
  healthCert: v.optional(
    option(text, { text: 'file with our certificate for the service', libraryName: 'httpCheck.cert' }),
  ),
  healthKey: v.optional(option(text, { text: 'file with the key of that certificate', libraryName: 'httpCheck.key' })),
  healthVerify: v.optional(
    option(v.literal('none', 'none'), {
      text: '`none`: do not verify the certificate of the service',
      libraryName: 'httpCheck.verify',
    }),
  ),
  healthInterval: v.optional(
    option(number, {
      text: 'seconds between two checks',
      defaultText: `${healthOptions.interval.default}`,
      placeholder: '<seconds>',
      libraryName: 'interval',
      ...health,
    }),
  ),
  healthTimeout: v.optional(
    option(number, {
      text: 'longest time of a check in seconds',
      defaultText: `${healthOptions.timeout.default}, or half of a short interval`,
      libraryName: 'timeout',
    }),
  ),
  healthRise: v.optional(
    option(number, {
      text: 'passed checks in a row before the route is announced',
      defaultText: `${healthOptions.rise.default}`,
      placeholder: '<number>',
      libraryName: 'rise',
      ...health,
    }),
  ),
  healthFall: v.optional(
    option(number, {
      text: 'failed checks in a row before it is withdrawn',
      defaultText: `${healthOptions.fall.default}`,
      placeholder: '<number>',
      libraryName: 'fall',
      ...health,
    }),
  ),
  healthHoldDown: v.optional(
    // Not a union, whose error has neither the name nor the value inside the map.
    option(
      v.lazy(value => (value === false ? v.literal(false) : holdDown)),
      {
        text: 'when a flapping service stays withdrawn, see below',
        libraryName: 'holdDown',
      },
    ),
  ),
  http: v.optional(
    option(v.pipe(v.string(addressAndPort), v.regex(/^[^\s@]*$/, addressAndPort)), {
      text: 'where to serve the page and metrics, such as 127.0.0.1:9179',
      placeholder: '<address>',
      libraryName: 'http',
      ...page,
    }),
  ),
  httpHost: v.optional(
    option(list, {
      text: 'host names that clients of --http may use',
      placeholder: '<name...>',
      libraryName: 'httpHost',
      ...page,
    }),
  ),
  logLevel: v.optional(
    option(v.picklist(['error', 'warn', 'info', 'debug'], 'one of error, warn, info, debug'), {
      text: 'error, warn, info or debug',
      defaultText: 'info',
      placeholder: '<level>',
      libraryName: 'logLevel',
      ...page,
    }),
    'info',
  ),
})

export type ProgramOptions = v.InferOutput<typeof optionsSchema>
export type OptionName = keyof typeof optionsSchema.entries

/** One option, with its name in each source. */
export interface OptionRow extends OptionMeta {
  readonly name: OptionName
  readonly required: boolean
  /** For --help and OPTIONS.md. */
  readonly requirement: string
  /** How the text of a flag or a variable becomes a value. */
  readonly kind: 'number' | 'boolean' | 'list' | 'map' | 'text' | 'checks'
  readonly flag: string
  readonly hasFlag: boolean
  readonly variable: string
}

const kinds: Readonly<Record<string, OptionRow['kind']>> = {
  number: 'number',
  boolean: 'boolean',
  array: 'list',
  strict_object: 'map',
  lazy: 'map',
}

export const optionTable: readonly OptionRow[] = Object.entries(optionsSchema.entries).map(([name, entry]) => {
  const inner = 'wrapped' in entry ? entry.wrapped : entry
  const meta = v.getMetadata(inner) as unknown as OptionMeta // option() put it there
  const words = name.replace(/[A-Z]/g, capital => `-${capital.toLowerCase()}`)
  return {
    name: name as OptionName, // the schema's own key
    required: inner === entry,
    kind: kinds[inner.type] ?? 'text',
    flag: `--${words}`,
    hasFlag: !meta.fileOnly && !meta.secret,
    variable: `SOFTSPOKEN_${words.toUpperCase().replaceAll('-', '_')}`,
    ...meta,
    requirement: inner === entry ? ' (required)' : meta.requiredByBgp ? ' (BGP: required)' : '',
    text: meta.defaultText === undefined ? meta.text : `${meta.text} (default: ${meta.defaultText})`,
  }
})
