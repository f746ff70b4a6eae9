/**
 * Runs suites of other projects: `npx --yes pnpm@12 test:conformance [--write] [--daemons]`. It prints the scores and each
 * disagreement that no clause settles; `--write` writes docs/conformance.md. The exit code is 1 if there is such a disagreement,
 * or if `--write` lacks a suite. `--daemons` first sends malformed messages to the daemons of the lab, and stores what they do.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { vectors } from '@softspoken/test-support/vectors'
import { faultyMessages } from '../daemons/faulty-messages.ts'
import { measure } from '../daemons/measure.ts'
import { reactionsFile, readReactions } from '../daemons/reactions.ts'
import { daemonsSection, unsettled } from '../daemons/table.ts'
import { bgpgg } from './bgpgg.ts'
import { counts, renderPage, type Score } from './page.ts'
import type { Suite } from './suite.ts'
import { suites } from './suites.ts'
import { answersOf, vectorSuite } from './vectors.ts'

const flag = { type: 'boolean', default: false } as const
const { values } = parseArgs({ options: { write: flag, daemons: flag } })
const folderOf = ({ variable }: Pick<Suite, 'variable'>): string | undefined => process.env[variable]

if (values.daemons) {
  const [vectorFolder, bgpggFolder] = [folderOf(vectorSuite), folderOf(bgpgg)]
  if (!vectorFolder || !bgpggFolder)
    throw new Error(`--daemons needs ${vectorSuite.variable} and ${bgpgg.variable}: it sends messages of these suites`)
  const messages = faultyMessages(vectorFolder, bgpggFolder)
  writeFileSync(reactionsFile, `${JSON.stringify(await measure(messages), null, 2)}\n`)
}

const scores: Score[] = []
let complete = true
for (const suite of suites) {
  const folder = folderOf(suite)
  if (!folder) {
    console.log(`${suite.name}: not run, ${suite.variable} is not set`)
    complete = false
    continue
  }
  const { version, results } = await suite.run(folder)
  const [cases, agree, disagree, notApplicable] = counts(results)
  console.log(
    `${suite.name} (${version}): ${cases} cases, ${agree} agree, ${disagree} disagree, ${notApplicable} not applicable`,
  )
  for (const result of results)
    if (result.outcome === 'disagrees' && !result.settlement) {
      console.log(`  ${result.id}: ${result.detail}`)
      process.exitCode = 1
    }
  scores.push({ suite, version, results })
}

for (const text of unsettled(readReactions())) {
  console.log(`daemons: ${text}`)
  process.exitCode = 1
}

if (values.write) {
  if (complete && !process.exitCode) {
    const date = new Date().toISOString().slice(0, 10)
    writeFileSync(
      new URL('../../../docs/conformance.md', import.meta.url),
      renderPage(scores, answersOf(vectors() ?? []), date, daemonsSection(readReactions())),
    )
    console.log('docs/conformance.md')
  } else {
    console.log('docs/conformance.md is not written: a suite is missing, or a disagreement is not settled')
    process.exitCode = 1
  }
}
