/** What `announce` makes of its options and does at its end, with an agent that does nothing by itself. */
import { EventEmitter } from 'node:events'
import type { AgentOptions, VipAgent } from '@softspoken/vip-agent'
import { VipHeldError } from '@softspoken/vip-agent/internal'
import { OptionError } from '@softspoken/wire'
import { pino } from 'pino'
import { describe, expect, it, vi } from 'vitest'
import type { ProgramOptions } from '../config/options.ts'
import { RetryableError, UsageError } from '../config/usage-error.ts'
import type { ShownAgent } from '../http/agent-report.ts'
import type { Shown } from '../http/site.ts'
import type { ShutdownHandler } from '../shutdown.ts'
import { announce, parts } from './announce.ts'

const needed: ProgramOptions = {
  ...{ prefix: ['198.51.100.10/32'], localAs: 64515, routerId: '10.0.5.11', logLevel: 'info' },
  ...{ peer: ['203.0.113.1'], peerAs: 65000, nextHop: ['10.0.5.11'], address: 'none', nodeName: 'node-1' },
}
const leads: Partial<ProgramOptions> = { mode: 'leader', leaseDirectory: '/none/lease' }
const page: Partial<ProgramOptions> = { http: '127.0.0.1:0', httpHost: ['node-1'] }

/** An agent of which only the stop counts. */
class FakeAgent extends EventEmitter {
  readonly announcer: object | undefined
  readonly health = { of: 'the agent' }
  readonly status = () => ({ role: 'leader' })
  readonly stop: (reason: string, options: object) => Promise<void>
  constructor({ announcer }: AgentOptions, events: unknown[]) {
    super()
    this.announcer = announcer && { of: 'the agent' }
    this.stop = async (...given) => {
      events.push(['agent.stop', ...given])
      await undefined
      events.push('agent stopped')
    }
  }
}

/** Runs it, and remembers what it calls, in order: with lines of its log as an object with `msg`. */
async function started(more: Partial<ProgramOptions> = {}, replaced: Partial<typeof parts> = {}, given = {}) {
  const options = { ...needed, ...more }
  const events: unknown[] = []
  const logged: Record<string, unknown>[] = []
  const output = { dropped: 3, stuck: false, settle: async () => void events.push('log settled') }
  const write = (line: string): void => {
    logged.push(JSON.parse(line))
    events.push(`log: ${JSON.parse(line).msg}`)
  }
  const made: AgentOptions[] = []
  const agents: FakeAgent[] = []
  const served: Parameters<typeof parts.serve>[] = []
  const attached: [announcer: object, shown: Shown & { agent: ShownAgent }][] = []
  const handlers: ShutdownHandler[] = []
  const run = announce(
    { options, given, warnings: ['a warning of the options'] },
    {},
    { handle: handler => void handlers.push(handler) },
    {
      elect: parts.elect,
      makeLog: level => ({ log: pino({ level, base: null, timestamp: false }, { write }), output }),
      makeAgent: agentOptions => {
        events.push('agent made')
        made.push(agentOptions)
        const agent = new FakeAgent(agentOptions, events)
        agents.push(agent)
        return agent as unknown as VipAgent // what announce() uses of it
      },
      serve: async (...all) => {
        events.push('page served')
        served.push(all)
        return {
          attach: (...shown) => void attached.push(shown as unknown as (typeof attached)[number]),
          [Symbol.asyncDispose]: async () => void events.push('page closed'),
        }
      },
      ...replaced,
    },
  )
  const outcome = await run.then(
    () => undefined,
    (error: Error) => error,
  )
  return { outcome, events, logged, made, agents, served, attached, handler: handlers[0]!, handlers, output }
}
const line = (logged: readonly Record<string, unknown>[], msg: string) => logged.find(one => one.msg === msg)

