/** Commands of a process that is number 1, as in a container: the children that they leave behind become its own. */
import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { linuxSupport } from '@softspoken/vip-agent/internal'
import { expect, it } from 'vitest'

const container = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'] as const
const isPossible = linuxSupport().supported && spawnSync(container[0], [...container.slice(1), 'true']).status === 0

const program = `
  import { readdirSync, readFileSync } from 'node:fs'
  const { execCheck } = await import('${fileURLToPath(new URL('exec-check.ts', import.meta.url))}')
  const { signal } = new AbortController()
  const results = []
  const run = async (text, timeout) => {
    const end = execCheck('/bin/sh', ['-c', text], timeout)(signal)
    results.push(await end.then(() => 'passed', error => error.message))
  }
  await run('sleep 1000 & sleep 1000 & sleep 1000', 0.5)
  await run('sleep 1000 & exit 0', 5)
  await run('(sleep 0.2 & exit 0) >/dev/null 2>&1; exit 1', 5)
  await new Promise(done => setTimeout(done, 500))
  await run('exit 0', 5)
  const states = readdirSync('/proc').filter(name => /^\\d+$/.test(name)).map(pid => {
    try {
      return readFileSync('/proc/' + pid + '/stat', 'utf8').replace(/.*\\) /, '')[0]
    } catch {
      return ''
    }
  })
  console.log(JSON.stringify({ pid: process.pid, results, zombies: states.filter(state => state === 'Z').length }))`

it.runIf(isPossible)(
  'as process 1, a command passes by its exit code, and leaves no zombies',
  { timeout: 60_000 },
  () => {
    const node = [process.execPath, '--import', 'tsx', '--input-type=module', '--eval', program]
    const [unshare, ...words] = [...container, ...node]
    expect(JSON.parse(execFileSync(`${unshare}`, words, { encoding: 'utf8' }))).toEqual({
      pid: 1,
      results: ['did not end within 0.5 s, without output', 'passed', 'exit code 1, without output', 'passed'],
      zombies: 0,
    })
  },
)
