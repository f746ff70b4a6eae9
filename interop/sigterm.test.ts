import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { against, plain } from './lab/against.ts'
import { waitFor } from './lab/wait-for.ts'

const program = fileURLToPath(new URL('../examples/single-prefix-announcer/src/main.ts', import.meta.url))

against(
  plain(),
  'the program withdraws on SIGTERM, says Cease with a reason, and exits with 0',
  async (lab, router, daemon) => {
    const own = [
      '--prefix',
      '198.51.100.10/32',
      '--local-as',
      '65010',
      '--router-id',
      lab.host,
      '--local-address',
      lab.host,
    ]
    const child = run([...own, '--peer', router.address, '--peer-as', '65001'])
    try {
      const table = () => router.routes('198.51.100.10/32')
      await waitFor(table, { until: routes => routes.length === 1, within: 20, what: 'the route' })
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await waitFor(table, { until: routes => routes.length === 0, within: 2, what: 'the route to be gone' })
      expect((await router.session()).state, 'the session stands while the router converges').toBe('Established')
      expect(await exit).toEqual([0, null])
      // ExaBGP 4.2 cannot decode any NOTIFICATION, as it then says.
      const heard = daemon === 'exabgp' ? '"state": "down"' : 'single-prefix-announcer got SIGTERM'
      await waitFor(() => router.log(), {
        until: log => log.includes(heard),
        within: 5,
        what: `the router to log ${heard}`,
      })
    } finally {
      child.kill('SIGKILL')
    }
  },
)

function run(options: string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', program, ...options], { stdio: 'ignore' })
}
