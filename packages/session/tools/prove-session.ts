/** `npx --yes pnpm@12 prove:session [minutes]`: searches every sequence of inputs, as deep as the time reaches; default 10. */
import { type Found, searchSession } from './session-search.ts'

const minutes = Number(process.argv[2] ?? 10)
if (!(minutes > 0)) throw new Error(`${process.argv[2]}: a number of minutes, such as 10`)

const settings = { 'the defaults': {}, passive: { passive: true }, 'hold time 0 allowed': { allowZeroHoldTime: true } }
const until = performance.now() + minutes * 60_000
const all = Object.entries(settings)
let broken = false
for (const [i, [name, options]] of all.entries()) {
  const share = (until - performance.now()) / (all.length - i)
  const begun = performance.now()
  const found: Found = searchSession(options, { until: begun + share })
  const seconds = ((performance.now() - begun) / 1000).toFixed(0)
  const depth = Number.isFinite(found.depth) ? `every sequence of ${found.depth} inputs` : 'every sequence'
  console.log(`${name}: ${depth}, ${found.states} states, ${found.steps} steps, in ${seconds} s`)
  if (!found.counterexample) continue
  broken = true
  console.log(`broken: ${found.counterexample.invariant}\n  ${found.counterexample.inputs.join('\n  ')}`)
}
process.exitCode = broken ? 1 : 0