describe('announce()', () => {
  it('logs its warnings, then what it starts, and makes the agent', async () => {
    const { outcome, logged, made } = await started({ health: 'tcp://127.0.0.1:6443', healthRise: 2, med: 7 })
    expect(outcome).toBeUndefined()
    expect(logged[0]).toEqual({ level: 40, msg: 'a warning of the options' })
    expect(line(logged, 'starting')).toMatchObject({ prefix: '198.51.100.10/32', health: 'tcp://127.0.0.1:6443' })
    expect(line(logged, 'mode')).toEqual({ level: 30, mode: 'all-nodes', nodeName: 'node-1', msg: 'mode' })
    expect(made).toHaveLength(1)
    expect(made[0]).toMatchObject({
      ...{ vips: ['198.51.100.10/32'], address: 'none', preference: { med: 7 } },
      ...{ announcer: { local: { as: 64515 } }, health: { rise: 2 }, log: { level: 'info' } },
    })
    expect(made[0]).not.toHaveProperty('election')
  })
  it('has no health check, election or page without their options', async () => {
    const { made, served } = await started()
    expect(Object.keys(made[0]!)).not.toEqual(expect.arrayContaining(['health']))
    expect(made[0]).not.toHaveProperty('election')
    expect(made[0]).not.toHaveProperty('drainOnCordon')
    expect(served).toEqual([])
  })
  it('hands the election to the agent, and its durations to the log', async () => {
    const { made, logged } = await started({ ...leads, leaseDuration: 20, renewDeadline: 12 })
    expect(made[0]!.election).toMatchObject({ leaseDuration: 20 })
    expect(line(logged, 'mode')).toMatchObject({ mode: 'leader', lease: '/none/lease', leaseDuration: 20 })
  })
  it('uses the deadline of the kernel only if it may', async () => {
    expect((await started({ kernelDeadline: 'off' })).made[0]).toMatchObject({ kernelDeadline: false })
  })
  it('asks whether the Node is cordoned only if the options say so', async () => {
    const kubernetes: Partial<ProgramOptions> = {
      mode: 'leader',
      kubeconfig: '/none/conf',
      health: 'tcp://127.0.0.1:1',
    }
    expect((await started(kubernetes)).made[0]).not.toHaveProperty('drainOnCordon')
    const { made } = await started({ ...kubernetes, drainOnCordon: true })
    expect(made[0]!.drainOnCordon).toBeTypeOf('function')
  })
  it('names a wrong option, or a VIP that another agent has, and closes the page', async () => {
    for (const [error, kind, sentence] of [
      [new OptionError('local.as', 0, 'from 1 to 4294967295'), UsageError, '--local-as: 0 is not allowed'],
      [new VipHeldError('198.51.100.10'), RetryableError, 'another VIP agent on this host has 198.51.100.10'],
    ] as const) {
      const makeAgent = (): never => {
        throw error
      }
      const { outcome, events, handlers } = await started(page, { makeAgent })
      expect(outcome).toBeInstanceOf(kind)
      expect(outcome?.message).toContain(sentence)
      expect(events.at(-1)).toBe('page closed')
      expect(handlers).toEqual([])
    }
  })
  it('ends before its log if the options are wrong', async () => {
    const { outcome, logged } = await started({ routerId: '0.0.0.0' })
    expect(outcome).toBeInstanceOf(UsageError)
    expect(logged).toEqual([])
  })
})

describe('the page of announce()', () => {
  it('is served before the agent is made, and has the number of lost lines', async () => {
    const { served, events } = await started(page)
    expect(events.filter(event => /served|made/.test(`${event}`))).toEqual(['page served', 'agent made'])
    const [address, { hosts, droppedLines, log } = {}] = served[0]!
    expect([address, hosts, droppedLines?.()]).toEqual(['127.0.0.1:0', ['node-1'], 3])
    expect(log).toBeDefined()
  })
  it('shows the announcer, the health check, the routes and the agent', async () => {
    const { attached, agents } = await started({ ...page, health: 'http://user:word@127.0.0.1:1/', med: 7 })
    const [announcer, { gates, routes, agent }] = attached[0]!
    expect(announcer).toBe(agents[0]!.announcer)
    expect(gates).toEqual({ 'http://127.0.0.1:1/': agents[0]!.health })
    expect(routes).toEqual({ '198.51.100.10/32': { nextHop: '10.0.5.11', med: 7 } })
    expect([agent.agent, agent.nodeName, agent.elected]).toEqual([agents[0], 'node-1', undefined])
  })
  it('shows both next hops, and no gate without a health check', async () => {
    const both = { prefix: ['198.51.100.10/32', '2001:db8::10/128'], nextHop: ['10.0.5.11', '2001:db8::11'] }
    const { attached } = await started({ ...page, ...both })
    const [, { gates, routes }] = attached[0]!
    expect(gates).toEqual({})
    const shown = { nextHop: '10.0.5.11, 2001:db8::11' }
    expect(routes).toEqual({ '198.51.100.10/32': shown, '2001:db8::10/128': shown })
  })
  it('says that no VIP is probed, unless the options have a port and an election', async () => {
    const [, { agent }] = (await started(page)).attached[0]!
    expect(agent.vips?.()).toEqual({ '198.51.100.10/32': expect.objectContaining({ reason: 'off' }) })
    expect(agent).not.toHaveProperty('probe')
    const probing = await started({ ...page, ...leads, probePort: 6443 })
    const shown = probing.attached[0]![1].agent
    expect(shown.vips?.()).toEqual({ '198.51.100.10/32': expect.objectContaining({ reason: 'has-vip' }) })
    expect(shown.probe?.vips).toEqual(['198.51.100.10'])
    expect(shown.elected?.name).toBe('/none/lease')
    await probing.handler.stop({ signal: 'SIGTERM' })
  })
  it('cannot keep the program from announcing', async () => {
    const fault = new Error('a bug')
    const serve = (): never => {
      throw fault
    }
    const { outcome, logged, handlers } = await started(page, { serve })
    expect([outcome, handlers.length]).toEqual([undefined, 1])
    expect(line(logged, 'page failed')).toMatchObject({ level: 40, err: { message: 'a bug' } })
    const attach = serve
    const broken = await started(page, { serve: async () => ({ attach, [Symbol.asyncDispose]: async () => {} }) })
    expect([broken.outcome, broken.handlers.length]).toEqual([undefined, 1])
    expect(line(broken.logged, 'page failed')).toMatchObject({ err: { message: 'a bug' } })
  })
})

