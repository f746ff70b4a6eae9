/** Renders docs/conformance.md. */
import type { Result, Run, Settlement, Suite } from './suite.ts'
import { frequencies, table } from './tables.ts'
import type { Answers } from './vectors.ts'

export interface Score extends Run {
  readonly suite: Pick<Suite, 'name' | 'variable' | 'source' | 'about'>
}

/** `daemons` is the section about the daemons of the lab. */
export function renderPage(
  scores: readonly Score[],
  answers: readonly Answers[],
  date: string,
  daemons: string,
): string {
  return `# Conformance

What do the test suites of other projects say about our codec and our announcer?

Made by \`npx --yes pnpm@12 test:conformance --write\` on ${date}. The command reads the suites from folders that environment
variables name; nothing of them is in this repository.

${table(
  ['suite', 'version', 'cases', 'agree', 'disagree', 'not applicable'],
  [
    ...scores.map(({ suite, version, results }) => [suite.name, version, ...counts(results)]),
    ['all', '', ...counts(scores.flatMap(({ results }) => results))],
  ],
)}

${scores.map(({ suite: { name, about } }) => `- **${name}**: ${about}`).join('\n')}

## Disagreements

Each of them is settled by a clause. A case that disagrees and is not settled makes the command fail.

${table(
  ['suite', 'cases', 'what', 'settled by'],
  scores.flatMap(({ suite, results }) =>
    frequencies(settlements(results)).map(([{ why, settledBy }, cases]) => [suite.name, cases, why, settledBy]),
  ),
)}

## Not applicable

${table(
  ['suite', 'cases', 'reason'],
  scores.flatMap(({ suite, results }) =>
    frequencies(results.flatMap(result => (result.outcome === 'does not apply' ? [result.reason] : []))).map(
      ([reason, cases]) => [suite.name, cases, reason],
    ),
  ),
)}

${daemons}

## Older daemons on the same errors

The vectors record what older daemons and decoders answered to malformed messages. Counted are messages that must reset the session, to
which the speaker answered with a NOTIFICATION. Code and subcode are agreed if at least three of them have them, so each one's
own answer was a vote. If ours is another, a clause above settles it.

${table(
  ['speaker', 'answered', 'its code is the agreed one', 'ours is the agreed one'],
  answers.map(({ speaker, answered, same, ours }) => [speaker, answered, same, ours]),
)}

## Run it

The suites are folders that you have (so this was not run by a test):

${'```sh'}
${[...new Set(scores.map(({ suite }) => `${suite.variable}=…`))].join(' ')} npx --yes pnpm@12 test:conformance
${'```'}

${[...new Set(scores.map(({ suite: { variable, source } }) => `- \`${variable}\`: ${source}`))].join('\n')}

A suite whose variable is not set is left out. With \`--write\` all are needed, and the command writes this page. It fails if a
case disagrees without a clause.

With \`--daemons\` the command also sends malformed messages to the daemons, and keeps what they do for the next \`--write\`. It needs
Docker and ten minutes. \`SOFTSPOKEN_SUITE=forky\` chooses the newest daemons.
`
}

/** Cases, and those that agree, disagree and do not apply. */
export function counts(results: readonly Result[]): number[] {
  const of = (outcome: Result['outcome']) => results.filter(result => result.outcome === outcome).length
  return [results.length, of('agrees'), of('disagrees'), of('does not apply')]
}

function settlements(results: readonly Result[]): Settlement[] {
  return results.flatMap(result => (result.outcome === 'disagrees' && result.settlement ? [result.settlement] : []))
}
