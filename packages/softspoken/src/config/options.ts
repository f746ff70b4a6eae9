/**
 * Every option of the program, once: flags, environment, file, --help and the table in the README are made of this.
 * It says what kind of value each is; whether the value will do is judged by the library.
 */
import { isIP } from 'node:net'
import * as v from 'valibot'
import { mayHoldSecret } from './usage-error.ts'

/** What people are told of an option, and how they name it on the command line. */
interface OptionMeta {
  readonly text: string
  /** What the library takes if it is not given. */
  readonly usual?: string
  /** How its value is called in --help. Without one there is no flag, as that must fit a screen. */
  readonly value?: string
  readonly inFileOnly?: true
  /** Its value is shown nowhere. */
  readonly secret?: true
  /** What the library calls it in its errors. */
  readonly field: string
}

const number = v.pipe(v.number('a whole number'), v.integer('a whole number'))
const text = v.string('text')
const key = v.string('text, so put a number into quotes')
/** The library shows these where it refuses them, so a text that cannot be one is refused before. */
const word = v.pipe(text, v.regex(/^\S*$/, 'one word'))
/** The same, and what may hold a password is not shown. */
const only = (what: string) =>
  v.pipe(
    word,
    v.check(given => !mayHoldSecret(given), what),
  )
const address = only('an address')
const list = v.array(word, 'a list')

/** Beside a key, which may stand in the place of any other: what is no address or interface is not shown. */
const peerEntries = {
  address: v.pipe(
    word,
    v.check(given => isIP(given) !== 0, 'an IPv4 or IPv6 address'),
  ),
  as: number,
  port: v.optional(number),
  tcpMd5Key: v.optional(key),
  ttlSecurity: v.optional(number),
  multihop: v.optional(number),
  bindDevice: v.optional(
    v.pipe(text, v.regex(/^[^\s/]{1,15}$/, 'the name of a network interface, 1 to 15 characters')),
  ),
}
/** Those that the library can leave out. */
const capabilities = ['multiprotocol', 'routeRefresh', 'enhancedRouteRefresh', 'fourOctetAs'] as const
/** The options of one router, where several differ. */
export const peerOptionNames: readonly string[] = Object.keys(peerEntries)
const peer = v.strictObject(
  peerEntries,
  `${peerOptionNames.slice(0, 2).join(' and ')}, perhaps ${peerOptionNames.slice(2).join(', ')}`,
)

function about<schema extends v.GenericSchema>(schema: schema, said: OptionMeta) {
  return v.pipe(schema, v.metadata(said as unknown as Record<string, unknown>))
}