describe('the end of announce()', () => {
  it('withdraws first, then closes the page and waits for the log', async () => {
    const { events, handler, logged } = await started(page)
    events.length = 0
    await handler.stop({ signal: 'SIGTERM' })
    expect(events).toEqual([
      ['agent.stop', 'softspoken got SIGTERM', { keepRecord: false }],
      'log: withdrawing and stopping',
      'agent stopped',
      'page closed',
      'log: stopped',
      'log settled',
    ])
    expect(line(logged, 'withdrawing and stopping')).toMatchObject({ signal: 'SIGTERM' })
  })
  it('keeps the record of its dials after an error, because it will be restarted', async () => {
    const { events, handler, logged } = await started()
    events.length = 0
    await handler.stop({ error: new Error('a bug') })
    expect(events[0]).toEqual(['agent.stop', 'softspoken failed', { keepRecord: true }])
    expect(events).not.toContain('page closed')
    expect(line(logged, 'withdrawing and stopping')).toMatchObject({ reason: 'failed' })
  })
  it('has more time with an election', async () => {
    expect((await started()).handler.timeLimit).toBe(10)
    expect((await started(leads)).handler.timeLimit).toBe(14)
  })
  it('does not wait for a log that hangs', async () => {
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
    try {
      const { handler, output } = await started()
      await handler.stop({ signal: 'SIGTERM' })
      expect(exit).not.toHaveBeenCalled()
      output.stuck = true
      await handler.stop({ signal: 'SIGTERM' })
      expect(exit).toHaveBeenLastCalledWith(0)
      await handler.stop({ error: undefined })
      expect(exit).toHaveBeenLastCalledWith(1)
    } finally {
      exit.mockRestore()
    }
  })
  it('logs a signal that changes nothing', async () => {
    const { handler, logged, events } = await started()
    events.length = 0
    handler.ignored('SIGUSR1')
    expect([logged.at(-1), events]).toEqual([
      { level: 30, signal: 'SIGUSR1', msg: 'signal ignored' },
      ['log: signal ignored'],
    ])
  })
})

describe('the label of the Node', () => {
  const kubernetes: Partial<ProgramOptions> = { mode: 'leader', kubeconfig: '/none/conf', health: 'tcp://127.0.0.1:1' }
  /** The writes of the label, and of which role the agent was. */
  async function labelling(options: Partial<ProgramOptions>) {
    const writes: boolean[] = []
    const elect: typeof parts.elect = async (...given) => ({
      ...(await parts.elect(...given)),
      labelNode: async isHolder => void writes.push(isHolder),
    })
    const { agents, handler } = await started({ ...kubernetes, ...options }, { elect })
    const become = async (role: string) => {
      agents[0]!.emit('role', { role })
      await new Promise(setImmediate)
    }
    return { writes, become, handler }
  }
  it('follows the role, and is removed at the end', async () => {
    const { writes, become, handler } = await labelling({ labelNode: true })
    await become('standby')
    expect(writes).toEqual([false])
    await become('leader')
    await become('standby')
    await become('leader')
    expect(writes).toEqual([false, true, false, true])
    await handler.stop({ signal: 'SIGTERM' })
    expect(writes.at(-1)).toBe(false)
  })
  it('is not written without the option', async () => {
    const { writes, become, handler } = await labelling({})
    await become('leader')
    await handler.stop({ signal: 'SIGTERM' })
    expect(writes).toEqual([])
  })
})
