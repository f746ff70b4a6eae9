/** `softspoken check`: the options, and the messages that each router would be sent. It asks, and announces nothing. */
import { Duplex } from 'node:stream'
import { inspect } from 'node:util'
import { Announcer, type AnnouncerOptions } from '@softspoken/announcer'
import { dialBudget } from '@softspoken/session'
import { Decoder, encode, type Message } from '@softspoken/wire'
import { interfaceFor } from '../config/address-check.ts'
import { announcerOptions, preference } from '../config/agent-options.ts'
import { usesBgp } from '../config/bgp.ts'
import type { ProgramOptions } from '../config/options.ts'
import { rehearse } from '../config/rehearsal.ts'
import type { Configuration } from '../config/sources.ts'
import { RetryableError } from '../config/usage-error.ts'
import { apiServerFindings } from '../findings/api-server.ts'
import { asWarnings } from '../findings/as-number.ts'
import { hostFindings } from '../findings/host.ts'
import { poolWarnings } from '../findings/pools.ts'
import { segmentFindings } from '../findings/segment.ts'
import { sourceAddress } from '../findings/source-address.ts'
import { agentLines, standbyMed } from './agent-lines.ts'
import { hostWarnings } from './host-warnings.ts'
import { optionLines } from './option-lines.ts'

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
