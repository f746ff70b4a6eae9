/** `softspoken check`: the options, and the messages that each router would be sent. It asks, and announces nothing. */
import { Duplex } from 'node:stream'
import { inspect } from 'node:util'
import { Announcer, type AnnouncerOptions } from '@softspoken/announcer'
import { dialBudget } from '@softspoken/session'
import { Decoder, encode, type Message } from '@softspoken/wire'
import { interfaceFor } from '../config/address-check.ts'
import { announcerOptions, preference } from '../config/agent-options.ts'
import { usesBgp } from '../config/bgp.ts'
import { modeOf, nodeNameOf, withoutDefault } from '../config/election-options.ts'
import { type OptionName, optionTable, type ProgramOptions } from '../config/options.ts'
import { rehearse } from '../config/rehearsal.ts'
import type { Configuration } from '../config/sources.ts'
import { RetryableError } from '../config/usage-error.ts'
import type { GivenValues } from '../config/values.ts'
import { apiServerFindings } from '../findings/api-server.ts'
import { asWarnings } from '../findings/as-number.ts'
import { hostFindings } from '../findings/host.ts'
import { poolWarnings } from '../findings/pools.ts'
import { segmentFindings } from '../findings/segment.ts'
import { sourceAddress } from '../findings/source-address.ts'
import { shownHealth } from '../health/shown-url.ts'
import { agentLines, standbyMed } from './agent-lines.ts'
import { hostWarnings } from './host-warnings.ts'

/**
 * The warnings, the options that apply and where each was given, and the OPEN and UPDATE for each router.
 * `pools`: other programs give these addresses to Services.
 * @throws UsageError for what `announce` would refuse; RetryableError if the route cannot be sent from this host now.
 */
export async function check(
  { options, given, warnings }: Configuration,
  pools: readonly string[] = [],
): Promise<string> {
  const found = [
    ...[...warnings, ...poolWarnings(options.prefix, pools), ...(await rehearse(options, given))],
    ...asWarnings(options.localAs, given.localAs?.from),
  ]
  const ofAddress: string[] = []
  const interfaceName = interfaceFor(options, given, warning => ofAddress.push(warning))
  const messages = await messagesTo(options)
  const [lines, ...findings] = await Promise.all([
    agentLines(options, interfaceName),
    hostFindings(options, interfaceName),
    segmentFindings(options, interfaceName),
    apiServerFindings(options),
  ])
  const more = findings.flatMap(one => one.warnings)
  const hints = [...found, ...ofAddress, ...(await hostWarnings(options, given)), ...more]
  const warned = hints.map(hint => `warning: ${hint}\n`).join('')
  const seen = findings.flatMap(one => one.lines.map(line => `${line}\n`)).join('')
  return `${warned}${optionLines(options, given)}\n${lines}${seen}\n${messages}`
}

async function messagesTo(options: ProgramOptions): Promise<string> {
  if (!usesBgp(options)) return 'No BGP: the options name no router\n'
  const libraryOptions = announcerOptions(options)
  const texts = await Promise.all(
    libraryOptions.peers.map(async peer => {
      const from = peer.localAddress ?? options.localAddress ?? (await sourceAddress(peer.address))
      const { messages, budget } = await exchange(options, { ...libraryOptions, peers: [peer] }, from)
      const shown = messages.map(message => inspect(message, { depth: null, breakLength: 100, sorted: false }))
      return `To ${peer.address} port ${peer.port ?? 179}, from ${from ?? 'no address: this host has no route to it'}:\n${shown.join('\n')}\n${budget}\n`
    }),
  )
  return texts.join('\n')
}

