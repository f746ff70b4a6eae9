/** Loads the tests of the package that MUTATED_PACKAGE names, each file in a group with its name. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { describe } from 'vitest'

/** They search or simulate for seconds, ask the host, open sockets or start programs; each mutant that survives would pay for them. */
const slow =
  /(\.process|\.property|-search|\/(announcer-model|cli|credentials|deploy|deploy-files|exec-check|exec-plugin|findings\/api-server|health\/checks|hostile-server|http-ends|limits|listener|listening-socket|log-budget|machine-differences|manifest|mistakes|own-address|politeness|preflight|queries|readable|readme|recipes|recordings|secrets|soak|testing|two-speakers|unread-sockets|watch))\.test\.ts$/
/** What vitest-runner.ts does not do: modules replaced for one file, hooks of one test, what needs a context or a process. */
const unsupported = /vi\.mock\(|onTest(Failed|Finished)\(|\.poll\(|Snapshot\(|process\.umask\(/

// The same inputs for each mutant, so that a score does not depend on luck; no search for a smaller one, which takes seconds.
fc.configureGlobal({ seed: 1, endOnFailure: true })

const root = resolve(import.meta.dirname, '../..')
const name = process.env.MUTATED_PACKAGE ?? ''
/** What tests a package and is not beside its code. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  wire: ['test/conformance', 'test/fixtures'],
  session: ['test/simulation'],
  announcer: ['test/simulation'],
}
/** Tests of the announcer run sessions, too, and would find little more in these. */
const ofOthers = name === 'session' ? /\/(announcer(-\w+)?|health|lease|next-hop|prometheus)\.test\.ts$/ : undefined
const folders = [`packages/${name}/src`, ...(elsewhere[name] ?? [])]
const files = folders.flatMap(folder =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(file => `${folder}/${file}`),
)
for (const file of files.sort())
  if (file.endsWith('.test.ts') && !slow.test(file) && !ofOthers?.test(file))
    if (!unsupported.test(readFileSync(join(root, file), 'utf8')))
      describe(file, async () => {
        await import(/* @vite-ignore */ join(root, file))
      })
