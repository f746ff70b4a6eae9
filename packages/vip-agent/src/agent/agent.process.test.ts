/** A process with an agent that hangs or is stopped, while it holds the VIP: the kernel ends it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { linuxSupport } from '@softspoken/linux'
import { describe, expect, it } from 'vitest'

/** Its health lease is 3 s, so the deadline is the shortest: 5 s. It prints when the VIP is added. */
function start(then: string): ChildProcess {
  const text = `
    import { VipAgent } from ${JSON.stringify(new URL('agent.ts', import.meta.url).href)}
    const agent = new VipAgent({
      vips: ['198.51.100.10/32'],
      announcer: { local: { as: 64515, id: '10.0.5.11' }, peers: [{ as: 65000, address: '127.0.0.1', port: 1 }], nextHop: '10.0.5.11' },
      health: { check: async () => {}, interval: 1, rise: 1, ttl: 3 },
      address: { set: async () => {}, remove: async () => {} },
      kernelDeadline: true,
      log: { debug() {}, info() {}, warn() {}, error() {} },
    })
    agent.on('address', () => {
      console.log('added')
      ${then}
    })`
  const words = ['--import', 'tsx', '--input-type=module', '--eval', text]
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  return spawn(process.execPath, words, { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
}

describe.runIf(linuxSupport().supported)('the kernel deadline of an agent', { timeout: 60_000 }, () => {
  it.concurrent('it ends a process whose event loop hangs', async () => {
    const child = start('setTimeout(() => { for (;;); }, 100)')
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
  })
  it.concurrent('it ends a process that is stopped', async () => {
    const child = start('')
    if (child.stdout) await once(child.stdout, 'data')
    child.kill('SIGSTOP')
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
  })
  it.concurrent('it does not end a process that runs', async () => {
    const child = start('setTimeout(() => process.exit(3), 8000)')
    expect(await once(child, 'exit')).toEqual([3, null])
  })
})
