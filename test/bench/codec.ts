/**
 * Measures how fast messages are decoded and encoded, and prints one line of JSON: `codec.ts CORPUS RUNS KIND`. CORPUS is a
 * folder of `keepalive.bin`, `single.bin`, `withdraw.bin`, `table.bin` and `packed.bin`, each a stream of messages. A rate is
 * the median of the runs. Compare only rates that were measured at the same time on the same machine.
 *
 * Each kind runs in a process of its own. A real program uses the codec in one way, and V8's optimizations for one way would
 * slow down the next.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Attributes, Decoder, Encoder, type Message, type Result, type Update } from '@softspoken/wire'
import { visitRoutes } from '@softspoken/wire/internal'

const [corpus = '', runs = '', kindOf = ''] = process.argv.slice(2)
const CHUNK = 65536 // octets: the largest chunk of a socket
const ENCODED = 100_000 // messages
const WARM_UP = 500 // milliseconds, in which V8 compiles and optimizes the code

let sum = 0 // of everything read, so that V8 cannot drop the reading; 32 bits, because a float would take longer than the reading

/**
 * Reads everything: all attributes, which `attributes` decodes together, and the length and the octets of each route. Routes
 * are not made into text.
 */
function readAll(result: Result<Message>): number {
  if (!result.ok) throw new Error(result.detail)
  if (result.value.type !== 'update') return 0
  const before = prefixes
  visitRoutes(result.value, visit, visit)
  sum = (sum + pathLength(result.value.attributes)) | 0
  return prefixes - before
}
function pathLength({ asPath }: Attributes): number {
  return asPath?.length ?? 0
}
function plainSum(bytes: Uint8Array): number {
  let total = 0
  for (let i = 0; i < bytes.length; i++) total = (total + bytes[i]!) | 0
  return total
}
let prefixes = 0
function visit(length: number, bytes: Uint8Array, at: number): void {
  prefixes++
  sum = (sum + length) | 0
  for (let i = at + ((length + 7) >> 3) - 1; i >= at; i--) sum = (sum + bytes[i]!) | 0 // the address has ceil(length / 8) octets
}
/** Reads everything, and each prefix as text. */
function readText(result: Result<Message>): number {
  if (!result.ok) throw new Error(result.detail)
  if (result.value.type !== 'update') return 0
  const { withdrawn, announced, attributes } = result.value
  sum = (sum + pathLength(attributes)) | 0
  return withdrawn.length + announced.length
}
/** Reads nothing: the UPDATE is validated only, as in the announcer. */
function drop(result: Result<Message>): number {
  if (!result.ok) throw new Error(result.detail)
  return 0
}

const names = ['keepalive', 'single', 'withdraw', 'table', 'packed'] as const
const kinds: Readonly<Record<string, (report: Record<string, unknown>) => void>> = {
  decode: report => eachCorpus(report, 'decode', readAll),
  decode_text: report => eachCorpus(report, 'decode_text', readText),
  drop: report => eachCorpus(report, 'drop', drop),
  memcpy(report) {
    for (const name of names) {
      const bytes = octets(name)
      report[`memcpy_${name}`] = timed(bytes.length, () => {
        sum = (sum + plainSum(bytes.slice())) | 0
        return { messages: 0, prefixes: 0 }
      })
    }
  },
  encode(report) {
    const encoder = new Encoder()
    report.encode_single = timed(0, () => {
      for (let i = 0; i < ENCODED; i++) sum = (sum + encoder.encode(single(i)).length) | 0
      return { messages: ENCODED, prefixes: ENCODED }
    })
  },
  make(report) {
    report.make_single = timed(0, () => {
      for (let i = 0; i < ENCODED; i++) sum = (sum + characters(single(i).announced[0]!)) | 0
      return { messages: ENCODED, prefixes: ENCODED }
    })
  },
}

/** An UPDATE of one route. It is built in steps, as in programs, because V8 is slow with one literal of five levels. */
function single(i: number): Update {
  const as = [64512]
  const asPath = [{ type: 'sequence' as const, as }]
  const attributes = { origin: 'igp' as const, asPath, nextHop: '10.99.0.2' }
  const announced = [`11.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}/32`]
  return { type: 'update', withdrawn: [], attributes, announced }
}
/** Reads each character of a text, which is the least that an encoder has to do. */
function characters(text: string): number {
  let total = 0
  for (let i = 0; i < text.length; i++) total += text.charCodeAt(i)
  return total
}

const kind = kinds[kindOf]
if (kind === undefined || !(Number(runs) >= 1))
  throw new Error(`codec.ts CORPUS RUNS KIND, where KIND is one of ${Object.keys(kinds).join(', ')}`)
const report: Record<string, unknown> = { impl: `softspoken, node ${process.version}`, runs: Number(runs) }
kind(report)
console.log(JSON.stringify(report))
if (Number.isNaN(sum)) throw new Error('the sum is not a number')

function octets(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(corpus, `${name}.bin`)))
}
function eachCorpus(report: Record<string, unknown>, kind: string, read: (result: Result<Message>) => number): void {
  for (const name of names) {
    const bytes = octets(name)
    report[`${kind}_${name}`] = timed(bytes.length, () => {
      let messages = 0
      let routes = 0
      const decoder = new Decoder()
      for (let at = 0; at < bytes.length; at += CHUNK)
        for (const result of decoder.push(bytes.subarray(at, at + CHUNK))) {
          messages++
          routes += read(result)
        }
      return { messages, prefixes: routes }
    })
  }
}
function timed(total: number, run: () => { messages: number; prefixes: number }): unknown {
  const seconds: number[] = []
  let done = run()
  for (const until = performance.now() + WARM_UP; performance.now() < until; ) run()
  for (let i = 0; i < Number(runs); i++) {
    const begun = performance.now()
    done = run()
    seconds.push((performance.now() - begun) / 1000)
  }
  seconds.sort((a, b) => a - b)
  const [best_s, s] = [seconds[0]!, seconds[seconds.length >> 1]!] // at least one run
  const rates = { msg_per_s: done.messages / s, prefix_per_s: done.prefixes / s, MB_per_s: total / s / 1e6 }
  return { ...done, s, best_s, ...rates }
}
