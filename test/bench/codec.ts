/**
 * Measures one task with each corpus, and prints one line of JSON: `codec.ts CORPUS RUNS TASK [WIRE]`. CORPUS is the folder that
 * corpus.ts has written, WIRE another version's folder packages/wire/src. Beside the seconds of CPU time of each run, the line has
 * what was read: count and sum of the routes and values. Compare only equal ones, measured at the same time on the same machine.
 *
 * Each task runs in a process of its own. A real program uses the codec in one way, and V8's optimizations for one way would
 * slow down the next.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as wire from '@softspoken/wire'
import type { Attributes, Message, Result, Update } from '@softspoken/wire'
import type * as internal from '@softspoken/wire/internal'
import { corpora } from './corpus.ts'

const [corpus = '', runs = '', taskName = '', folder] = process.argv.slice(2)
const CHUNK = 65536 // octets: the largest chunk of a socket
const ENCODED = 100_000 // messages
const WARM_UP = 0.4 // seconds of CPU time, in which V8 compiles and optimizes the code

const at = folder && pathToFileURL(`${folder}/`)
const { communityText, Decoder, Encoder }: typeof wire = await import(
  at ? new URL('index.ts', at).href : '@softspoken/wire'
)
const { visitRoutes }: typeof internal = await import(
  at ? new URL('internal.ts', at).href : '@softspoken/wire/internal'
)

let sum = 0 // of everything read, so that V8 cannot drop the reading; 32 bits, because a float would take longer than the reading
let routes = 0
/** Once for several values: V8 keeps a local variable in a register, and this one in memory. */
function add(value: number): void {
  sum = (sum + value) | 0
}
function pathTotal(path: Attributes['asPath'] = []): number {
  let total = 0
  for (const { as } of path) for (let i = 0; i < as.length; i++) total = (total + as[i]!) | 0
  return total
}
/** A loop of its own, because V8 keeps numbers above 2147483647 in another kind of list. */
function communityTotal(values: readonly number[] = []): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total = (total + values[i]!) | 0
  return total
}
function characters(texts: readonly string[] = []): number {
  let total = 0
  for (const text of texts) total += text.length
  return total
}
function visit(length: number, bytes: Uint8Array, at: number): void {
  let total = length
  for (let i = at + ((length + 7) >> 3) - 1; i >= at; i--) total += bytes[i]! // the address has ceil(length / 8) octets
  routes++
  add(total)
}

/** What is read of an UPDATE. main.rs has the same. */
const reads: Readonly<Record<string, (update: Update) => void>> = {
  /** Nothing: the UPDATE is validated only, as in the announcer. */
  drop() {},
  /** AS path and next hop. */
  two({ attributes: { asPath, nextHop } }) {
    add(pathTotal(asPath))
    if (nextHop !== undefined) routes++
  },
  /** Everything, as values: numbers, and the octets of the routes. */
  values(update) {
    visitRoutes(update, visit, visit)
    const { asPath, nextHop, med = 0, communities, largeCommunities } = update.attributes
    const numbers = communities as readonly number[] | undefined // decode() returns no texts
    add(
      pathTotal(asPath) +
        med +
        communityTotal(numbers) +
        characters(largeCommunities) +
        (nextHop === undefined ? 0 : 1),
    )
  },
  /** Everything, and prefixes, next hop and communities as text. */
  text({ withdrawn, announced, attributes }) {
    routes += withdrawn.length + announced.length
    const { asPath, nextHop = '', med = 0, communities, largeCommunities } = attributes
    let total = characters(withdrawn) + characters(announced) + nextHop.length
    for (const community of communities ?? []) total += communityText(community).length
    add(total + pathTotal(asPath) + med + characters(largeCommunities))
  },
}

const report: Record<string, unknown> = { impl: `softspoken, Node ${process.versions.node}` }
const read = reads[taskName]
if (read) for (const name of corpora) report[`${taskName}_${name}`] = decodeAll(name, read)
else if (taskName === 'encode') report.encode_single = encodeAll()
else throw new Error(`codec.ts CORPUS RUNS TASK, where TASK is one of ${Object.keys(reads).join(', ')}, encode`)
console.log(JSON.stringify(report))

function decodeAll(name: string, read: (update: Update) => void): object {
  const bytes = new Uint8Array(readFileSync(join(corpus, `${name}.bin`)))
  return timed(() => {
    let messages = 0
    const decoder = new Decoder()
    for (let at = 0; at < bytes.length; at += CHUNK)
      for (const result of decoder.push(bytes.subarray(at, at + CHUNK))) {
        messages++
        read(updateOf(result))
      }
    return messages
  })
}
function updateOf(result: Result<Message>): Update {
  if (result.ok && result.value.type === 'update') return result.value
  throw new Error('no UPDATE')
}

function encodeAll(): object {
  const encoder = new Encoder()
  const encodeEach = (use: (bytes: Uint8Array) => void): number => {
    for (let i = 0; i < ENCODED; i++) use(encoder.encode(single(i)))
    return ENCODED
  }
  const measured = timed(() => encodeEach(({ length }) => add(length)))
  sum = routes = 0
  encodeEach(bytes => {
    routes++
    for (const octet of bytes.subarray(-5)) add(octet) // length and address of the route
  })
  return { ...measured, routes, sum: sum >>> 0 }
}
/** An UPDATE of one route. It is built in steps, as in programs, because V8 is slow with one literal of five levels. */
function single(i: number): Update {
  const as = [64512]
  const asPath = [{ type: 'sequence' as const, as }]
  const attributes = { origin: 'igp' as const, asPath, nextHop: '10.99.0.2' }
  const announced = [`11.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}/32`]
  return { type: 'update', withdrawn: [], attributes, announced }
}

function timed(run: () => number): object {
  sum = routes = 0
  const messages = run()
  const done = { messages, routes, sum: sum >>> 0 }
  const begun = process.cpuUsage()
  while (secondsSince(begun) < WARM_UP) run()
  const seconds = Array.from({ length: Number(runs) }, () => {
    const begun = process.cpuUsage()
    run()
    return secondsSince(begun)
  })
  return { ...done, seconds }
}
/** CPU time of all threads: on a busy machine it says more than a clock. */
function secondsSince(begun: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begun)
  return (user + system) / 1e6
}
