/** ExaBGP's scripted router, `qa/sbin/bgp`: it waits for messages octet by octet. Our announcer plays the part of ExaBGP. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Announcer } from '@softspoken/announcer'
import { freePort } from '@softspoken/test-support/free-port'
import { hex } from '@softspoken/test-support/hex'
import { decode, OptionError } from '@softspoken/wire'
import { differ } from '../agree.ts'
import { reasons, type Script, type Step, scriptOf, type Task, taskOf } from './exabgp-script.ts'
import { digestOf, type Result, type Settlement, type Suite } from './suite.ts'

/** What became of a message that the router waits for. */
interface Answer {
  /** The other octets that the router got, in hex. */
  readonly octets?: string
  readonly detail: string
}

export const routerSettled: readonly (Settlement & { readonly settles: (step: Step, answer: Answer) => boolean })[] = [
  {
    why: 'MP_REACH_NLRI is the first attribute, and not the last: otherwise the same UPDATE',
    settledBy: 'RFC 7606 §5.1',
    settles: ({ octets }, answer) => octets.includes('800e') && sameMeaning(octets, answer.octets),
  },
  {
    why: 'an empty MP_UNREACH_NLRI has a length of one octet, and not of two: otherwise the same End-of-RIB',
    settledBy: 'RFC 4271 §4.3: both forms are valid',
    settles: ({ octets }, answer) => octets.endsWith('900f0003000201') && sameMeaning(octets, answer.octets),
  },
  {
    why: 'large communities are sorted: otherwise the same UPDATE',
    settledBy: 'RFC 8092 §3: their order has no meaning',
    settles: ({ octets }, answer) => octets.includes('c020') && sameMeaning(octets, answer.octets),
  },
  {
    why: 'an IPv6 route has no link-local next hop beside the other one',
    settledBy: 'RFC 2545 §3: only if the next hop and the peer share a link, which a session over ::1 does not show',
    settles: ({ octets }, answer) => octets.includes('00020120') && (answer.octets?.includes('00020110') ?? false),
  },
  {
    why: 'an IPv6 route has an IPv4 next hop: rejected',
    settledBy: 'RFC 2545 §3; RFC 8950 §3 is about IPv4 routes',
    settles: (_, { detail }) => /^nextHop: .* is not of the family/.test(detail),
  },
  {
    why: "the next hop is the peer's own address: rejected",
    settledBy: 'RFC 4271 §5.1.3',
    settles: (_, { detail }) => /^nextHop: .* the peer's own address/.test(detail),
  },
  {
    why: 'the prefix is a loopback address: rejected',
    settledBy: 'RFC 1122 §3.2.1.3, RFC 4291 §2.5.3: it must not appear outside a host',
    settles: (_, { detail }) => /^prefix: .* loopback address/.test(detail),
  },
  {
    why: 'our AS number is 65535: rejected',
    settledBy: 'RFC 7300 §2: it must not be used',
    settles: (_, { detail }) => detail.startsWith('local.as: 65535 '),
  },
  {
    why: "the router's OPEN has one AS number in its field and another in its capability: Bad Peer AS",
    settledBy: 'RFC 6793 §4.1, RFC 4271 §6.2: the AS number of the capability counts',
    settles: (_, answer) => answer.octets?.endsWith('0015030202') ?? false,
  },
  {
    why: 'a message has an unknown type: Bad Message Type with the type as data, and not Unspecific with a text',
    settledBy: 'RFC 4271 §6.1',
    settles: (_, answer) => answer.octets?.endsWith('0016030103ff') ?? false,
  },
]

const folders = ['qa/api', 'qa/encoding']

export const exabgpRouter: Suite = {
  name: "ExaBGP's scripted router",
  variable: 'SOFTSPOKEN_EXABGP',
  source: 'a checkout of https://github.com/Exa-Networks/exabgp; its sdist on PyPI does not have the tests',
  about:
    'our announcer instead of ExaBGP at `qa/sbin/bgp`: each message for which a script of `qa/encoding` or `qa/api` waits, with a connection of its own; needs python3',
  async run(folder) {
    const files = folders.flatMap(path =>
      readdirSync(join(folder, path)).flatMap(file => (file.endsWith('.ci') ? [join(path, file)] : [])),
    )
    const results: Result[] = []
    for (const file of files.sort()) {
      const script = scriptOf(readFileSync(join(folder, file), 'utf8'))
      for (const step of script.steps) results.push(await resultOf(folder, file, script, step))
    }
    const version = /^version = '(.+)'$/m.exec(readFileSync(join(folder, 'pyproject.toml'), 'utf8'))?.[1] ?? '?'
    const read = ['qa/sbin/bgp', ...files].map(file => join(folder, file))
    return { version: `${version}, ${digestOf(read)}`, results }
  },
}

async function resultOf(folder: string, file: string, script: Script, step: Step): Promise<Result> {
  const id = `${file}:${step.line}`
  const part = partOf(script, step)
  if (typeof part === 'string') return { id, outcome: 'does not apply', reason: part }
  const answer = await play(folder, part)
  if (answer === undefined) return { id, outcome: 'agrees' }
  const settlement = routerSettled.find(({ settles }) => settles(step, answer))
  return { id, outcome: 'disagrees', detail: answer.detail, ...(settlement && { settlement }) }
}

/** One connection: what we do, and the lines of the router's script. */
interface Part {
  readonly task: Task
  readonly lines: readonly string[]
  readonly configuration: string
}

