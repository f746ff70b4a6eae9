import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

const program = fileURLToPath(new URL('../../test/process/leaseholder.ts', import.meta.url))
const TTL = 8 // seconds: long enough for a slow look at the table before SIGSTOP

forEachDaemon(
  configureAll(),
  'a process that was frozen beyond its lease withdraws when it resumes',
  async (lab, router) => {
    const options = {
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
    }
    const child = spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(options), `${TTL}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    try {
      const table = () => router.routes('198.51.100.10/32')
      await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
      child.kill('SIGSTOP')
      const stopped = performance.now()
      await waitFor(() => performance.now() - stopped > (TTL + 1) * 1000, { within: 15, what: 'the lease to run out' })
      expect(await table(), 'the route while the process is stopped').toHaveLength(1)
      child.kill('SIGCONT')
      await waitFor(table, { until: routes => routes.length === 0, within: 10, what: 'the route to be gone' })
      expect((await router.session()).state).toBe('Established')
    } finally {
      child.kill('SIGKILL')
    }
  },
)
