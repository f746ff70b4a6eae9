/**
 * Compares the codec with other decoders, the judges: `npx --yes pnpm@12 test:differential [--count 20000] [--seed 1] [--show words]`.
 *
 * - Encoded messages: of all kinds. Each judge must accept them and read the same values.
 * - Decoded messages: the same number of damaged messages that decode() accepts. The judges may disagree; the differences
 *   are counted by kind.
 *
 * `--show` prints each message whose kind of difference contains these words. Known differences are in known.ts with their
 * reasons. The exit code is 1 if an encoded message differs in another way, or if fewer than two judges are installed.
 */
import { parseArgs } from 'node:util'
import { below, chance, damage, mend, pick } from '@softspoken/test-support/damage'
import { fixtures, toHex } from '@softspoken/test-support/hex'
import { encodable } from '@softspoken/test-support/messages'
import { whole } from '@softspoken/test-support/whole'
import { type Context, decode, encode, type Message, OptionError } from '@softspoken/wire'
import fc from 'fast-check'
import { exabgp } from './exabgp.ts'
import { gobgp } from './gobgp.ts'
import { type Difference, kind, known } from './known.ts'
import { type Case, type Judge, type Judgement, type Normal, normal } from './normal.ts'
import { tshark } from './tshark.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    show: { type: 'string' },
  },
})
const count = whole('count', values.count)
const seed = whole('seed', values.seed)

const LONGEST = 65000 // octets: fits in one IPv4 packet
const EXAMPLES = 10 // of different kinds
const REASONS = 25
const defaults = { fourOctetAs: true, external: true, extendedMessage: false, addPath: [] } as const

async function run(): Promise<void> {
  console.log(`seed ${seed}`)
  const encoded = encodedMessages()
  const { cases: decoded, tries } = damagedMessages(encoded)
  console.log(`encoded: ${encoded.length} messages (${kinds(encoded)})`)
  console.log(`decoded: ${decoded.length} messages (${kinds(decoded)}), of ${tries} damaged`)
  let judges = 0
  const agreeing = encoded.map(() => 0) // the number of judges that agree with each
  for (const judge of [tshark, exabgp, gobgp]) {
    const judgements = await judge.judge([...encoded, ...decoded])
    if (typeof judgements === 'string') {
      console.log(`\n${judge.name}: not run, ${judgements}`)
      continue
    }
    judges++
    const unexplained = report(judge, 'encoded', encoded, judgements.slice(0, encoded.length))
    encoded.forEach((one, i) => {
      if (compare(judge, one, judgements[i]!).length === 0) agreeing[i]!++
    })
    report(judge, 'decoded', decoded, judgements.slice(encoded.length))
    if (unexplained > 0) process.exitCode = 1
  }
  const by = (number: number): number => agreeing.filter(times => times === number).length
  console.log(
    `\nOf the encoded messages, ${Array.from({ length: judges + 1 }, (_, n) => `${by(n)} agreed with ${n}`).join(', ')} judges`,
  )
  if (judges < 2) {
    console.log(`\n${judges} of the judges installed, at least 2 are needed`)
    process.exitCode = 1
  }
}

function encodedMessages(): Case[] {
  return fc.sample(encodable, { numRuns: count, seed }).flatMap(({ message, context }) => {
    const bytes = encoded(message, context)
    return bytes && bytes.length <= LONGEST ? [{ bytes, context: { ...defaults, ...context }, message }] : []
  })
}

/** Undefined for a message that is too long for its context. */
function encoded(message: Message, context: Partial<Context>): Uint8Array | undefined {
  try {
    return encode(message, context)
  } catch (error) {
    if (error instanceof OptionError && error.option.endsWith(' length')) return undefined
    throw error
  }
}

