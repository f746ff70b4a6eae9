import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { secondsFromWithdrawalToCease } from '../lab/packets.ts'
import { waitFor } from '../lab/wait-for.ts'

const program = fileURLToPath(new URL('../../packages/softspoken/src/main.ts', import.meta.url))

forEachDaemon(
  configureAll(),
  'on SIGTERM the program withdraws, sends Cease with a text, and exits with 0',
  async (lab, router, kind) => {
    const noAddress = ['--address', 'none', '--require-address', 'false']
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
    await using seen = await lab.capture(`tcp port 179 and src host ${lab.host}`, '-v')
    const child = run([...own, '--peer', router.address, '--peer-as', '65001', ...noAddress])
    try {
      const table = () => router.routes('198.51.100.10/32')
      await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await waitFor(table, { until: routes => routes.length === 0, within: 10, what: 'the route to be gone' })
      expect(await exit).toEqual([0, null])
      const drained = await waitFor(() => secondsFromWithdrawalToCease(seen), {
        within: 20,
        what: 'the Cease on the wire',
      })
      expect(drained, 'seconds from the withdrawal to the Cease').toBeGreaterThan(2)
      // ExaBGP 4.2 cannot decode a NOTIFICATION, and logs that.
      const expected = kind === 'exabgp' ? '"state": "down"' : 'softspoken got SIGTERM'
      await waitFor(() => router.log(), {
        until: log => log.includes(expected),
        within: 20,
        what: `the router to log ${expected}`,
      })
    } finally {
      child.kill('SIGKILL')
    }
  },
)

function run(options: string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', program, 'announce', ...options], { stdio: 'ignore' })
}
