/**
 * Who may import whom:
 *
 *     examples, interop, test -> softspoken -> vip-agent -> announcer -> session -> wire -> ip-address
 *
 * Arrows never turn round, and none reaches into another package's src.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

/** From the top of the arrow to its end; each may import what stands after it. */
const order = [
  'softspoken',
  '@softspoken/vip-agent',
  '@softspoken/announcer',
  '@softspoken/session',
  '@softspoken/wire',
]

/** The only files of a package that may import a module of Node's. All others run anywhere. */
const mayImportNode: Record<string, readonly string[] | 'all'> = {
  'packages/wire': [],
  'packages/session': [
    'session.ts',
    'guard.ts',
    'listener.ts',
    'dial.ts',
    'dial-record.ts',
    'listening-socket.ts',
    'kernel.ts',
    'socket-options.ts',
    'own-address.ts',
    'preflight.ts',
    'rtnetlink.ts',
  ],
  'packages/announcer': ['announcer.ts', 'health-gate.ts', 'next-hop.ts', 'probe/tcp.ts', 'probe/http.ts'],
}
/** The only file that may import it. */
const onlyImporter: Record<string, string> = { 'ip-address': 'packages/wire/src/address.ts' }

const root = new URL('..', import.meta.url)
const sources = ['packages', 'examples', 'interop', 'test'].flatMap(top =>
  readdirSync(new URL(top, root), { recursive: true, encoding: 'utf8' })
    .map(file => posix.join(top, file.replaceAll('\\', '/')))
    .filter(file => /\.[cm]?ts$/.test(file) && !/(^|\/)(node_modules|dist)\//.test(file)),
)

describe('the sources', () => {
  it.each(sources)('%s imports what it may', file => {
    expect(violations(file, readFileSync(new URL(file, root), 'utf8'))).toEqual([])
  })
  it('were all found', () => {
    expect(sources).toContain('packages/wire/src/address.ts')
    expect(sources).toContain('packages/session/src/fsm.ts')
    expect(sources).toContain('packages/announcer/src/announcer.ts')
    expect(sources).toContain('test/dependencies.test.ts')
  })
})

describe('the rule finds', () => {
  it.each([
    ['an arrow that turns round', 'packages/wire/src/x.ts', `import { Session } from '@softspoken/session'`],
    ['an arrow that turns round', 'packages/session/src/x.ts', `export type { A } from '@softspoken/announcer'`],
    ['a package that imports itself by name', 'packages/wire/src/x.ts', `import type { A } from '@softspoken/wire'`],
    ['a reach into another src', 'packages/session/src/x.ts', `import { A } from '../../wire/src/bytes.ts'`],
    ['a reach into another src', 'test/x.test.ts', `import { step } from '../packages/session/src/fsm.ts'`],
    ['a reach into another src', 'examples/demo/src/x.ts', `import { A } from '@softspoken/wire/src/bytes.ts'`],
    [
      'a package that needs the tests',
      'packages/session/src/x.test.ts',
      `import { A } from '../../../test/support/x.ts'`,
    ],
    ['an example that needs another', 'examples/demo/src/x.ts', `import { A } from '../../other/src/x.ts'`],
    ['Node in wire', 'packages/wire/src/x.ts', `import { Buffer } from 'node:buffer'`],
    ['Node without its prefix', 'packages/wire/src/x.ts', `import { readFileSync } from 'fs'`],
    ['Node in the state machine', 'packages/session/src/fsm.ts', `import { once } from 'node:events'`],
    ['Node in the announcer', 'packages/announcer/src/x.ts', `const os = await import('node:os')`],
    ['a second importer of ip-address', 'packages/wire/src/prefix.ts', `import { Address4 } from 'ip-address'`],
    ['a dependency that is not declared', 'packages/session/src/x.ts', `import pino from 'pino'`],
    ['a tool of the tests in a package', 'packages/wire/src/x.ts', `import fc from 'fast-check'`],
  ])('%s: %s', (_, file, text) => {
    expect(violations(file, text)).toHaveLength(1)
  })
  it.each([
    ['packages/wire/src/address.ts', `import { Address4 } from 'ip-address'`],
    ['packages/wire/src/attribute/x.ts', `import { A } from '../bytes.ts'`],
    ['packages/session/src/session.ts', `import { connect } from 'node:net'`],
    ['packages/session/src/x.test.ts', `import fc from 'fast-check'\nimport { once } from 'node:events'`],
    ['packages/announcer/src/x.ts', `import { A } from '@softspoken/wire'\nimport { B } from '@softspoken/session'`],
    ['test/simulation/x.test.ts', `import { A } from '../support/x.ts'\nimport { B } from '@softspoken/session'`],
    ['packages/wire/src/x.ts', `// import { A } from 'node:fs'\nconst text = "import 'node:fs'"`],
  ])('nothing in %s: %s', (file, text) => {
    expect(violations(file, text)).toEqual([])
  })
})

/** What a file may not import, in words. */
function violations(file: string, text: string): string[] {
  const [top = '', name = ''] = file.split('/')
  const part = top === 'packages' || top === 'examples' ? `${top}/${name}` : top
  const isTest = file.endsWith('.test.ts')
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .flatMap(wanted => judge(wanted) ?? [])

  function judge(wanted: string): string | undefined {
    if (wanted.startsWith('.')) {
      const target = posix.join(posix.dirname(file), wanted)
      const home = top === 'packages' ? `${part}/src/` : `${part}/`
      return target.startsWith(home) ? undefined : `${wanted} is outside ${home}`
    }
    if (wanted.startsWith('node:')) {
      const may = mayImportNode[part] ?? 'all'
      return isTest || may === 'all' || may.some(one => file === `${part}/src/${one}`)
        ? undefined
        : `${wanted}: this file runs anywhere, not only on Node`
    }
    const [scope = '', rest] = wanted.split('/')
    const dependency = scope.startsWith('@') ? `${scope}/${rest}` : scope
    if (order.includes(dependency)) {
      const own = order.findIndex(one => one === name || one === `@softspoken/${name}`)
      if (top === 'packages' && order.indexOf(dependency) <= own) return `${wanted}: the arrow points the other way`
      if (wanted.includes('/src')) return `${wanted} reaches into a package`
    }
    const importer = onlyImporter[dependency]
    if (importer !== undefined && importer !== file) return `${wanted} is for ${importer} alone`
    return declared(part, isTest).includes(dependency) ? undefined : `${wanted} is not declared in ${part}`
  }
}

/** What the package.json of a part names; tests, and parts without one, may take the workspace's tools as well. */
function declared(part: string, isTest: boolean): string[] {
  const ofItsOwn = part.includes('/')
  return [
    ...(ofItsOwn ? dependenciesIn(`${part}/package.json`) : []),
    ...(isTest || !ofItsOwn ? dependenciesIn('package.json') : []),
  ]
}
function dependenciesIn(file: string): string[] {
  const manifest: Record<string, object | undefined> = JSON.parse(readFileSync(new URL(file, root), 'utf8'))
  return ['dependencies', 'optionalDependencies', 'peerDependencies', 'devDependencies'].flatMap(kind =>
    Object.keys(manifest[kind] ?? {}),
  )
}
