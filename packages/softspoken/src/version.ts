/** The program's version. */
import { readFileSync } from 'node:fs'

/** bundle.mjs defines it. From source, package.json has it. */
declare const BUNDLED_VERSION: string | undefined

export const version: string = typeof BUNDLED_VERSION === 'string' ? BUNDLED_VERSION : versionInPackage()

function versionInPackage(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  return manifest.version // package.json has one, a test checks it
}
