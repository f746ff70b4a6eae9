/** Messages as people write them: hex with a comment beside every field. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Context, Message } from '@softspoken/wire'

/** Reads hex with comments: white space is ignored, and `#` begins a comment. A function and a template tag. */
export function hex(text: TemplateStringsArray | string, ...values: readonly string[]): Uint8Array {
  const digits = (typeof text === 'string' ? text : String.raw({ raw: text }, ...values))
    .replaceAll(/#.*$/gm, '')
    .replaceAll(/\s+/g, '')
  const wrong = digits.match(/[^\da-f]/i)?.[0]
  if (wrong !== undefined || digits.length % 2 !== 0)
    throw new SyntaxError(wrong === undefined ? 'hex: an odd number of digits' : `hex: '${wrong}' is no digit`)
  return Uint8Array.from(digits.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/**
 * A message as plain data, to compare it with another or to write it to a file: lazy fields are read, octets become
 * `hex:...`.
 */
export function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, item) => (item instanceof Uint8Array ? `hex:${toHex(item)}` : item)))
}

/** The inverse of `plain`. */
function parse(text: string): unknown {
  return JSON.parse(text, (_, item) =>
    typeof item === 'string' && item.startsWith('hex:') ? hex(item.slice(4)) : item,
  )
}

/**
 * One file of test/fixtures: `#` comments, an optional line `context {...}`, commented hex, then an arrow and what the
 * bytes mean as JSON. `<=>` holds both ways; `=>` is for bytes that we read but would write differently, or that are
 * an error: `=> { "notification": { "code": 3, "subcode": 5, "data": "hex:..." }, "at": 23 }`.
 */
export interface Fixture {
  readonly name: string
  readonly bytes: Uint8Array
  readonly context: Partial<Context>
  readonly bothWays: boolean
  /** The message, if `decode` accepts it. */
  readonly message?: Message
  readonly notification?: { readonly code: number; readonly subcode: number; readonly data: Uint8Array }
  /** The place of the fault. */
  readonly at?: number
}

const folder = new URL('../fixtures/', import.meta.url)

function read(name: string): Fixture {
  const text = readFileSync(new URL(`${name}.hex`, folder), 'utf8')
  const [above, arrow, meaning] = text.split(/^(<?=>)/m)
  if (above === undefined || meaning === undefined) throw new SyntaxError(`fixture ${name}: there is no arrow`)
  const context = /^context (.*)$/m.exec(above)?.[1]
  // Fixtures are our own files, and the tests compare every field of what they say.
  const value = parse(meaning) as Message | Required<Pick<Fixture, 'notification' | 'at'>>
  return {
    name,
    bytes: hex(above.replace(/^context .*$/m, '')),
    context: context === undefined ? {} : (parse(context) as Partial<Context>),
    bothWays: arrow === '<=>',
    ...('notification' in value ? value : { message: value }),
  }
}

/** All of them, by name. */
export function fixtures(): Fixture[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.hex'))
    .sort()
    .map(file => read(file.slice(0, -'.hex'.length)))
}
