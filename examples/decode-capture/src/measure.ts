/**
 * What the most expensive files cost: the peak of resident memory and seconds of CPU time, by size. Prints the table of README.md.
 *
 *     npx --yes pnpm@12 --filter @softspoken/example-decode-capture measure [MiB …]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { shapes } from './samples/hostile.ts'

const MIB = 1024 * 1024
const program = fileURLToPath(new URL('main.ts', import.meta.url))
/** Loaded by the program: its last line on standard error is its peak in KiB and its CPU time in microseconds. */
const reportCost = `data:text/javascript,${encodeURIComponent(`
  import { readFileSync } from 'node:fs'
  process.on('exit', () => {
    const [, peak] = /VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))
    const { user, system } = process.cpuUsage()
    process.stderr.write('\\n' + peak + ' ' + (user + system))
  })`)}`

const sizes = process.argv.slice(2).map(Number)
if (sizes.length === 0) sizes.push(1, 16)
const folder = mkdtempSync(join(tmpdir(), 'measure-'))
process.once('exit', () => rmSync(folder, { recursive: true }))

console.log(
  `Measured on ${new Date().toISOString().slice(0, 10)}: ${cpus()[0]?.model.trim()}, ${cpus().length} cores; Node ${process.version}.\n`,
)
console.log(`| file | ${sizes.map(size => `${size} MiB`).join(' | ')} |`)
console.log(`| --- |${sizes.map(() => ' --- |').join('')}`)
for (const [name, { make, isPacked }] of Object.entries(shapes)) {
  const cells: string[] = []
  for (const size of sizes) {
    const path = join(folder, 'file')
    // The content of a gzip is made in memory, a thousand times its size, so a gzip has a sixteenth, and at most 0.5 MiB.
    writeFileSync(path, make(isPacked ? (Math.min(size, 8) * MIB) / 16 : size * MIB))
    cells.push(await measure(path))
  }
  console.log(`| ${name} | ${cells.join(' | ')} |`)
}

/** `120 MiB, 1.3 s`. */
async function measure(path: string): Promise<string> {
  const words = ['--import', 'tsx', '--import', reportCost, program, '--json', path]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', chunk => (output += chunk))
  const [code] = await once(child, 'close')
  if (code !== 0 && code !== 2) throw new Error(`${path}: the program ended with ${code}: ${output}`)
  const [peak = 0, time = 0] = output.split('\n').at(-1)?.split(' ').map(Number) ?? []
  return `${(peak / 1024).toFixed(0)} MiB, ${(time / 1e6).toFixed(1)} s`
}