function partOf(script: Script, step: Step): Part | string {
  const { options, configuration } = script
  const { command, octets } = step
  const part = (task: Task, ...expected: readonly string[]): Part => {
    return { task, configuration, lines: [...options, ...expected.map((one, i) => `${i + 1}:raw:${one}`)] }
  }
  if (octets.startsWith('01', 36)) return reasons.open
  if (configuration === 'api-peer-lifecycle.conf') return reasons.command // it has no session
  if (command === undefined)
    return options.includes('option:open:send-unknown-message')
      ? part({ does: 'nothing', family: 'ipv4-unicast' }, octets) // the answer needs no command
      : reasons.command
  const task = taskOf(command)
  if (typeof task === 'string' || task.does !== 'withdraw') return typeof task === 'string' ? task : part(task, octets)
  const before = script.steps.slice(0, script.steps.indexOf(step)).flatMap(earlier => {
    const one = taskOf(earlier.command ?? '')
    return typeof one === 'object' && one.does === 'announce' && one.prefix === task.prefix ? [{ ...earlier, one }] : []
  })
  const announced = before.at(-1)
  if (announced === undefined) return reasons.withdrawal
  return part({ ...announced.one, does: 'withdraw' }, announced.octets, octets)
}

/** Undefined if the router got the octets that it waited for. */
async function play(folder: string, { task, lines, configuration }: Part): Promise<Answer | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'softspoken-script-'))
  const path = join(directory, 'script.ci')
  writeFileSync(path, lines.join('\n'))
  const port = await freePort()
  const router = spawn('python3', [join(folder, 'qa/sbin/bgp'), '--terse', '--port', `${port}`, path])
  const [output, exit] = [text(router.stdout), once(router, 'close')]
  try {
    await listening(port)
    const options = {
      ...sessionIn(readFileSync(join(folder, 'etc/exabgp', configuration), 'utf8'), task),
      address: lines.includes('option:bind:ipv6') ? '::1' : '127.0.0.1',
      port,
    }
    const unsent = await announce(task, options, exit)
    // It does not end if there was no message.
    if (unsent === undefined) await Promise.race([exit, sleep(5000, undefined, { ref: false })])
    router.kill()
    if ((await exit)[0] === 0) return undefined
    if (unsent !== undefined) return { detail: unsent }
    const [, got] = /Decode received:[^"]*"([0-9A-F]+)"/.exec(await output) ?? []
    if (got === undefined) return { detail: 'the router got no message' }
    return { octets: got.toLowerCase(), detail: `want ${lines.at(-1)}, got ${got.toLowerCase()}` }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** What the speaker's configuration says. */
function sessionIn(configuration: string, { family }: Task) {
  const value = (name: string) => new RegExp(`^\\s*${name}\\s+([^\\s;]+)`, 'm').exec(configuration)?.[1]
  return {
    local: { as: Number(value('local-as')), id: value('router-id') ?? '192.0.2.1' },
    as: Number(value('peer-as')),
    families: [family],
  }
}

interface Session extends ReturnType<typeof sessionIn> {
  readonly address: string
  readonly port: number
}

/** Resolves when the connection or the router ends; with a sentence, if our announcer sends no such route. */
async function announce(task: Task, session: Session, exit: Promise<unknown>): Promise<string | undefined> {
  const { local, address, ...peer } = session
  const nextHop = 'nextHop' in task && task.nextHop !== 'self' ? task.nextHop : undefined
  try {
    await using announcer = new Announcer({
      local,
      peers: [{ ...peer, address, ...(nextHop && { nextHop }) }],
      drainTime: 0,
      extendedNextHop: task.family === 'ipv4-unicast' && nextHop?.includes(':') === true,
      ...(task.does === 'end-of-rib' && { gracefulRestart: { restartTime: 1 } }), // RFC 4724 §2
    })
    const end = new Promise<string | undefined>(resolve => {
      announcer.on('unsendable', ({ detail }) => resolve(`nextHop: ${detail}`))
      announcer.on('down', () => resolve(undefined))
      exit.then(() => resolve(undefined))
    })
    if ('prefix' in task) {
      const announcement = announcer.announce(task.prefix, task.preference)
      if (task.does === 'withdraw') announcer.on('sent', () => announcement.withdraw())
    }
    return await end
  } catch (error) {
    if (error instanceof OptionError) return error.message
    throw error
  }
}

/** Whether both are UPDATEs with the same fields, in whatever order. */
function sameMeaning(theirs: string, ours: string | undefined): boolean {
  const [a, b] = [theirs, ours ?? ''].map(octets => {
    const result = decode(hex(octets), { fourOctetAs: true, external: false })
    if (!result.ok || result.value.type !== 'update') return undefined
    const { attributes, withdrawn, announced } = result.value
    return { withdrawn, announced, ...attributes, largeCommunities: attributes.largeCommunities?.toSorted() }
  })
  return a !== undefined && b !== undefined && differ(a, b) === undefined
}

/** Looks without a connection, because the router would take it for ours. Ends after ten seconds. */
async function listening(port: number): Promise<void> {
  const socket = new RegExp(`:${port.toString(16).padStart(4, '0')} \\S+ 0A `, 'i')
  for (let i = 0; i < 200 && !socket.test(readFileSync('/proc/net/tcp6', 'latin1')); i++) await sleep(50)
}