function optionLines(options: ProgramOptions, given: GivenValues): string {
  const idleNames = withoutDefault(options)
  const lines = optionTable.flatMap(({ name, defaultText }) => {
    const value = options[name]
    if (name === 'tcpMd5Key' && given[name] === undefined) return [] // tcpMd5KeyFile has it
    if (value !== undefined) return [[name, optionText(name, value), given[name]?.from ?? 'default'] as const]
    const chosen = chosenBy(options)[name]
    const idle = (name === 'port' && options.peers) || (name.startsWith('health') && options.health === undefined)
    return defaultText === undefined || idle || idleNames.includes(name)
      ? []
      : [[name, chosen ?? defaultText, 'default'] as const]
  })
  const width = (column: 0 | 1) => Math.max(...lines.map(line => line[column].length))
  return lines.map(([name, value, from]) => `${name.padEnd(width(0))}  ${value.padEnd(width(1))}  ${from}\n`).join('')
}
/** The defaults that depend on other options. */
function chosenBy(options: ProgramOptions): Partial<Record<OptionName, string>> {
  return { mode: modeOf(options), interface: options.arp ? 'auto' : 'lo', nodeName: nodeNameOf(options) }
}
/** The value that applies, for a person; of a key, only that there is one. */
function optionText(name: string, value: unknown): string {
  if (name === 'tcpMd5Key') return '(secret)'
  if (name === 'health') return shownHealth(value as NonNullable<ProgramOptions['health']>)
  if (Array.isArray(value)) return value.map(one => optionText('', one)).join(', ')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([key, one]) => `${key} ${optionText(key, one)}`)
    .join(' ')
}

/** What the announcer sends to a router in memory that accepts everything. */
async function exchange(
  options: ProgramOptions,
  libraryOptions: AnnouncerOptions,
  localAddress: string | undefined,
): Promise<{ messages: readonly Message[]; budget: string }> {
  const [peer] = libraryOptions.peers
  const router = new AcceptingRouter(peer?.as ?? 0, libraryOptions.local.as)
  const { stateDirectory: _, ...memory } = libraryOptions // the record belongs to the running program
  await using announcer = new Announcer({
    ...memory,
    drainTime: 0,
    dial: () => Object.assign(router.connect(), { localAddress }),
  })
  for (const prefix of options.prefix) announcer.announce(prefix, { ...preference(options), ...standbyMed(options) })
  const messages = await router.received
  const [unsendable] = Object.entries(announcer.status().peers[0]?.unsendable ?? {})
  if (unsendable && localAddress !== undefined)
    throw new RetryableError(
      `${unsendable[0]} cannot be sent to ${peer?.address} from this host now: ${unsendable[1].detail}`,
    )
  const budgets = announcer.sessions.map(({ config }) => dialBudget(config.backOff))
  const [{ minute, tenMinutes, hour } = { minute: 0, tenMinutes: 0, hour: 0 }] = budgets // one, for one peer
  const budget = `The router gets at most ${minute} dials in a minute, ${tenMinutes} in ten minutes and ${hour} in an hour`
  return { messages, budget }
}

/** Answers each message as a router does, and resolves with all messages up to the first UPDATE. */
class AcceptingRouter {
  readonly received: Promise<readonly Message[]>
  readonly #as: number
  readonly #external: boolean
  #done: (messages: readonly Message[]) => void = () => {}

  constructor(as: number, theirAs: number) {
    this.#as = as
    this.#external = as !== theirAs
    this.received = new Promise(resolve => (this.#done = resolve))
  }
  connect(): Duplex {
    const messages: Message[] = []
    const decoder = new Decoder({ external: this.#external })
    const connection: Duplex = new Duplex({
      read() {},
      write: (chunk: Uint8Array, _encoding, done) => {
        for (const result of decoder.push(chunk)) if (result.ok) this.#answer(result.value, messages, connection)
        done()
      },
      final(done) {
        connection.push(null) // a router closes its side as well
        done()
      },
    })
    queueMicrotask(() => connection.emit('connect'))
    return connection
  }
  #answer(message: Message, messages: Message[], connection: Duplex): void {
    if (message.type === 'open') {
      messages.push(message)
      const as = { name: 'four-octet-as', as: this.#as } as const
      const capabilities = [...message.capabilities.filter(({ name }) => name !== 'four-octet-as'), as]
      connection.push(encode({ ...message, as: this.#as, id: otherThan(message.id), capabilities }))
      connection.push(encode({ type: 'keepalive' }))
    } else if (message.type === 'update') {
      messages.push(message)
      setImmediate(() => this.#done([...messages])) // others may follow: one for each family
    } else if (message.type === 'keepalive') setImmediate(() => this.#done([...messages])) // no route follows
  }
}
function otherThan(id: string): string {
  return id === '203.0.113.1' ? '203.0.113.2' : '203.0.113.1'
}
