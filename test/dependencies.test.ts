/**
 * Which package may import which (the table below), and which files may use Node:
 *
 *     softspoken -> vip-agent -> announcer -> session -> wire -> ip-address
 *
 * linux is beside them: session, announcer and vip-agent may use it. No import reaches into another package's src.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

/** The packages of this workspace that each package may import. What is no package may import all of them. */
const allowed: Record<string, readonly string[]> = {
  wire: [],
  linux: [],
  session: ['wire', 'linux'],
  announcer: ['wire', 'linux', 'session'],
  'vip-agent': ['wire', 'linux', 'session', 'announcer'],
  softspoken: ['wire', 'session', 'announcer', 'vip-agent'],
}

/** In these packages, only these files may import a module of Node. All others run anywhere. */
const mayImportNode: Record<string, readonly string[]> = {
  wire: [],
  session: [
    'session.ts',
    'shell.ts',
    'connection.ts',
    'observer.ts',
    'guard.ts',
    'listener.ts',
    'dial.ts',
    'dial-record.ts',
    'listening-socket.ts',
    'testing/memory-socket.ts',
    'testing/scripted-peer.ts',
    'runtime.ts',
  ],
  announcer: [
    'announcer.ts',
    'announcer-session.ts',
    'health/gate.ts',
    'next-hop.ts',
    'health/tcp-check.ts',
    'health/http-check.ts',
  ],
}

/** The only place that may import a dependency: a file or a folder. */
const onlyIn: Record<string, string> = {
  'ip-address': 'packages/wire/src/address.ts',
  koffi: 'packages/linux/',
}

const root = new URL('..', import.meta.url)
const folders = ['packages', 'examples', 'interop', 'test', 'scripts']

it('every import follows the dependency rule', { timeout: 60_000 }, () => {
  const sources = folders.flatMap(sourcesIn)
  expect(sources).toContain('packages/wire/src/address.ts')
  expect(sources).toContain('test/dependencies.test.ts')
  const found = sources.flatMap(file => violations(file, read(file)).map(violation => `${file} imports ${violation}`))
  expect(found, `${found.length} violations`).toEqual([])
})

it('every file that is allowed to import Node exists', () => {
  const files = Object.entries(mayImportNode).flatMap(([name, files]) =>
    files.map(file => `packages/${name}/src/${file}`),
  )
  expect(files.filter(file => !existsSync(new URL(file, root)))).toEqual([])
})

it.each([
  ['packages/wire/src/x.ts', '@softspoken/session', 'a package above it'],
  ['packages/wire/src/x.ts', '@softspoken/linux', 'a package above it'],
  ['packages/session/src/x.ts', '@softspoken/session', 'itself by name'],
  ['packages/session/src/x.ts', '../../wire/src/bytes.ts', 'the src of another package'],
  ['examples/demo/src/x.ts', '@softspoken/wire/src/bytes.ts', 'the src of another package by name'],
  ['packages/session/src/x.ts', '@softspoken/test-support/hex', 'test support outside a test'],
  ['packages/session/src/fsm.ts', 'node:events', 'Node in a pure file'],
  ['packages/wire/src/x.ts', 'fs', 'Node without its prefix'],
  ['packages/wire/src/prefix.ts', 'ip-address', 'ip-address a second time'],
  ['packages/session/src/x.ts', 'koffi', 'koffi outside linux'],
  ['packages/linux/src/x.ts', '@softspoken/wire', 'a package of ours from linux'],
  ['packages/session/src/x.ts', 'pino', 'an undeclared dependency'],
])('the rule refuses that %s imports %s: %s', (file, imported) => {
  expect(violations(file, `export * from '${imported}'\nconst text = "import 'pino'" // import 'pino'`)).toHaveLength(1)
})

it.each([
  ['packages/wire/src/attribute/x.ts', '../bytes.ts'],
  ['packages/announcer/src/x.ts', '@softspoken/session'],
  ['packages/session/src/session.ts', 'node:net'],
  ['packages/session/src/x.test.ts', '@softspoken/test-support/hex'],
  ['scripts/x.ts', '../packages/session/tools/x.ts'],
  ['test/conformance/daemons/x.ts', '../../../interop/lab/lab.ts'],
])('the rule allows that %s imports %s', (file, imported) => {
  expect(violations(file, `import { x } from '${imported}'`)).toEqual([])
})

function sourcesIn(folder: string): string[] {
  if (!existsSync(new URL(folder, root))) return []
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .map(file => posix.join(folder, file.replaceAll('\\', '/')))
    .filter(file => /\.[cm]?ts$/.test(file) && !/(^|\/)(node_modules|dist)\//.test(file))
}
function read(file: string): string {
  return readFileSync(new URL(file, root), 'utf8')
}

/** What this file imports and may not, each with the reason. */
function violations(file: string, text: string): string[] {
  const [top = '', name = ''] = file.split('/')
  const isPackage = top === 'packages'
  const home = isPackage || top === 'examples' ? `${top}/${name}` : top
  const isTest = file.endsWith('.test.ts')
  return ts.preProcessFile(text, true, true).importedFiles.flatMap(({ fileName }) => {
    const problem = problemWith(fileName)
    return problem === undefined ? [] : [`${fileName}: ${problem}`]
  })

  function problemWith(imported: string): string | undefined {
    if (imported.startsWith('.')) {
      const folder = isPackage && !isTest && !file.startsWith(`${home}/tools/`) ? `${home}/src/` : `${home}/`
      const target = posix.join(posix.dirname(file), imported)
      const isTool = top === 'scripts' && /^packages\/[^/]+\/tools\//.test(target)
      // Malformed messages are sent to the daemons of the lab, too.
      const isLab = file.startsWith('test/conformance/daemons/') && target.startsWith('interop/lab/')
      return isTool || isLab || target.startsWith(folder) ? undefined : `it is outside ${folder}`
    }
    if (imported.startsWith('node:')) {
      const files = isPackage && !isTest ? mayImportNode[name] : undefined
      const may = files === undefined || files.some(one => file === `${home}/src/${one}`)
      return may ? undefined : 'only the files in mayImportNode may use Node'
    }
    const dependency = /^(@[^/]+\/)?[^/]+/.exec(imported)?.[0] ?? imported
    const sibling = dependency.replace('@softspoken/', '')
    if (sibling in allowed) {
      if (isPackage && !allowed[name]?.includes(sibling)) return `${name} may not import ${sibling}`
      if (imported.includes('/src/')) return 'it is inside another package'
    }
    const place = onlyIn[dependency]
    if (place !== undefined && !file.startsWith(place)) return `only ${place} may import it`
    return declaredFor(home, isTest).includes(dependency) ? undefined : `package.json of ${home} does not declare it`
  }
}

/** The dependencies of an own package.json; tests, and folders without one, also have those of the workspace. */
function declaredFor(home: string, isTest: boolean): string[] {
  const ofItsOwn = home.includes('/')
  return [
    ...(ofItsOwn ? declaredIn(`${home}/package.json`) : []),
    ...(isTest || !ofItsOwn ? declaredIn('package.json') : []),
  ]
}
function declaredIn(file: string): string[] {
  const manifest: Record<string, object | undefined> = JSON.parse(read(file))
  return ['dependencies', 'optionalDependencies', 'peerDependencies', 'devDependencies'].flatMap(kind =>
    Object.keys(manifest[kind] ?? {}),
  )
}
