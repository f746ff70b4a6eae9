import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, inject, it } from 'vitest'
import { configureAll } from '../lab/for-each-daemon.ts'
import { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'

const program = fileURLToPath(new URL('../../examples/single-prefix-announcer/src/main.ts', import.meta.url))
const prefix = '198.51.100.10/32'

/** An example of the library, not a behaviour of it: no row of docs/interop.md. */
describe.skipIf(!inject('engine'))('the example single-prefix-announcer', () => {
  it.each(['bird', 'gobgp'] as const)('%s has its route until SIGTERM', { timeout: 300_000 }, async daemon => {
    await using lab = await Lab.create()
    const router = await lab.start(daemon, { config: configureAll()[daemon] })
    const flags = { prefix, 'local-as': 65010, 'router-id': lab.host, peer: router.address, 'peer-as': 65001 }
    const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, `${value}`])
    const child = spawn(process.execPath, ['--import', 'tsx', program, ...words], { stdio: 'ignore' })
    try {
      const table = () => router.routes(prefix)
      const [route] = await waitFor(table, { until: ({ length }) => length === 1, within: 60, what: 'the route' })
      expect(route).toMatchObject({ nextHop: lab.host, asPath: [65010], origin: 'igp' })
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await waitFor(table, { until: ({ length }) => length === 0, within: 10, what: 'the withdrawal' })
      expect(await exit).toEqual([0, null])
      if (daemon === 'bird') expect(await router.log()).toContain('Administrative shutdown: "SIGTERM received"')
    } finally {
      child.kill('SIGKILL')
    }
  })
})
