/** How a caller's mistake is reported, in every package: one type, with its parts as data. */

/**
 * Thrown for an option, argument or message field that cannot be used. Nothing has been sent or changed.
 * The message is one sentence: the option, a colon, the detail.
 */
export class OptionError extends Error {
  override readonly name = 'OptionError'
  /** Its path: `holdTime`, `peer.address`, `peers[1].as`. */
  readonly option: string
  /** What was given; undefined if it was missing, and if it is or may hold a secret. */
  readonly value: unknown
  /** What is allowed, as it ends the sentence "it must be …". */
  readonly allowed: string
  /** What is wrong, as it follows the option in the message: `5 is not allowed, it must be …`. */
  readonly detail: string

  constructor(
    option: string,
    value: unknown,
    allowed: string,
    detail = `${shown(value)} is not allowed, it must be ${allowed}`,
  ) {
    super(`${printable(option)}: ${detail}`)
    this.option = option
    this.value = value
    this.allowed = allowed
    this.detail = detail
  }
}

/** Without the value, because it is or may hold a secret; `what` says what was given instead. */
export function hiddenValue(option: string, what: string, allowed: string): OptionError {
  return new OptionError(option, undefined, allowed, `${what} is not allowed, it must be ${allowed}`)
}

/** For a name that does not exist. Its value is left out, because a misspelt name may hold a secret. The message has the nearest name, or all. */
export function unknownOption(option: string, names: readonly string[]): OptionError {
  const similar = nearest(option.slice(option.lastIndexOf('.') + 1), names)
  const allowed = `one of ${names.join(', ')}`
  const advice = similar === undefined ? `it must be ${allowed}` : `did you mean ${similar}?`
  return new OptionError(option, undefined, allowed, `no such option, ${advice}`)
}

/** The same error with the name that the caller has for the option; any other error as it is. */
export function renamed(error: unknown, nameOf: (option: string) => string): unknown {
  if (!(error instanceof OptionError)) return error
  const { option, value, allowed, detail } = error
  return new OptionError(nameOf(option), value, allowed, detail)
}

/** A value as a sentence shows it: text in quotes, an object or a function by its kind, because its own text may be long, secret or throw. */
export function shown(value: unknown): string {
  const type = typeof value
  if (typeof value === 'string') return `'${printable(value)}'`
  if (type === 'function' || type === 'symbol') return `a ${type}`
  if (type !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return 'an object'
}

const MAX_TEXT = 100 // UTF-16 code units of a value or a name in a sentence

/** Text for one line of a log: cut, and with its control characters replaced. */
function printable(text: string): string {
  return withoutControls(text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text)
}

/** Text that is safe in a log or on a terminal. */
export function withoutControls(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')
}

/** The name most like `word`, if at most a third of its letters differ, and three at most. */
export function nearest<name extends string>(word: string, names: readonly name[]): name | undefined {
  let best: name | undefined
  let fewest = Number.POSITIVE_INFINITY
  for (const name of names) {
    const edits = editDistance(word.toLowerCase(), name.toLowerCase())
    if (edits <= Math.min(3, name.length / 3) && edits < fewest) {
      best = name
      fewest = edits
    }
  }
  return best
}

/** Letters to insert, remove or replace (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const above = row
    row = [i]
    for (let j = 1; j <= b.length; j++)
      row[j] = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
  }
  return row[b.length]!
}
