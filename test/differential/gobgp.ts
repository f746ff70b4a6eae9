/** GoBGP's packet library, built from the sources in Debian's package. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Judge } from './normal.ts'
import { ask } from './program.ts'

const GO = 'go'
const SOURCES = '/usr/share/gocode/src'
const program = fileURLToPath(new URL('gobgp/main.go', import.meta.url))

export const gobgp: Judge = {
  name: 'GoBGP',
  async judge(cases) {
    if (spawnSync(GO, ['version']).status !== 0) return 'no go in the path (Debian package golang-go)'
    if (!existsSync(join(SOURCES, 'github.com/osrg/gobgp')))
      return 'no sources of GoBGP (Debian package golang-github-osrg-gobgp-dev)'
    const folder = mkdtempSync(join(tmpdir(), 'softspoken-gobgp-'))
    try {
      return ask(build(folder), [], cases)
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}

/** Builds the judge in a GOPATH of links, because the imports have /v3 in their paths and Debian's folders have not. */
function build(folder: string): string {
  const under = (source: string, target: string, without: string): void => {
    mkdirSync(target, { recursive: true })
    for (const name of readdirSync(source)) if (name !== without) symlinkSync(join(source, name), join(target, name))
  }
  under(SOURCES, join(folder, 'src'), 'github.com')
  under(join(SOURCES, 'github.com'), join(folder, 'src/github.com'), 'osrg')
  cpSync(join(SOURCES, 'github.com/osrg/gobgp'), join(folder, 'src/github.com/osrg/gobgp/v3'), { recursive: true })
  cpSync(program, join(folder, 'src/judge/main.go'))
  const binary = join(folder, 'judge')
  const { status, stderr } = spawnSync(GO, ['build', '-o', binary, '.'], {
    cwd: join(folder, 'src/judge'),
    encoding: 'utf8',
    env: { ...process.env, GO111MODULE: 'off', GOPATH: folder, GOFLAGS: '' },
  })
  if (status !== 0) throw new Error(`go build: ${stderr}`)
  return binary
}
