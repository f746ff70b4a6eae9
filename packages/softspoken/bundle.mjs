/**
 * Bundles the program into one file: softspoken.cjs in dist, or in the folder that is given. CommonJS starts faster than a
 * module. Libraries that only some runs need are files of their own, so that Node does not parse them before the first route.
 * Beside it is sbom.json (CycloneDX): the packages in the bundle, with the texts of their licences.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'

const [folder = 'dist'] = process.argv.slice(2)
const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

/** @satisfies {import('esbuild').BuildOptions} */
const options = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  supported: { 'dynamic-import': false }, // require() instead: import() loads Node's loader of modules, 9 MiB and 20 ms
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'info',
  metafile: true,
}
const loadedLater = { yaml: 'yaml', 'prom-client': './src/http/prom-client.cjs' }
const names = Object.keys(loadedLater)
const file = name => `./${name}.cjs`

const program = await build({
  ...options,
  entryPoints: ['src/main.ts'],
  outfile: `${folder}/softspoken.cjs`,
  external: ['koffi', ...names.map(file)],
  alias: Object.fromEntries(names.map(name => [name, file(name)])),
  define: { 'import.meta.url': 'bundleUrl', BUNDLED_VERSION: JSON.stringify(version) },
  banner: { js: "#!/usr/bin/env node\nconst bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
})
const libraries = await build({
  ...options,
  entryPoints: loadedLater,
  outdir: folder,
  outExtension: { '.js': '.cjs' },
})
chmodSync(`${folder}/softspoken.cjs`, 0o755)
cpSync('src/http/page', `${folder}/page`, { recursive: true })

const inputs = { ...program.metafile.inputs, ...libraries.metafile.inputs }
const outputs = { ...program.metafile.outputs, ...libraries.metafile.outputs }
const metafile = `${folder}/metafile.json`
writeFileSync(metafile, JSON.stringify({ inputs, outputs }))
const flags = ['--gather-license-texts', '--output-reproducible', '--output-file', `${folder}/sbom.json`]
execFileSync('node_modules/.bin/cyclonedx-esbuild', [...flags, metafile], { stdio: ['ignore', 2, 'inherit'] })
rmSync(metafile)
