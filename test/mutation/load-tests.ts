/** Loads the tests of the package that MUTATED_PACKAGE names, each file in a group with its name. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { describe } from 'vitest'

/** They search or simulate for seconds, ask the host, open sockets or start programs; each mutant that survives would pay for them. */
const slow =
  /(\.process|\.property|-search|\/(announcer-model|deploy|deploy-files|listener|log-budget|machine-differences|mistakes|politeness|src\/own-address|queries|readme|recipes|recordings|secrets|soak|testing|two-speakers|unread-sockets))\.test\.ts$/
/** They call whole commands, open many sockets, ask the host or start programs: each with the files of the package whose change asks for it. */
const ofChanged: Readonly<Record<string, string | readonly string[]>> = {
  'health/checks.test.ts': 'health/',
  'health/exec-check.test.ts': 'health/exec-check.ts',
  'health/http-ends.test.ts': 'health/',
  'listening-socket.test.ts': ['dial.ts', 'listening-socket.ts'],
  'preflight-start.test.ts': 'preflight.ts',
  'cli.test.ts': 'cli.ts',
  'commands/check.test.ts': 'commands/check.ts',
  'findings/api-server.test.ts': 'findings/',
  'http/limits.test.ts': 'http/status-page.ts',
  'kubernetes/credentials.test.ts': ['kubernetes/api-client.ts', 'kubernetes/credentials.ts'],
  'kubernetes/exec-plugin.test.ts': 'kubernetes/exec-plugin.ts',
  'kubernetes/hostile-server.test.ts': 'kubernetes/transport.ts',
  'kubernetes/kubeconfig.test.ts': 'kubernetes/',
  'kubernetes/kubernetes-lease.test.ts': 'kubernetes/',
  'kubernetes/watch-events.test.ts': 'kubernetes/',
  'manifest/manifest.test.ts': 'manifest/',
}
/** What vitest-runner.ts does not do: modules replaced for one file, hooks of one test, what needs a context or a process. */
const unsupported = /vi\.mock\(|onTest(Failed|Finished)\(|expect\.poll\(|Snapshot\(|process\.umask\(/

// The same inputs for each mutant, so that a score does not depend on luck; no search for a smaller one, which takes seconds.
fc.configureGlobal({ seed: 1, endOnFailure: true })

const root = resolve(import.meta.dirname, '../..')
const name = process.env.MUTATED_PACKAGE ?? ''
/** The files that are changed. None: all are. */
const changed = process.env.MUTATED_FILES?.split(',') ?? []
const isRun = (file: string): boolean => {
  const asks = [ofChanged[file.replace(/^packages\/[\w-]+\/src\//, '')] ?? ''].flat() // any file begins with ''
  const isAsked = changed.length === 0 || changed.some(one => asks.some(path => one.startsWith(path)))
  return isAsked && !slow.test(file)
}
/** What tests a package and is not beside its code. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  wire: ['test/conformance', 'test/fixtures'],
  session: ['test/simulation'],
  announcer: ['test/simulation'],
}
/** Tests of the other package in the same folder: those of the announcer run sessions, too, and would find little more in these. */
const ofOthers =
  name === 'session'
    ? /\/(announcer(-\w+)?|health|lease|next-hop|prometheus)\.test\.ts$/
    : /simulation\/(dial-record|session(-\w+)*)\.test\.ts$/
const folders = [`packages/${name}/src`, ...(elsewhere[name] ?? [])]
const files = folders.flatMap(folder =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(file => `${folder}/${file}`),
)
for (const file of files.sort())
  if (file.endsWith('.test.ts') && isRun(file) && !ofOthers.test(file))
    if (!unsupported.test(readFileSync(join(root, file), 'utf8')))
      describe(file, async () => {
        await import(/* @vite-ignore */ join(root, file))
      })
