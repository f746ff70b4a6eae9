/** Bundles wire from the user's project for a browser, and decodes a message in headless Chromium. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { run } from './run.ts'

const KEEPALIVE = `${'ff'.repeat(16)}001304`

export async function decodeInBrowser(folder: string): Promise<void> {
  const code = `
import { decode } from '@softspoken/wire'
const bytes = Uint8Array.from('${KEEPALIVE}'.match(/../g), octet => parseInt(octet, 16))
document.body.textContent = JSON.stringify(decode(bytes).value)
`
  const outfile = join(folder, 'browser.js')
  await build({ stdin: { contents: code, resolveDir: folder }, bundle: true, platform: 'browser', outfile })
  const page = join(folder, 'browser.html')
  writeFileSync(page, '<!doctype html><body><script src="browser.js"></script></body>')
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(folder, 'chromium')}`]
  const printed = run(process.env.CHROMIUM ?? 'chromium', [...flags, '--dump-dom', `file://${page}`], folder)
  if (!printed.includes('{"type":"keepalive"}')) throw new Error(`the browser did not decode it:\n${printed}`)
}
