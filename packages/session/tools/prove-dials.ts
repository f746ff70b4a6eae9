/**
 * `npx --yes pnpm@12 prove:dials`: the dial budget over the pair of machines, by dial-search.ts, beside that of dialBudget(),
 * with a sequence of inputs for each cell of the table. A minute; the exit code is 1 if they differ.
 */
import { configure } from '../src/config.ts'
import { dialBudget, type EndingName } from '../src/dial-budget.ts'
import { budgetRows } from './budget-rows.ts'
import { given } from './connections-play.ts'
import { DialGraph, rows } from './dial-search.ts'
import { runs } from './runs.ts'

const MINUTE = 60_000
const spans = { minute: MINUTE, tenMinutes: 10 * MINUTE, hour: 60 * MINUTE }
const { backOff } = configure(given)
const among: Readonly<Record<string, readonly EndingName[] | undefined>> = {
  'TCP fails': budgetRows['TCP fails: refused or dropped'],
  rejects: budgetRows['the router answers and then rejects us, for any reason'],
  'administrative Cease': budgetRows['the router sends an administrative Cease'],
}
for (const row of Object.keys(rows) as (keyof typeof rows)[]) {
  const begun = performance.now()
  const { hour: _, ...short } = spans
  const asked = row === 'any, and stop, start' ? short : spans // an hour of one dial every 5 s takes too long
  const graph = new DialGraph({}, Math.max(...Object.values(asked)), rows[row])
  const seconds = ((performance.now() - begun) / 1000).toFixed(0)
  console.log(`${row}: ${graph.nodes} dials, ${graph.steps} steps, in ${seconds} s`)
  const expected = row.endsWith('stop, start') ? undefined : dialBudget(backOff, among[row])
  for (const [name, span] of Object.entries(asked)) {
    const { dials, inputs } = graph.most(span)
    const most = expected?.[name as keyof typeof spans] ?? span / 1000 / backOff.minInterval
    console.log(`  ${name}: ${dials}${dials === most ? '' : `, but ${most} are published`}`)
    console.log(
      `    ${runs(inputs.map(one => one.join(', ')))
        .map(({ what, count }) => `${count} × ${what}`)
        .join('\n    ')}`,
    )
    if (dials !== most) process.exitCode = 1
  }
}
