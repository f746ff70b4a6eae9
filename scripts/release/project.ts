/** An empty project of a user: installs the tarballs, compiles and runs the code of the READMEs, and runs the program. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './run.ts'
import type { Tarball } from './tarballs.ts'

/** TypeScript and the types of Node: the oldest that we support, and what a new project gets. */
const toolchains = [
  ['typescript@6.0', '@types/node@20'],
  ['typescript@latest', '@types/node@latest'],
]

const libraries = ['wire', 'linux', 'session', 'announcer', 'vip-agent']

/** The names that a README leaves to its reader, or takes from its earlier code. */
const left = `
declare global {
  const ca: string
  const socket: import('node:net').Socket
  const elector: import('node:events').EventEmitter
  const log: import('@softspoken/session').Logger
  const gate: import('@softspoken/announcer').HealthGate
  const announcer: import('@softspoken/announcer').Announcer
  const Announcer: typeof import('@softspoken/announcer').Announcer
  const session: import('@softspoken/session').Session
  const another: import('@softspoken/session').Session
  const Listener: typeof import('@softspoken/session').Listener
  const leaseElection: typeof import('@softspoken/vip-agent').leaseElection
  function receive(message: import('@softspoken/wire').Message): void
  function close(notification: import('@softspoken/wire').Notification): void
}
export {}
`

/** With an empty cache of npm: nothing that is on this machine already helps. */
export function install(folder: string, tarballs: readonly Tarball[]): void {
  mkdirSync(folder)
  writeJson(join(folder, 'package.json'), { name: 'a-user', private: true, type: 'module' })
  npmInstall(folder, ...tarballs.map(({ file }) => file), 'prom-client@15')
}

/**
 * Compiles the code of each README against the types in the tarballs, with each toolchain and both kinds of resolution.
 * Returns how many pieces.
 */
export function compileReadmes(folder: string): number {
  const source = join(folder, 'readme')
  mkdirSync(source)
  writeFileSync(join(source, 'left.ts'), left)
  const files = ['README.md', ...libraries.map(readmeOf)]
  const pieces = files.flatMap(codeIn)
  for (const [index, code] of pieces.entries()) writeFileSync(join(source, `code-${index}.ts`), `${code}\nexport {}\n`)
  for (const toolchain of toolchains) {
    npmInstall(folder, ...toolchain)
    for (const [module, moduleResolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ]) {
      const compilerOptions = {
        strict: true,
        noEmit: true,
        target: 'es2023',
        types: ['node'],
        module,
        moduleResolution,
      }
      const lib = ['es2023', 'esnext.disposable']
      writeJson(join(folder, 'tsconfig.json'), { compilerOptions: { ...compilerOptions, lib }, include: ['readme'] })
      run('npx', ['--no-install', 'tsc', '-p', '.'], folder)
    }
  }
  return pieces.length
}

/** CommonJS loads each library with require(), which every Node that we support allows for modules. */
export function requireLibraries(folder: string): void {
  const names = libraries.map(name => `@softspoken/${name}`)
  const code = `for (const name of ${JSON.stringify(names)}) console.log(name, Object.keys(require(name)).length > 0)\n`
  writeFileSync(join(folder, 'require.cjs'), code)
  const printed = run('node', ['--no-warnings', 'require.cjs'], folder)
  for (const name of names) expectIn(printed, `${name} true`)
}

/** Decodes the message of wire's README. Returns what was printed. */
export function decodeMessage(folder: string): string {
  return runCode(folder, 'decode', firstCodeIn(readmeOf('wire')), '198.51.100.10/32')
}

/** Runs the announcer's README against a router made of the session package. Returns what was printed. */
export function announce(folder: string): string {
  const router = `
import { Listener, Session } from '@softspoken/session'
const router = new Session({ local: { as: 65000, id: '192.0.2.254' }, peer: { as: 65001, address: '127.0.0.1' }, passive: true })
router.on('update', ({ update }) => {
  console.log('the router received', update.announced, update.withdrawn)
  if (update.announced.length > 0) process.emit('SIGTERM')
})
router.on('down', async ({ received }) => {
  console.log('the router received', received)
  await router.stop()
  await listener.stop()
})
const listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(router.start())
const port = await listener.listen()
`
  const code = firstCodeIn(readmeOf('announcer'))
  const local = code.replace("address: '192.0.2.254' }],", "address: '127.0.0.1', port }],\n  nextHop: '192.0.2.1',")
  if (local === code) throw new Error('the code of the announcer has no peer 192.0.2.254 any more')
  return runCode(folder, 'announce', router + local, 'the router received', "[ '198.51.100.10/32' ]", 'subcode: 2')
}

/** Runs the program. Returns what `version` prints. */
export function program(folder: string): string {
  const softspoken = (...words: string[]): string => run('npx', ['--no-install', 'softspoken', ...words], folder)
  const options =
    '--prefix 198.51.100.10/32 --local-as 64515 --router-id 10.0.5.11 --next-hop 10.0.5.11 --peer 10.0.5.1 --peer-as 65000'
  expectIn(softspoken('check', ...options.split(' '), '--address', 'none'), '198.51.100.10/32')
  return softspoken('version').trim()
}

function npmInstall(folder: string, ...names: string[]): void {
  run('npm', ['install', '--no-audit', '--no-fund', '--cache', join(folder, '.npm-cache'), ...names], folder)
}
function runCode(folder: string, name: string, code: string, ...expected: string[]): string {
  writeFileSync(join(folder, `${name}.js`), code)
  const printed = run('node', [`${name}.js`], folder)
  for (const text of expected) expectIn(printed, text)
  return printed
}
function expectIn(printed: string, text: string): void {
  if (!printed.includes(text)) throw new Error(`"${text}" was not printed, but:\n${printed}`)
}

function readmeOf(library: string): string {
  return `packages/${library}/README.md`
}
function codeIn(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  return Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), ([, code = '']) => code)
}
function firstCodeIn(file: string): string {
  const [code] = codeIn(file)
  if (code === undefined) throw new Error(`${file} has no code`)
  return code
}
function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`)
}