// A message is what is allowed: a sentence is made around it.
export const schema = v.strictObject({
  prefix: about(only('a host route'), {
    text: 'host route to announce: a /32 or a /128',
    value: '<route>',
    field: 'prefix',
  }),
  localAs: about(number, { text: 'our AS number', value: '<as>', field: 'local.as' }),
  routerId: about(address, { text: 'our BGP Identifier, different on every node', value: '<id>', field: 'local.id' }),
  peer: v.optional(
    about(v.array(address, 'a list'), {
      text: 'address of the router, or of several',
      value: '<address...>',
      field: 'peer',
    }),
  ),
  peerAs: v.optional(about(number, { text: 'AS number of the router', value: '<as>', field: 'peer.as' })),
  port: v.optional(
    about(number, { text: 'TCP port of the router', usual: '179', value: '<port>', field: 'peer.port' }),
  ),
  peers: v.optional(
    about(v.array(peer, 'a list of routers'), {
      inFileOnly: true,
      text: 'routers that differ, each with address, as, and what else is its own',
      field: 'peers',
    }),
  ),
  localAddress: v.optional(
    about(address, { text: 'address to dial from', value: '<address>', field: 'local.address' }),
  ),
  nextHop: v.optional(
    about(address, { text: 'where traffic goes', usual: 'our own address', value: '<address>', field: 'nextHop' }),
  ),
  holdTime: v.optional(
    about(number, { text: 'seconds that we propose', usual: '90', value: '<seconds>', field: 'holdTime' }),
  ),
  tcpMd5Key: v.optional(
    about(key, { text: 'key of TCP MD5 (RFC 2385); no flag: those are seen by all', field: 'tcpMd5Key', secret: true }),
  ),
  ttlSecurity: v.optional(
    about(number, {
      text: 'hops to the router at most (RFC 5082), which must have TTL security, too',
      field: 'ttlSecurity',
    }),
  ),
  multihop: v.optional(about(number, { text: 'TTL to send with, to a router hops away', field: 'multihop' })),
  bindDevice: v.optional(about(word, { text: 'network interface to go through', field: 'bindDevice' })),
  withoutCapabilities: v.optional(
    about(v.array(v.picklist(capabilities, `one of ${capabilities.join(', ')}`), 'a list'), {
      text: `capabilities that our OPEN leaves out: ${capabilities.join(', ')}`,
      field: 'capabilities',
    }),
  ),
  med: v.optional(about(number, { text: 'MULTI_EXIT_DISC, the lower is preferred', value: '<number>', field: 'med' })),
  localPref: v.optional(about(number, { text: 'LOCAL_PREF, to a router of our own AS', field: 'localPref' })),
  community: v.optional(
    about(list, { text: 'communities, such as 65000:100', value: '<a:b...>', field: 'communities' }),
  ),
  health: v.optional(
    about(word, { text: 'announce only while tcp://… or http(s)://… answers', value: '<url>', field: 'health' }),
  ),
  healthCa: v.optional(about(text, { text: 'file with the authority that health is verified by', field: 'http.ca' })),
  healthCert: v.optional(about(text, { text: 'file with our certificate, shown to health', field: 'http.cert' })),
  healthKey: v.optional(about(text, { text: 'file with the key of that certificate', field: 'http.key' })),
  healthVerify: v.optional(
    about(v.literal('none', 'none'), { text: '`none`: any host that answers is believed', field: 'http.verify' }),
  ),
  healthInterval: v.optional(about(number, { text: 'seconds between two checks', usual: '5', field: 'interval' })),
  healthTimeout: v.optional(
    about(number, { text: 'seconds that a check may take', usual: '3, or half of a short interval', field: 'timeout' }),
  ),
  healthRise: v.optional(
    about(number, { text: 'checks in a row that pass before it is announced', usual: '3', field: 'rise' }),
  ),
  healthFall: v.optional(
    about(number, { text: 'checks in a row that fail before it is withdrawn', usual: '3', field: 'fall' }),
  ),
  stateDirectory: v.optional(
    about(v.pipe(v.string('a path'), v.regex(/^[^\0]+$/, 'a path')), {
      text: 'directory in which the last dial and the failures survive a crash; without it, the STATE_DIRECTORY of systemd',
      field: 'stateDirectory',
    }),
  ),
  http: v.optional(
    about(
      v.pipe(
        word,
        v.check(given => !given.includes('@'), 'an address and a port, as 127.0.0.1:9179'),
      ),
      { text: 'where to show status and metrics: 127.0.0.1:9179', value: '<address>', field: 'http' },
    ),
  ),
  httpHost: v.optional(about(list, { text: 'names that http may be asked by', value: '<name...>', field: 'httpHost' })),
  logLevel: v.optional(
    about(v.picklist(['error', 'warn', 'info', 'debug'], 'one of error, warn, info, debug'), {
      text: 'error, warn, info or debug',
      usual: 'info',
      value: '<level>',
      field: 'logLevel',
    }),
    'info',
  ),
})

export type ProgramOptions = v.InferOutput<typeof schema>
export type OptionName = keyof typeof schema.entries

/** One option, in every spelling. */
export interface OptionRow extends OptionMeta {
  readonly name: OptionName
  readonly required: boolean
  /** How to make a value of the text that a flag or a variable gives. */
  readonly kind: 'number' | 'list' | 'text'
  readonly flag: string
  readonly variable: string
}

export const optionTable: readonly OptionRow[] = Object.entries(schema.entries).map(([name, entry]) => {
  const inner = 'wrapped' in entry ? entry.wrapped : entry
  const said = v.getMetadata(inner) as unknown as OptionMeta // about() put it there
  const words = name.replace(/[A-Z]/g, capital => `-${capital.toLowerCase()}`)
  return {
    name: name as OptionName, // the schema's own key
    required: inner === entry,
    kind: inner.type === 'number' ? 'number' : inner.type === 'array' ? 'list' : 'text',
    flag: `--${words}`,
    variable: `SOFTSPOKEN_${words.toUpperCase().replaceAll('-', '_')}`,
    ...said,
    text: said.usual === undefined ? said.text : `${said.text} (default: ${said.usual})`,
  }
})
