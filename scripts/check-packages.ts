/** Packs each package as it would be published and lets publint and are-the-types-wrong judge the tarball. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = new URL('..', import.meta.url).pathname
const out = mkdtempSync(join(tmpdir(), 'softspoken-pack-'))
try {
  for (const name of readdirSync(join(root, 'packages'))) {
    const cwd = join(root, 'packages', name)
    if (JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')).private) continue
    const tarball = JSON.parse(run('pnpm', ['pack', '--json', '--pack-destination', out], cwd)).filename
    console.log(`\n@softspoken/${name}`)
    console.log(run('publint', ['run', tarball, '--strict'], root))
    // ESM only, on purpose: CommonJS loads it with import().
    console.log(run('attw', [tarball, '--profile', 'esm-only', '--no-emoji'], root))
  }
} finally {
  rmSync(out, { recursive: true })
}

function run(command: string, words: string[], cwd: string): string {
  return execFileSync(command, words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}
