#!/usr/bin/env node
/**
 * Runs the README's commands as a newcomer does, and without a terminal: in a fresh clone, with an empty npm cache, standard
 * input closed and npm's `yes` off. It runs `demo` as README.md spells it and `announce` with `--check` appended, and asserts
 * that every other command in README and docs begins in the same way. It has no dependencies: nothing is installed yet.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PREFIX = 'npx --yes pnpm@12'
/** Minutes that one command may take; the first installs everything. */
const LIMIT = 10

const folder = mkdtempSync(join(tmpdir(), 'fresh-clone-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

const clone = join(folder, 'clone')
execFileSync('git', ['clone', '--quiet', fileURLToPath(new URL('..', import.meta.url)), clone], { stdio: 'inherit' })
const read = name => readFileSync(join(clone, name), 'utf8')

const files = execFileSync('git', ['ls-files', '-z', '*.md'], { cwd: clone, encoding: 'utf8' }).split('\0').slice(0, -1)
const { scripts } = JSON.parse(read('package.json'))
const mistakes = files.flatMap(file =>
  codeIn(read(file)).flatMap(code => mistakesIn(code).map(mistake => `${file}: ${mistake}`)),
)
for (const mistake of mistakes) console.error(mistake)
if (mistakes.length > 0) process.exit(1)
console.log(`${files.length} files: every command begins with ${PREFIX}`)

run(commandOf('demo'), /All \d+ steps happened/)
run(`${commandOf('demo')} | head -3`, /./)
run(`${commandOf('announce')} --check`, /198\.51\.100\.10\/32/)
run(`${commandOf('announce')} --check | head -1`, /./)

/** The command of the README that runs this script of package.json, on one line. */
function commandOf(script) {
  const found = codeIn(read('README.md'))
    .flatMap(code => code.replaceAll('\\\n', ' ').split('\n'))
    .find(line => line.startsWith(`${PREFIX} ${script}`))
  if (found === undefined) throw new Error(`README.md has no command that begins with ${PREFIX} ${script}`)
  return found
}

/** The text of each fence, and of each span between backticks. */
function codeIn(markdown) {
  const fences = /^ *```[^\n]*\n(.*?)^ *```/gms
  const spans = /(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/gs
  return [
    ...Array.from(markdown.matchAll(fences), ([, code]) => code),
    ...Array.from(markdown.replaceAll(fences, '').matchAll(spans), ([, , code]) => code),
  ]
}

/** Each call of a package manager must begin as the README's does, and must name a script that exists. */
function mistakesIn(code) {
  const others =
    code
      .replaceAll(/npx (--offline )?--yes pnpm@12 /g, ' ')
      .match(/(?<![\w./@-])(npx|pnpm(@\S+)?|npm (run|exec|test|start)|yarn) +\S+/g) ?? []
  const programs = code.match(/^ *(decode-capture|vip-agent) +--?\w\S*/gm) ?? [] // they are not installed; softspoken is, in its image
  const named = Array.from(code.matchAll(/npx --yes pnpm@12 +([\w.-]+(?::[\w.-]+)*)/g), ([, name]) => name)
  const missing = named.filter(name => !(name in scripts) && !['install', 'exec', '--filter'].includes(name))
  return [
    ...[...others, ...programs].map(words => `'${words}' does not begin with ${PREFIX}`),
    ...missing.map(name => `${PREFIX} ${name}: package.json has no such script`),
  ]
}

/** @param {RegExp} expected what the command prints */
function run(command, expected) {
  console.log(`\n$ ${command}`)
  const { CI: _, ...environment } = process.env // a person's shell does not have it
  const cache = join(folder, 'npm-cache')
  mkdirSync(cache, { recursive: true })
  const { status, error, stdout, stderr } = spawnSync('bash', ['-c', `set -o pipefail\nexec <&-\n${command}`], {
    cwd: clone,
    env: { ...environment, npm_config_cache: cache, npm_config_yes: 'false', NO_COLOR: '1' },
    encoding: 'utf8',
    timeout: LIMIT * 60_000,
  })
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  const problem =
    error?.message ||
    (status !== 0 && `it ended with ${status}`) ||
    (/\bEPIPE\b/.test(stderr) && 'it dies when its reader stops early') ||
    (!expected.test(stdout) && `it did not print ${expected}`)
  if (problem) {
    console.error(`FAILED: ${problem}`)
    process.exit(1)
  }
}
