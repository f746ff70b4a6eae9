/** Packs each package as it would be published, and judges each tarball. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './run.ts'

export interface Tarball {
  readonly file: string
  readonly name: string
  readonly version: string
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly bin?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export function pack(folder: string): readonly Tarball[] {
  return readdirSync(join(root, 'packages')).flatMap(name => {
    const cwd = join(root, 'packages', name)
    const { private: isPrivate } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')) as Manifest
    if (isPrivate) return []
    const { filename } = JSON.parse(run('pnpm', ['pack', '--json', '--pack-destination', folder], cwd))
    return [judged(filename)]
  })
}

/** @throws Error that names the tarball and what is wrong with it */
function judged(file: string): Tarball {
  const manifest = JSON.parse(run('tar', ['-xOzf', file, 'package/package.json'], root)) as Manifest
  const files = run('tar', ['-tzf', file], root).trim().split('\n')
  const entries = [
    ...Object.values(manifest.bin ?? {}),
    ...Object.values(manifest.exports ?? {}).flatMap(entry => Object.values(entry)),
  ]
  const missing = ['LICENSE', 'README.md', ...entries].filter(name => !files.includes(join('package', name)))
  if (missing.length > 0) throw new Error(`${manifest.name}: ${missing.join(', ')} is not in the tarball`)
  if (entries.length === 0 || entries.some(name => !name.startsWith('./dist/')))
    throw new Error(`${manifest.name}: an entry point is not in dist: ${entries.join(', ')}`)
  const tests = files.filter(name => /\.test\./.test(name))
  if (tests.length > 0) throw new Error(`${manifest.name}: the tarball has tests: ${tests.join(', ')}`)
  const wrong = JSON.stringify(manifest).match(/"(workspace|catalog):[^"]*"|"prepack"/)
  if (wrong) throw new Error(`${manifest.name}: package.json in the tarball has ${wrong[0]}`)

  run('publint', ['run', file, '--strict'], root)
  // ESM only, on purpose: CommonJS loads it with import(). A program has no entry points to judge.
  if (manifest.exports) run('attw', [file, '--profile', 'esm-only', '--no-emoji'], root)
  return { file, name: manifest.name, version: manifest.version }
}
