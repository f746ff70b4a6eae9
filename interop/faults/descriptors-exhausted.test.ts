import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, inject, it } from 'vitest'
import { DIAL, Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import type { Report, Request } from './descriptors-exhausted-program.ts'
import { dials } from './dials.ts'
import { configurations } from './established-announcer.ts'

const program = fileURLToPath(new URL('./descriptors-exhausted-program.ts', import.meta.url))
const PORT = 10179

describe.skipIf(!inject('engine'))('a process without a free file descriptor', () => {
  it('a process without file descriptors keeps its session and reports failed dials', async () => {
    await using lab = await Lab.create()
    await using capture = await lab.capture(DIAL)
    const start = () => lab.bird({ config: configurations.bird })
    const [before, during] = await Promise.all([start(), start()])
    const child = run({ ROUTERS: `${before.address} ${during.address}`, US: lab.host, PORT: String(PORT) })
    try {
      await once(child, 'message')
      const has = (router: typeof before, what: string) =>
        waitFor(() => router.routes(), { until: routes => routes.length === 1, within: 20, what })
      await has(before, 'the route at the first router')

      const { held } = await ask(child, 'exhaust')
      expect(held).toBeGreaterThan(0)
      const connect = `for i in $(seq 5); do (exec 3<>/dev/tcp/${lab.host}/${PORT} && timeout 2 cat <&3) 2>/dev/null; done; true`
      await during.exec('bash', '-c', connect)

      const { peers, unconfiguredPeers } = await waitFor(() => ask(child, 'report'), {
        until: ({ peers }) => (peers[1]?.counters.dials ?? 0) >= 2,
        within: 20,
        what: 'a second dial',
      })
      expect(unconfiguredPeers, 'no connection could be accepted').toBe(0)
      expect(peers[1]?.lastFailure).toMatchObject({
        reason: 'no-descriptor',
        from: 'Connect',
      })
      expect(peers[1]?.nextDialIn, 'the transport back-off: 5 s, then 10 s').toBeGreaterThan(5)
      expect(peers[1]?.nextDialIn).toBeLessThanOrEqual(10)
      expect(peers[0]).toMatchObject({ state: 'Established', counters: { dials: 1 } })
      expect(dials(capture, during.address), 'no SYN on the wire').toHaveLength(0)

      await ask(child, 'release')
      await has(during, 'the route at the second router')
      const after = await ask(child, 'report')
      expect(after.peers).toMatchObject([
        { state: 'Established', counters: { dials: 1, fsmEstablishedTransitions: 1 } },
        { state: 'Established', counters: { dials: 3, fsmEstablishedTransitions: 1 } },
      ])
      await during.exec('bash', '-c', connect)
      await waitFor(() => ask(child, 'report'), {
        until: ({ unconfiguredPeers }) => unconfiguredPeers === after.unconfiguredPeers + 5,
        within: 10,
        what: 'the listener to take connections again',
      })
      expect(child.exitCode).toBeNull()
    } finally {
      child.kill('SIGKILL')
    }
  })
})

function run(environment: Record<string, string>): ChildProcess {
  const limited = ['-c', 'ulimit -n 100 && exec "$@"', 'sh', process.execPath, '--import', 'tsx', program]
  return spawn('sh', limited, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

async function ask(child: ChildProcess, request: Request): Promise<Report> {
  const answer = once(child, 'message')
  child.send(request)
  return (await answer)[0]
}
