/**
 * Millions of messages that went wrong on the way: `npx --yes pnpm@12 test:mutate [--count 10000000] [--seed 1]`.
 *
 * Takes our fixtures, and the conformance vectors where SOFTSPOKEN_VECTORS names them, damages them, and holds against
 * every one of them that decode() is total:
 * - it never throws, nor does any list or value that is read later;
 * - what it has decoded can be encoded, and our form of a message is not longer than the one it came in, but where
 *   AS4_PATH was joined to a shorter AS_PATH (RFC 6793 §4.2.3);
 * - that form is stable: decoded and encoded again it is the same octets, and has no issues any more;
 * - none of it takes a second, the best of three times, since a busy machine can halt us for longer. A watchdog ends a
 *   loop that would not end.
 * The same seed gives the same messages. Ends with 1 where anything failed.
 */
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { below, chance, damage, mend, pick } from '@softspoken/test-support/damage'
import { fixtures, toHex } from '@softspoken/test-support/hex'
import { vectors } from '@softspoken/test-support/vectors'
import { whole } from '@softspoken/test-support/whole'
import { type Context, decode, encode, routes } from '@softspoken/wire'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '10000000' }, seed: { type: 'string', default: '1' } },
})
const count = whole('count', values.count)
const seed = whole('seed', values.seed)

const HEADER = 19
const LIMIT = 1000 // milliseconds for one message
const REPORTS = 10 // failures that are worth reading
const contexts: readonly (readonly Partial<Context>[])[] = [
  [
    { fourOctetAs: true, external: true },
    { fourOctetAs: false, external: false },
  ],
  [
    { fourOctetAs: true, external: false, extendedMessage: true },
    { fourOctetAs: false, external: true, addPath: ['ipv4-unicast', 'ipv6-unicast'] },
  ],
]

const random = chance(seed)
const seeds = [...fixtures(), ...(vectors() ?? [])].map(({ bytes }) => bytes).filter(({ length }) => length >= HEADER)
const counts = { decoded: 0, issues: 0, refused: 0, failed: 0, slowest: 0 }

async function run(): Promise<void> {
  const heart = new Int32Array(new SharedArrayBuffer(4))
  const watchdog = watch(heart)
  const started = performance.now()
  let done = 0
  for (; done < count && counts.failed < REPORTS; done++) {
    Atomics.store(heart, 0, done)
    const bytes = mutate()
    for (const context of contexts[done % contexts.length]!) examine(bytes, context)
  }
  const seconds = (performance.now() - started) / 1000
  await watchdog.terminate()
  console.log(
    `${done} mutations of ${seeds.length} messages, seed ${seed}, in ${seconds.toFixed(0)} s ` +
      `(${Math.round(done / seconds)}/s), each in two contexts: ${counts.decoded} decoded, ${counts.issues} of them ` +
      `with issues, ${counts.refused} refused, slowest ${counts.slowest.toFixed(0)} ms, ${counts.failed} failures`,
  )
  if (counts.failed > 0) process.exitCode = 1
}

function examine(bytes: Uint8Array, context: Partial<Context>): void {
  let took = timed(() => hold(bytes, context))
  for (let again = 0; again < 2 && took > LIMIT; again++)
    took = Math.min(
      took,
      timed(() => decode(bytes, context)),
    )
  counts.slowest = Math.max(counts.slowest, took)
  if (took > LIMIT) fail(`took ${took.toFixed(0)} ms`, bytes, context)
}
function timed(run: () => void): number {
  const before = performance.now()
  run()
  return performance.now() - before
}

function hold(bytes: Uint8Array, context: Partial<Context>): void {
  try {
    const result = decode(bytes, context)
    if (!result.ok) {
      const { code, subcode } = result.notification
      if (![1, 2, 3, 7].includes(code)) fail(`answers with ${code}/${subcode}`, bytes, context)
      counts.refused++
    } else {
      const message = result.value
      counts.decoded++
      if (message.type === 'update') {
        if (message.issues) counts.issues++
        routes(message)
      }
      const ours = encode(message, context)
      if (ours.length > bytes.length && context.fourOctetAs !== false) fail('grew', bytes, context)
      const again = decode(ours, context)
      if (!again.ok) fail(`our own form is refused: ${again.detail}`, bytes, context)
      else if (again.value.type === 'update' && again.value.issues) fail('our own form has issues', bytes, context)
      else if (toHex(encode(again.value, context)) !== toHex(ours)) fail('our own form is not stable', bytes, context)
    }
  } catch (error) {
    fail(error instanceof Error ? (error.stack ?? error.message) : String(error), bytes, context)
  }
}

function fail(problem: string, bytes: Uint8Array, context: Partial<Context>): void {
  counts.failed++
  console.error(`${problem}\n  ${JSON.stringify(context)}\n  ${toHex(bytes)}`)
}

/** A seed with one wound or a few; mostly with a header that still fits, so that the damage is found further in. */
function mutate(): Uint8Array {
  const bytes = damage(pick(seeds, random), pick(seeds, random), random).slice(0, 4096)
  return below(16, random) > 0 ? mend(bytes) : bytes
}

/** Ends the process where the count stands still, which a busy loop cannot do for itself. */
function watch(heart: Int32Array): Worker {
  return new Worker(
    `const { workerData: heart } = require('node:worker_threads')
    let last = -1
    setInterval(() => {
      const now = Atomics.load(heart, 0)
      if (now === last) {
        require('node:fs').writeSync(2, 'mutation ' + now + ' does not end\\n')
        process.kill(process.pid, 'SIGKILL')
      }
      last = now
    }, 10000)`,
    { eval: true, workerData: heart },
  )
}

await run()
