import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { against, type Configurations } from './lab/against.ts'
import { waitFor } from './lab/wait-for.ts'

const program = fileURLToPath(new URL('../examples/single-prefix-announcer/src/main.ts', import.meta.url))
const configurations: Configurations = {
  bird: ({ own, host }) => `
    router id ${own};
    protocol device {}
    protocol bgp us { local ${own} as 65001; neighbor ${host} as 65010; passive; ipv4 { import all; export none; }; }
  `,
  gobgp: ({ own, host }) => `
    [global.config]
      as = 65001
      router-id = "${own}"
    [[neighbors]]
      [neighbors.config]
        neighbor-address = "${host}"
        peer-as = 65010
      [neighbors.transport.config]
        passive-mode = true
  `,
}

against(
  configurations,
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
      const heard = {
        bird: 'Received: Administrative shutdown: "single-prefix-announcer got SIGTERM"',
        gobgp: 'Communicated-Reason="single-prefix-announcer got SIGTERM"',
      }[daemon]
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
