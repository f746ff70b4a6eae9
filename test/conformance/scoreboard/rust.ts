/**
 * Evaluates the small part of Rust in which bgpgg's tests are written: literals, paths, calls, arrays, tuples, structs and closures
 * of one expression. What it does not know becomes a string of its own name, so that a test can be followed to its end.
 */

export type Value =
  | number
  | string
  | undefined
  | readonly Value[]
  | { readonly [field: string]: Value }
  | ((...args: Value[]) => Value)
export type Scope = Map<string, Value>
export type Token = string

const lexical =
  /\s+|\/\/[^\n]*|("(?:[^"\\]|\\.)*"|0x[\da-f_]+(?:u8|u16|u32|usize)?|\d[\d_]*(?:u8|u16|u32|usize)?|[A-Za-z_]\w*!?|'[a-z]+\b|::|\.\.|=>|->|==|!=|<=|>=|&&|\|\||<<|.)/giy

export function tokens(source: string): Token[] {
  return [...source.matchAll(lexical)].flatMap(([, token]) => (token === undefined ? [] : [token]))
}

const opening = ['(', '[', '{']
const closing = [')', ']', '}']

/** The index after the bracket that closes the one at `at`. */
export function after(all: readonly Token[], at: number): number {
  let depth = 0
  for (let i = at; i < all.length; i++) {
    if (opening.includes(all[i]!)) depth++
    if (closing.includes(all[i]!) && --depth === 0) return i + 1
  }
  return all.length
}

/** The parts between commas outside of brackets. */
export function parts(all: readonly Token[], by = ','): Token[][] {
  const found: Token[][] = [[]]
  for (let at = 0; at < all.length; ) {
    const token = all[at]!
    const end = opening.includes(token) ? after(all, at) : at + 1
    if (token === by) found.push([])
    else found.at(-1)!.push(...all.slice(at, end))
    at = end
  }
  return found.filter(part => part.length > 0)
}

/** @throws SyntaxError if the expression has something else */
export function evaluate(all: readonly Token[], scope: Scope): Value {
  const reader = new Expression(all, scope)
  const value = reader.whole()
  if (!reader.isAtEnd) throw new SyntaxError(`unexpected ${all.join(' ')}`)
  return value
}

class Expression {
  #at = 0
  readonly #all: readonly Token[]
  readonly #scope: Scope

  constructor(all: readonly Token[], scope: Scope) {
    this.#all = all
    this.#scope = scope
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#all.length
  }
  get #next(): Token | undefined {
    return this.#all[this.#at]
  }
  #take(token: Token): boolean {
    if (this.#next !== token) return false
    this.#at++
    return true
  }
  #bracket(): readonly Token[] {
    const start = this.#at
    this.#at = after(this.#all, start)
    return this.#all.slice(start + 1, this.#at - 1)
  }
  #list(all: readonly Token[]): Value[] {
    return parts(all).map(part => evaluate(part, this.#scope))
  }

  whole(): Value {
    let value = this.#unary()
    for (;;) {
      if (this.#take('|')) value = Number(value) | Number(this.#unary())
      else if (this.#take('+')) value = Number(value) + Number(this.#unary())
      else if (this.#take('<<')) value = Number(value) << Number(this.#unary())
      else return value
    }
  }

  #unary(): Value {
    if (this.#take('&') || this.#take('*') || this.#take('mut')) return this.#unary()
    let value = this.#primary()
    for (;;) {
      if (this.#next === '(') value = call(value, this.#list(this.#bracket()))
      else if (this.#take('as'))
        this.#at++ // a type
      else if (this.#take('.')) value = this.#member(value)
      else return value
    }
  }

  #member(value: Value): Value {
    const name = this.#all[this.#at++]!
    if (this.#take('::')) while (this.#next !== '(') this.#at++ // a type argument
    if (this.#next !== '(') return name === 'await' ? value : (value as Record<string, Value> | undefined)?.[name] // or absent
    return method(value, name, this.#list(this.#bracket()))
  }

  #primary(): Value {
    const token = this.#next
    if (token === undefined) throw new SyntaxError('nothing')
    if (token === '(') {
      const inside = this.#bracket()
      const items = this.#list(inside)
      return items.length === 1 && inside.at(-1) !== ',' ? items[0] : items
    }
    if (token === '[' || token === 'vec!') {
      if (token === 'vec!') this.#at++
      const inside = this.#bracket()
      const [value, times] = parts(inside, ';')
      if (times === undefined) return this.#list(inside)
      return new Array<Value>(Number(evaluate(times, this.#scope))).fill(evaluate(value!, this.#scope))
    }
    if (token === '|') return this.#closure()
    this.#at++
    if (token.startsWith('"')) return token.slice(1, -1)
    if (/^\d/.test(token)) return Number(token.replace(/_|u8$|u16$|u32$|usize$/g, ''))
    if (!/^[A-Za-z_]/.test(token)) throw new SyntaxError(`unexpected ${token}`)
    let name = token
    let path = token
    while (this.#take('::')) {
      name = this.#all[this.#at++] ?? ''
      path += `::${name}`
    }
    if (this.#next === '{') return this.#fields(this.#bracket())
    if (this.#scope.has(path)) return this.#scope.get(path)
    return this.#scope.has(name) ? this.#scope.get(name) : name
  }

  #closure(): Value {
    this.#at++
    const name = this.#all[this.#at++]!
    if (!this.#take('|')) throw new SyntaxError('a closure has one argument')
    const body = this.#all.slice(this.#at)
    this.#at = this.#all.length
    return value => evaluate(body, new Map([...this.#scope, [name, value]]))
  }

  #fields(inside: readonly Token[]): Value {
    return Object.fromEntries(
      parts(inside).flatMap(([name = '', colon, ...rest]): [string, Value][] => {
        if (name === '..') return [] // the defaults
        return [[name, evaluate(colon === ':' ? rest : [name], this.#scope)]]
      }),
    )
  }
}

function call(value: Value, args: readonly Value[]): Value {
  return typeof value === 'function' ? value(...args) : undefined
}

function method(value: Value, name: string, args: readonly Value[]): Value {
  const list = Array.isArray(value) ? (value as readonly Value[]) : undefined
  switch (name) {
    case 'len':
      return list?.length
    case 'map':
      return list?.map(item => call(args[0], [item]))
    case 'sum':
      return list?.reduce<number>((sum, item) => sum + Number(item), 0)
    case 'to_be_bytes': // only numbers of two octets have it here
      return [Number(value) >> 8, Number(value) & 0xff]
    default: // clone(), iter(), as_slice(), serialize(), …: the same value in another type
      return value
  }
}
