/**
 * Decodes millions of damaged messages: `npx --yes pnpm@12 test:mutate [--count 10000000] [--seed 1]`.
 *
 * It damages the fixtures, and the conformance vectors if SOFTSPOKEN_VECTORS names them, and checks for each message:
 * - decode() does not throw, nor does any list or value that is read later;
 * - a decoded message can be encoded, and is not longer than before, unless AS4_PATH is merged into a shorter AS_PATH
 *   (RFC 6793 §4.2.3);
 * - decoded and encoded again, it has the same octets and no issues;
 * - all of this takes less than a second, in the best of three times, because a busy machine can stop the process for longer.
 *   A watchdog ends an endless loop.
 *
 * The same seed gives the same messages. The exit code is 1 if a check fails.
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
const REPORTS = 10 // failures, after which the run ends
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
      if (ours.length > bytes.length && context.fourOctetAs !== false)
        fail('encode() returned more octets', bytes, context)
      const again = decode(ours, context)
      if (!again.ok) fail(`decode() rejects what encode() returned: ${again.detail}`, bytes, context)
      else if (again.value.type === 'update' && again.value.issues)
        fail('what encode() returned has issues', bytes, context)
      else if (toHex(encode(again.value, context)) !== toHex(ours))
        fail('encoding it again gives other octets', bytes, context)
    }
  } catch (error) {
    fail(error instanceof Error ? (error.stack ?? error.message) : String(error), bytes, context)
  }
}

function fail(problem: string, bytes: Uint8Array, context: Partial<Context>): void {
  counts.failed++
  console.error(`${problem}\n  ${JSON.stringify(context)}\n  ${toHex(bytes)}`)
}

/** A damaged message. Its header is usually mended, so that the decoder reaches the damage in the body. */
function mutate(): Uint8Array {
  const bytes = damage(pick(seeds, random), pick(seeds, random), random).slice(0, 4096)
  return below(16, random) > 0 ? mend(bytes) : bytes
}

/** Kills the process if the count does not change. A worker, because the main thread is busy in an endless loop. */
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
