/** --check: what would be done and said, without a word to a router. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { inspect } from 'node:util'
import { Announcer, dialBudget } from '@softspoken/announcer'
import { Decoder, encode, type Message } from '@softspoken/wire'
import { announcerOptions, preference } from '../config/announcer-options.ts'
import { optionTable, type ProgramOptions } from '../config/options.ts'
import { RetryableError } from '../config/usage-error.ts'
import type { GivenValues } from '../config/values.ts'
import { shownUrl } from '../health/shown-url.ts'

/** The effective options, where each came from, and the OPEN and UPDATE that each router would get. */
export async function check(options: ProgramOptions, given: GivenValues): Promise<string> {
  const libraryOptions = announcerOptions(options)
  const said = await Promise.all(
    libraryOptions.peers.map(async peer => {
      const from = options.localAddress ?? (await sourceAddress(peer.address))
      const { messages, budget } = await rehearse(options, { ...libraryOptions, peers: [peer] }, from)
      const shown = messages.map(message => inspect(message, { depth: null, breakLength: 100, sorted: false }))
      return `To ${peer.address} port ${peer.port ?? 179}, from ${from ?? 'nowhere: this host has no route to it'}:\n${shown.join('\n')}\n${budget}\n`
    }),
  )
  return `${effective(options, given)}\n${said.join('\n')}`
}

function effective(options: ProgramOptions, given: GivenValues): string {
  const lines = optionTable.flatMap(({ name, usual }) => {
    const value = options[name]
    if (value !== undefined) return [[name, shown(name, value), given[name]?.from ?? 'default'] as const]
    const idle = (name === 'port' && options.peers) || (name.startsWith('health') && options.health === undefined)
    return usual === undefined || idle ? [] : [[name, usual, 'default'] as const]
  })
  const width = (column: 0 | 1) => Math.max(...lines.map(line => line[column].length))
  return lines.map(([name, value, from]) => `${name.padEnd(width(0))}  ${value.padEnd(width(1))}  ${from}\n`).join('')
}
function shown(name: string, value: unknown): string {
  if (name === 'tcpMd5Key') return '(secret)'
  if (name === 'health') return shownUrl(String(value))
  if (Array.isArray(value)) return value.map(one => shown('', one)).join(', ')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([key, one]) => `${key} ${shown(key, one)}`)
    .join(' ')
}

/** The real announcer against a router that takes everything, in memory. */
async function rehearse(
  options: ProgramOptions,
  libraryOptions: ReturnType<typeof announcerOptions>,
  localAddress: string | undefined,
): Promise<{ messages: readonly Message[]; budget: string }> {
  const [peer] = libraryOptions.peers
  const router = new AgreeableRouter(peer?.as ?? 0, options.localAs)
  const { stateDirectory: _, ...memory } = libraryOptions // the record there is that of the program which dials
  await using announcer = new Announcer({
    ...memory,
    drainTime: 0,
    dial: () => Object.assign(router.connect(), { localAddress }),
  })
  announcer.announce(options.prefix, preference(options))
  const heard = await router.heard
  const cause = announcer.status().peers[0]?.unsendable[options.prefix]
  if (cause !== undefined && localAddress !== undefined)
    throw new RetryableError(
      `${options.prefix} cannot be sent to ${peer?.address} as this host is now: ${cause.detail}`,
    )
  const budgets = announcer.sessions.map(({ config }) => dialBudget(config.backOff))
  const [{ minute, tenMinutes, hour } = { minute: 0, tenMinutes: 0, hour: 0 }] = budgets // one, for one peer
  const budget = `Dials at most, whatever the router does: ${minute} in a minute, ${tenMinutes} in ten minutes, ${hour} in an hour`
  return { messages: heard, budget }
}

/** Says what it hears back, as far as a router would, and notes all up to the first UPDATE. */
class AgreeableRouter {
  readonly heard: Promise<readonly Message[]>
  readonly #as: number
  readonly #external: boolean
  #done: (messages: readonly Message[]) => void = () => {}

  constructor(as: number, theirAs: number) {
    this.#as = as
    this.#external = as !== theirAs
    this.heard = new Promise(resolve => (this.#done = resolve))
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
        connection.push(null) // a router closes as well, and nothing waits for it
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
      this.#done([...messages])
    } else if (message.type === 'keepalive') setImmediate(() => this.#done([...messages])) // no route is coming
  }
}
function otherThan(id: string): string {
  return id === '203.0.113.1' ? '203.0.113.2' : '203.0.113.1'
}

/** The address that the system would dial from. Connecting a datagram socket asks it, and sends nothing. */
async function sourceAddress(peer: string): Promise<string | undefined> {
  const socket = createSocket(peer.includes(':') ? 'udp6' : 'udp4')
  try {
    socket.connect(179, peer)
    await once(socket, 'connect')
    return socket.address().address
  } catch {
    return undefined
  } finally {
    socket.close()
  }
}
