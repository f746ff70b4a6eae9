/**
 * Runs before a package is packed or published: builds it. It refuses npm, which would leave the entry points of the sources in
 * package.json, because only pnpm applies publishConfig.exports and publishConfig.bin.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'

if (!process.env.npm_config_user_agent?.startsWith('pnpm/')) {
  console.error(
    'This folder has TypeScript sources, and npm would publish them as entry points. `npx --yes pnpm@12 tarballs` builds and packs all packages.',
  )
  process.exit(1)
}
rmSync('dist', { recursive: true, force: true }) // no file of an earlier state is packed
const [command, ...words] = existsSync('bundle.mjs') ? ['node', 'bundle.mjs'] : ['tsc', '-b', 'tsconfig.build.json']
execFileSync(command, words, { stdio: ['ignore', 2, 'inherit'] }) // standard output is for `pack --json`