function damagedMessages(encoded: readonly Case[]): { cases: Case[]; tries: number } {
  const random = chance(seed)
  const messages = fixtures()
  const seeds = [
    ...messages.map(({ bytes, context }) => ({ bytes, context: { ...defaults, ...context } })),
    ...encoded,
  ].filter(({ bytes }) => bytes.length < 1000)
  const cases: Case[] = []
  let tries = 0
  while (cases.length < count && tries < count * 100) {
    tries++
    const { bytes, context } = seeds[below(tries % 2 === 0 ? seeds.length : messages.length, random)]!
    const damaged = mend(damage(bytes, pick(seeds, random).bytes, random))
    const result = decode(damaged, context)
    if (result.ok) cases.push({ bytes: damaged, context, message: result.value })
  }
  return { cases, tries }
}

/** Prints how many messages agree and how the others differ. Returns how many differ without a known reason. */
function report(judge: Judge, which: string, cases: readonly Case[], judgements: readonly Judgement[]): number {
  const reasons = new Map<string, number>()
  const examples: string[] = []
  let agreed = 0
  let unexplained = 0
  const count = (reason: string): void => void reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  cases.forEach((one, i) => {
    const judgement = judgements[i]!
    const differences = compare(judge, one, judgement)
    const left = differences.filter(difference => {
      const rule = known.find(
        rule => (rule.judge ?? judge.name) === judge.name && rule.applies(one, difference, judgement),
      )
      if (rule) count(`known: ${rule.detail}`)
      return rule === undefined
    })
    if (differences.length === 0) agreed++
    if (left.length === 0) return
    unexplained++
    for (const each of new Set(left.map(difference => kind(one, difference)))) {
      if (values.show !== undefined && each.includes(values.show)) console.log(example(one, left))
      if (!reasons.has(each)) examples.push(example(one, left))
      count(each)
    }
  })
  console.log(
    `\n${judge.name}, ${which}: ${agreed} agreed, ${cases.length - agreed - unexplained} differ as known, ` +
      `${unexplained} differ otherwise`,
  )
  const most = [...reasons].sort((a, b) => b[1] - a[1])
  for (const [reason, times] of most.slice(0, REASONS)) console.log(`  ${times}  ${reason}`)
  if (most.length > REASONS) console.log(`  and ${most.length - REASONS} more kinds`)
  if (which === 'encoded') for (const each of examples.slice(0, EXAMPLES)) console.log(each)
  return unexplained
}

function compare(
  { unordered }: Judge,
  { message, context }: Case,
  { verdict, detail, values: read }: Judgement,
): Difference[] {
  const ours = withdraws(message) ? 'withdraws' : 'accepts'
  if (verdict !== ours)
    return [{ key: 'verdict', ours, theirs: detail === undefined ? verdict : `${verdict}: ${detail}` }]
  if (read === undefined || ours === 'withdraws') return []
  const should = normal(message, context)
  return Object.keys(read)
    .filter(key => key in should)
    .map(key => ({ key, ours: word(should, key, unordered), theirs: word(read, key, unordered) }))
    .filter(difference => difference.ours !== difference.theirs)
}
function withdraws(message: Message): boolean {
  return (
    message.type === 'update' && (message.issues?.some(({ handling }) => handling === 'treat-as-withdraw') ?? false)
  )
}
function word(form: Normal, key: string, unordered = false): string {
  const value = form[key] ?? null
  return JSON.stringify(unordered && Array.isArray(value) && key !== 'asPath' ? value.map(String).sort() : value)
}

function example({ bytes, context }: Case, differences: readonly Difference[]): string {
  return [
    `  ${toHex(bytes)}`,
    `    ${JSON.stringify(context)}`,
    ...differences.map(({ key, ours, theirs }) => `    ${key}: ours ${ours}, theirs ${theirs}`),
  ].join('\n')
}
function kinds(cases: readonly Case[]): string {
  const types = new Map<string, number>()
  for (const { message } of cases) types.set(message.type, (types.get(message.type) ?? 0) + 1)
  return [...types].map(([type, times]) => `${times} ${type}`).join(', ')
}
await run()
