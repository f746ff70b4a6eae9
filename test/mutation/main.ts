/**
 * Changes the code of a package in one place at a time, and runs its unit tests: `npx --yes pnpm@12 test:mutation session
 * [fsm.ts …]`. A change, called a mutant, that no test notices survives. It prints the survivors that explanations.ts does not
 * explain, and writes the rows of the files to docs/mutation.md.
 *
 * It works in a copy of the repository (dist/mutation/copy), so that imports between packages reach the changed code. What an
 * earlier run found is used again if neither the code nor its tests have changed; `--force` ignores it.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { mutationPage, type Report, unexplained } from './page.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { force: { type: 'boolean', default: false } },
})
const [name = '', ...files] = positionals
const packages = readdirSync(join(root, 'packages'))
if (!packages.includes(name)) throw new Error(`test:mutation needs a package: ${packages.join(', ')}; not ${name}`)
const source = `packages/${name}/src`
for (const file of files) if (!existsSync(join(root, source, file))) throw new Error(`${source}/${file} does not exist`)

const work = join(root, 'dist/mutation')
const copy = join(work, 'copy')
const report = join(work, `${name}.json`)

copyRepository()
const config = join(work, 'stryker.json')
writeFileSync(config, JSON.stringify(configuration()))
const mutated = { MUTATED_PACKAGE: name, ...(files.length > 0 && { MUTATED_FILES: files.join(',') }) }
const { status } = spawnSync('node_modules/.bin/stryker', ['run', config], {
  cwd: copy,
  stdio: 'inherit',
  env: { ...process.env, ...mutated, RUNS: '20', NODE_OPTIONS: '--import tsx' },
})
if (status !== 0) throw new Error(`stryker ended with ${status}`)

const result = JSON.parse(readFileSync(report, 'utf8')) as Report // Stryker wrote it
for (const line of unexplained(result)) console.log(line)
const page = join(root, 'docs/mutation.md')
const before = existsSync(page) ? readFileSync(page, 'utf8') : ''
const date = new Date().toISOString().slice(0, 10)
const sources = Object.fromEntries(packages.map(one => [one, sourcesOf(one)]))
writeFileSync(page, mutationPage(before, result, { date, versions: versions(), sources }))

function sourcesOf(one: string): string[] {
  const list = execFileSync('git', ['ls-files', `packages/${one}/src/*.ts`], { cwd: root, encoding: 'utf8' })
  const files = list
    .split('\n')
    .filter(file => file !== '' && !file.endsWith('.test.ts') && !file.includes('/testing/'))
  return files.map(file => file.replace('packages/', ''))
}
function versions(): string {
  const modules = { StrykerJS: '@stryker-mutator/core', Vitest: 'vitest' }
  const versionOf = (module: string): string =>
    (JSON.parse(readFileSync(join(root, 'node_modules', module, 'package.json'), 'utf8')) as { version: string })
      .version
  const libraries = Object.entries(modules).map(([title, module]) => `${title} ${versionOf(module)}`)
  return [...libraries, `Node ${process.versions.node}`].join(', ')
}

/** The files that Git knows or would add, with the packages that they need. */
function copyRepository(): void {
  rmSync(copy, { recursive: true, force: true })
  mkdirSync(copy, { recursive: true })
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  const archive = execFileSync('tar', ['-c', '--null', '-T', '-'], { cwd: root, input: list, maxBuffer: 1e9 })
  execFileSync('tar', ['-x'], { cwd: copy, input: archive })
  execFileSync('npx', ['--yes', 'pnpm@12', 'install', '--frozen-lockfile', '--prefer-offline'], { cwd: copy })
}

function configuration() {
  const mutated = files.length > 0 ? files.map(file => `${source}/${file}`) : [`${source}/**/*.ts`]
  return {
    mutate: [...mutated, '!**/*.test.ts', '!**/testing/**'],
    testRunner: 'loaded-tests',
    plugins: [join(copy, 'test/mutation/stryker-plugins.ts')],
    ignorers: ['sentences'],
    ignoreStatic: true, // they would need all modules again
    coverageAnalysis: 'perTest',
    inPlace: true,
    concurrency: 1,
    timeoutMS: 30_000, // longer than a test and its hooks may hang: the test fails then; a mutant in an endless loop is found by its count
    incremental: true,
    incrementalFile: join(work, `${name}.incremental.json`),
    force: values.force,
    reporters: ['progress-append-only', 'clear-text', 'json'],
    clearTextReporter: { allowColor: false, reportTests: false, reportMutants: false },
    jsonReporter: { fileName: report },
    allowConsoleColors: false,
  }
}
