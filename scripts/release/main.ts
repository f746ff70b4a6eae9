/**
 * Rehearses a release: packs each package, judges the tarballs, and installs them into an empty project, which compiles and runs
 * the code of the READMEs, runs the program, and decodes a message in a browser. Then it publishes, unless `--dry-run` is given.
 * Needs npm's registry, and Chromium (`CHROMIUM` names it).
 *
 *     npx --yes pnpm@12 release --dry-run
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { decodeInBrowser } from './browser.ts'
import { announce, compileReadmes, decodeMessage, install, program, requireLibraries } from './project.ts'
import { root, run } from './run.ts'
import { pack } from './tarballs.ts'

const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } })
if (!values['dry-run'] && run('git', ['status', '--porcelain'], root) !== '')
  throw new Error('the working tree has changes: commit them, or give --dry-run')

const folder = mkdtempSync(join(tmpdir(), 'softspoken-release-'))
const project = join(folder, 'project')
try {
  const tarballs = pack(folder)
  for (const { name, version } of tarballs) done(`${name} ${version} is packed`)
  install(project, tarballs)
  done('an empty project installs the tarballs')
  done(`${compileReadmes(project)} pieces of code in the READMEs compile, with nodenext and with bundler`)
  requireLibraries(project)
  done('CommonJS loads the libraries with require()')
  decodeMessage(project)
  done('the code in the README of wire decodes a message')
  announce(project)
  done('the code in the README of announcer announces, withdraws and sends Cease')
  done(`the program runs: ${program(project)}`)
  await decodeInBrowser(project)
  done('wire decodes a message in Chromium')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (values['dry-run']) console.log('nothing is published: --dry-run')
else run('pnpm', ['publish', '--recursive', '--access', 'public', '--provenance'], root)

function done(text: string): void {
  console.log(`✓ ${text}`)
}
