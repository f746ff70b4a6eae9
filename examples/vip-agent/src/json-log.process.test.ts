import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const module = new URL('json-log.ts', import.meta.url).href
const cwd = fileURLToPath(new URL('.', import.meta.url))

/** The words that run code that has `log`. */
function words(code: string): string[] {
  const text = `import { jsonLog } from '${module}'\nconst log = jsonLog()\n${code}`
  return ['--import', 'tsx', '--input-type=module', '--eval', text]
}
/** With a socket as standard output. */
function run(code: string) {
  return spawn(process.execPath, words(code), { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
}
const manyLines = "for (let i = 0; i < 100_000; i++) log.info({ i }, 'a line')"

it('a line of the log is an object with level, time, fields and text', { timeout: 20_000 }, async () => {
  const child = run("log.warn({ prefix: '198.51.100.10/32' }, 'withdrawn')")
  let output = ''
  child.stdout.on('data', chunk => (output += chunk))
  await once(child, 'close')
  const time = expect.stringMatching(/^\d{4}-.*Z$/)
  expect(JSON.parse(output)).toEqual({ level: 'warn', time, prefix: '198.51.100.10/32', msg: 'withdrawn' })
})

it('a socket that is not read does not stop the process', { timeout: 20_000 }, async () => {
  const child = run(manyLines)
  expect(await once(child, 'exit')).toEqual([0, null])
  child.stdout.destroy()
})

it('a pipe that is not read does not stop the process', { timeout: 20_000 }, async () => {
  // The log goes into a pipe; the shell that holds its other end reads nothing, and waits for the end of the process.
  const shell = 'exec 3< <("$0" "$@"; echo "ended with $?" >&2); wait $!'
  const child = spawn('bash', ['-c', shell, process.execPath, ...words(manyLines)], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  child.stderr.on('data', chunk => (output += chunk))
  await once(child, 'close')
  expect(output).toBe('ended with 0\n')
})

it('a socket without a reader does not stop the process', { timeout: 20_000 }, async () => {
  const child = run("setTimeout(() => { log.info({}, 'a line'); process.exitCode = 3 }, 500)")
  child.stdout.destroy()
  expect(await once(child, 'exit')).toEqual([3, null])
})
