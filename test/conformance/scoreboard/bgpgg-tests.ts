/** Follows a test of bgpgg to the last message that it sends, once for each of its cases, and collects what it asserts then. */
import { toHex } from '@softspoken/test-support/hex'
import { after, evaluate, parts, type Scope, type Token, type Value } from './rust.ts'

export interface Sent {
  readonly id: string
  /** Undefined if no message is sent. */
  readonly bytes: readonly number[] | undefined
  /** Undefined if nothing is asserted that depends on the message alone. */
  readonly expected: Expected | undefined
  readonly fourOctetAs: boolean
  readonly external: boolean
}

export type Expected =
  | { readonly outcome: 'notification'; readonly code: string; readonly data?: string }
  | { readonly outcome: 'withdrawn' }
  /** `without` is an attribute that must be gone. */
  | { readonly outcome: 'accepted'; readonly without?: string }

/** The cases of all tests of a file. */
export function sentBy(all: readonly Token[], globals: Scope, codes: ReadonlyMap<string, number>): Sent[] {
  return all.flatMap((token, at) => {
    const name = all[at + 1] ?? ''
    if (token !== 'fn' || !name.startsWith('test_')) return []
    const start = all.indexOf('{', at)
    const test = new Test(name, codes)
    test.block(all.slice(start + 1, after(all, start) - 1), new Map(globals))
    test.end()
    return test.sent
  })
}

class Test {
  readonly sent: Sent[] = []
  readonly #name: string
  readonly #codes: ReadonlyMap<string, number>
  #case = ''
  #bytes: readonly number[] | undefined
  #expected: Expected | undefined
  #peer: Readonly<Record<string, Value>> = {}
  #without: string | undefined
  #sends = 0

  constructor(name: string, codes: ReadonlyMap<string, number>) {
    this.#name = name
    this.#codes = codes
  }

  /** Ends a case. */
  end(): void {
    if (this.sent.length > 0 && this.#bytes === undefined) return // after a loop
    const capabilities = (this.#peer.capabilities ?? []) as readonly (readonly number[])[] // lists of octets
    this.sent.push({
      id: `${this.#name}${this.#case && `/${this.#case}`}`,
      bytes: this.#bytes,
      expected: this.#expected,
      fourOctetAs: capabilities.some(([code]) => code === 65),
      external: this.#peer.as !== 65001, // the server's
    })
    this.#bytes = undefined
    this.#expected = undefined
  }

  block(all: readonly Token[], scope: Scope): void {
    for (let at = 0; at < all.length; ) {
      const token = all[at]!
      if (token === 'for') {
        const start = all.indexOf('{', at)
        const end = after(all, start)
        this.#loop(all.slice(at + 1, start), all.slice(start + 1, end - 1), scope)
        at = end
      } else if (token === 'if') at = this.#condition(all, at, scope)
      else if (token === 'enum' || token === 'struct') at = after(all, all.indexOf('{', at))
      else {
        const [statement = []] = parts(all.slice(at), ';')
        this.#statement(statement, scope)
        at += statement.length + 1
      }
    }
  }

  #loop(head: readonly Token[], body: readonly Token[], scope: Scope): void {
    const middle = head.indexOf('in')
    const items = attempt(head.slice(middle + 1), scope)
    if (!Array.isArray(items)) return
    const outer = this.#case
    for (const item of items as readonly Value[]) {
      const before = this.#sends
      const inner = new Map(scope)
      bind(head.slice(0, middle), item, inner)
      const name = Array.isArray(item) ? item[0] : typeof item === 'object' ? (item as { name?: Value }).name : item
      this.#case = String(name)
      this.block(body, inner)
      if (this.#sends > before) this.end()
      this.#case = outer
    }
  }

  #condition(all: readonly Token[], at: number, scope: Scope): number {
    const start = all.indexOf('{', at)
    const end = after(all, start)
    const isLet = all[at + 1] === 'let'
    const yes = isLet || Boolean(attempt(all.slice(at + 1, start), scope))
    if (yes) this.block(all.slice(start + 1, end - 1), new Map(scope))
    if (all[end] !== 'else') return end
    const second = after(all, end + 1)
    if (!yes) this.block(all.slice(end + 2, second - 1), new Map(scope))
    return second
  }

  #statement(all: readonly Token[], scope: Scope): void {
    const text = all.join('')
    if (all[0] === 'let') {
      const equals = all.indexOf('=')
      const value = attempt(all.slice(equals + 1), scope)
      const [pattern = []] = parts(all.slice(1, equals), ':')
      bind(pattern, Array.isArray(value) ? [...(value as readonly Value[])] : value, scope)
      const peer = scope.get('peer')
      if (typeof peer === 'object') this.#peer = peer as Readonly<Record<string, Value>> // builders.ts made it
    }
    const target = scope.get(all[0] ?? '')
    const list = Array.isArray(target) ? (target as Value[]) : undefined
    const argument = () => evaluate(all.slice(all.indexOf('(') + 1, after(all, all.indexOf('(')) - 1), scope)
    if (list && all[2] === 'extend_from_slice')
      list.push(...(argument() as readonly Value[])) // a list of octets
    else if (list && all[1] === '[' && all[4] === '=') list[Number(all[2])] = evaluate(all.slice(5), scope)
    else if (text.startsWith('peer.send_raw(')) {
      this.#bytes = argument() as readonly number[] // builders.ts made it
      this.#expected = undefined
      this.#sends++
      const { discarded_attr } = (scope.get('case') ?? {}) as Record<string, Value>
      this.#without = discarded_attr === undefined ? undefined : String(discarded_attr)
    } else if (this.#bytes) this.#assertion(text, all, scope)
  }
  #assertion(text: string, all: readonly Token[], scope: Scope): void {
    const [, error = '', kind = ''] = /notif\.error\(\),&BgpError::(\w+)\((\w+::\w+)/.exec(text) ?? []
    if (error) {
      this.#expected = { outcome: 'notification', code: `${this.#codes.get(error)}/${this.#codes.get(kind)}` }
    } else if (/^assert_eq!\(notif\.data\(\),/.test(text) && this.#expected?.outcome === 'notification') {
      const [, data = []] = parts(all.slice(all.indexOf('(') + 1, -1))
      const octets = evaluate(parts(data, 'as')[0] ?? [], scope) as readonly number[] // what it compares with octets
      this.#expected = { ...this.#expected, data: toHex(Uint8Array.from(octets)) }
    } else if (/poll_route_withdrawal|routes\.is_empty\(\)|!route_has_prefix/.test(text))
      this.#expected = { outcome: 'withdrawn' }
    else if (text.includes('route_has_prefix') || (text.includes('verify_peers') && this.#expected === undefined)) {
      const name = this.#without
      this.#expected = { outcome: 'accepted', ...(name && { without: name[0]!.toLowerCase() + name.slice(1) }) }
    }
  }
}

/** Undefined if it is not an expression of rust.ts. */
function attempt(all: readonly Token[], scope: Scope): Value {
  try {
    return evaluate(all, scope)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function bind(pattern: readonly Token[], value: Value, scope: Scope): void {
  const names = pattern.filter(token => /^\w+$/.test(token) && token !== 'mut')
  const values = pattern[0] === '(' && Array.isArray(value) ? (value as readonly Value[]) : [value]
  names.forEach((name, i) => {
    scope.set(name, values[i])
  })
}
