/**
 * The program in one file: announcer.cjs, in dist or the folder that is named. It is CommonJS, which Node starts sooner than a module, and what only some
 * need is not even parsed before the first route: it has files of its own beside it.
 */
import { cpSync } from 'node:fs'
import { build } from 'esbuild'

const [folder = 'dist'] = process.argv.slice(2)

/** @satisfies {import('esbuild').BuildOptions} */
const options = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'info',
}
const later = ['yaml', 'pino-pretty', 'prom-client']
const file = name => `./${name}.cjs`

await build({
  ...options,
  entryPoints: ['src/main.ts'],
  outfile: `${folder}/announcer.cjs`,
  external: ['koffi', ...later.map(file)],
  alias: Object.fromEntries(later.map(name => [name, file(name)])),
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
})
await build({
  ...options,
  entryPoints: Object.fromEntries(later.map(name => [name, name])),
  outdir: folder,
  outExtension: { '.js': '.cjs' },
})
cpSync('src/http/page', `${folder}/page`, { recursive: true })
