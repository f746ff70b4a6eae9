/**
 * Decode and encode rates over a folder of corpora (`keepalive`, `single`, `withdraw`, `table`, `packed`, each a `.bin` of
 * messages as on the wire), as one JSON line: `codec.ts CORPUS RUNS KIND`. A rate is the median of the runs; run it beside
 * its peers, and compare within one run only.
 *
 * Each kind of reading has a process of its own, over all corpora: a program reads in one way, and what the engine has
 * learned from another way would be held against it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Attributes, Decoder, Encoder, type Message, type Result, type Update } from '@softspoken/wire'
import { visitRoutes } from '@softspoken/wire/internal'

const [corpus = '', runs = '', kindOf = ''] = process.argv.slice(2)
const CHUNK = 65536 // octets; what a socket yields at most
const ENCODED = 100_000 // messages
const WARM_UP = 500 // milliseconds; the engine compiles what runs often, and again when it has seen more of it

let sum = 0 // of all that is read, so that nothing is read for nothing; kept to 32 bits, as a float would cost more than the reading

/**
 * Everything: each attribute's value, for `attributes` reads them all when it is asked for, and each route's length and
 * octets. Text only where a value is text.
 */
function readAll(result: Result<Message>): number {
  if (!result.ok) throw new Error(result.detail)
  if (result.value.type !== 'update') return 0
  const before = prefixes
  visitRoutes(result.value, visit, visit)
  sum = (sum + said(result.value.attributes)) | 0
  return prefixes - before
}
function said({ asPath }: Attributes): number {
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
  for (let i = at + ((length + 7) >> 3) - 1; i >= at; i--) sum = (sum + bytes[i]!) | 0 // they are there: ceil(length / 8) octets
}
/** The same, with every prefix as text. */
function readText(result: Result<Message>): number {
  if (!result.ok) throw new Error(result.detail)
  if (result.value.type !== 'update') return 0
  const { withdrawn, announced, attributes } = result.value
  sum = (sum + said(attributes)) | 0
  return withdrawn.length + announced.length
}
/** The announcer's case: validated and dropped. */
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

/** In steps, as programs do it: V8 makes a literal of five levels in a slow way of its own. */
function single(i: number): Update {
  const as = [64512]
  const asPath = [{ type: 'sequence' as const, as }]
  const attributes = { origin: 'igp' as const, asPath, nextHop: '10.99.0.2' }
  const announced = [`11.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}/32`]
  return { type: 'update', withdrawn: [], attributes, announced }
}
/** Reads a text, which is the least that an encoder has to do with it. */
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
if (Number.isNaN(sum)) throw new Error('what was read is no number')

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
