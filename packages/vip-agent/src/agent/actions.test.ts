/** Which part of the agent each action reaches, and with what. */
import { describe, expect, it } from 'vitest'
import type { Leadership } from '../election/election.ts'
import { type ActionParts, Actions } from './actions.ts'
import type { AgentAction, AgentInput } from './state.ts'

const MAC = '02:00:5e:00:00:02'

/** Parts that note their calls, and what they feed. */
class Run {
  readonly calls: unknown[] = []
  readonly inputs: AgentInput[] = []
  /** This call throws. */
  broken = ''
  sessions: readonly object[] = []
  #yield = (_: Leadership): void => {}
  readonly actions: Actions

  constructor(given: Partial<Record<keyof ActionParts, unknown>> = {}) {
    const note =
      (name: string) =>
      (...args: readonly unknown[]): void => {
        if (name === this.broken) throw new Error('EINVAL')
        this.calls.push(args.length === 0 ? name : [name, ...args])
      }
    const noteAll = (part: string, ...names: readonly string[]) =>
      Object.fromEntries(names.map(name => [name, note(`${part}.${name}`)]))
    const steps = {
      set: async (until: number) => {
        note('steps.set')(until)
        return until - 1
      },
      remove: async () => note('steps.remove')(),
    }
    const parts = {
      election: { ...noteAll('election', 'advertises', 'lastResort', 'look'), campaign: this.#campaign.bind(this) },
      announcer: {
        ...noteAll('announcer', 'drain'),
        stop: async (...args: readonly unknown[]) => note('announcer.stop')(...args),
        status: () => ({ peers: this.sessions }),
      },
      announcements: ['192.0.2.1/32', '192.0.2.2/32'].map(prefix => ({ prefix, update: note(prefix) })),
      preference: { communities: ['64515:1'] },
      gate: noteAll('gate', 'open', 'close'),
      addresses: noteAll('addresses', 'destroyConnections'),
      ...{ steps, segment: noteAll('segment', 'listen', 'endListening', 'probe', 'announce') },
      ...{ jumps: noteAll('jumps', 'restart'), deadline: noteAll('deadline', 'arm', 'disarm') },
      reporter: noteAll('reporter', 'conflict', 'electionFailed', 'electionWorks', 'addressFailed'),
      log: noteAll('log', 'error'),
      stopOptions: () => ['bye'],
      feed: (input: AgentInput) => void this.inputs.push(input),
      done: note('done'),
      ...given,
    }
    this.actions = new Actions(parts as never) // as much of each part as is used
  }
  async *#campaign(signal: AbortSignal): AsyncGenerator<Leadership> {
    this.calls.push('election.campaign')
    signal.addEventListener('abort', () => void this.calls.push('resigned'))
    for (;;) yield await new Promise<Leadership>(done => (this.#yield = done))
  }
  async perform(...actions: readonly AgentAction[]): Promise<unknown[]> {
    this.actions.perform(actions, 1000)
    await turn()
    return this.calls.splice(0)
  }
  async yields(leadership: unknown): Promise<unknown[]> {
    this.#yield(leadership as Leadership)
    await turn()
    return this.calls.splice(0)
  }
}
function turn(): Promise<void> {
  return new Promise(done => setImmediate(() => setImmediate(done)))
}

describe('an action', () => {
  it.each<[AgentAction, unknown[]]>([
    [{ type: 'listen' }, ['jumps.restart', 'segment.listen']],
    [{ type: 'end-listening' }, ['segment.endListening']],
    [{ type: 'probe' }, ['segment.probe']],
    [{ type: 'announce' }, ['segment.announce']],
    [{ type: 'look' }, ['election.look']],
    [{ type: 'conflict', mac: MAC }, [['reporter.conflict', MAC]]],
    [{ type: 'tell-election', mac: MAC, hasClaimed: true }, [['election.advertises', MAC, true]]],
    [{ type: 'last-resort', is: true }, [['election.lastResort', true]]],
    [{ type: 'campaign' }, ['election.campaign']],
    [{ type: 'set-address', until: 9000 }, [['steps.set', 9000]]],
    [{ type: 'remove-address' }, ['steps.remove']],
    [{ type: 'destroy-connections' }, ['addresses.destroyConnections']],
    [{ type: 'withdraw', reason: 'stopping', detail: '' }, ['gate.close']],
    [{ type: 'drain' }, ['announcer.drain']],
    [{ type: 'arm', at: 6000 }, [['deadline.arm', 5]]],
    [{ type: 'disarm' }, ['deadline.disarm']],
    [{ type: 'stop-announcer' }, [['announcer.stop', 'bye']]],
    [{ type: 'done' }, ['done']],
    [{ type: 'resign', watch: true }, []],
  ])('%j', async (action, calls) => {
    expect(await new Run().perform(action)).toEqual(calls)
  })
  const none = {
    election: undefined,
    announcer: undefined,
    addresses: undefined,
    steps: undefined,
    deadline: undefined,
  }
  it('of a part that the agent does not have does nothing', async () => {
    const types = ['listen', 'end-listening', 'probe', 'announce', 'look', 'campaign', 'resign', 'last-resort'] as const
    const more = ['tell-election', 'set-address', 'remove-address', 'destroy-connections', 'drain', 'arm', 'disarm']
    const run = new Run({ ...none, segment: undefined })
    const all = [...types, ...more].map(type => ({ type })) as AgentAction[]
    expect(await run.perform(...all)).toEqual(['jumps.restart'])
    expect(await run.perform({ type: 'stop-announcer' })).toEqual([])
    expect(run.inputs).toEqual([{ type: 'announcer-stopped' }])
  })
  it('of an election that is only a campaign does nothing', async () => {
    const run = new Run({ election: { campaign: async function* () {} } })
    const calls = await run.perform(
      { type: 'look' },
      { type: 'last-resort', is: true },
      { type: 'tell-election', mac: MAC, hasClaimed: true },
    )
    expect(calls).toEqual([])
  })
  it('that fails is logged, and the others are performed', async () => {
    const run = new Run()
    run.broken = 'deadline.arm'
    expect(await run.perform({ type: 'probe' }, { type: 'arm', at: 6000 }, { type: 'drain' })).toEqual([
      'segment.probe',
      ['log.error', { action: 'arm', error: 'EINVAL' }, 'action failed'],
      'announcer.drain',
    ])
  })
})

describe('a step of the address', () => {
  it('feeds that it has ended, and until when the address is there', async () => {
    const run = new Run()
    await run.perform({ type: 'set-address', until: 9000 }, { type: 'remove-address' })
    expect(run.inputs).toEqual([{ type: 'address-set', until: 8999 }, { type: 'address-removed' }])
  })
  it.each([
    ['steps.set', { type: 'set-address', until: 9000 }],
    ['steps.remove', { type: 'remove-address' }],
  ] as const)('that fails is reported, and fed: %s', async (name, action) => {
    const run = new Run()
    run.broken = name
    expect(await run.perform(action)).toEqual([['reporter.addressFailed', 'EINVAL']])
    expect(run.inputs).toEqual([{ type: 'address-failed', detail: 'EINVAL' }])
  })
})

describe('a campaign', () => {
  it('feeds and reports what it yields', async () => {
    const run = new Run()
    await run.perform({ type: 'campaign' })
    const leads = { leader: true, epoch: 1, until: 5 } as const
    expect(await run.yields(leads)).toEqual([['reporter.electionWorks', true]])
    expect(await run.yields({ leader: false, holder: 'other' })).toEqual([['reporter.electionWorks', false]])
    const failure = { leader: false, reason: 'timeout', detail: 'no answer' } as const
    expect(await run.yields(failure)).toEqual([['reporter.electionFailed', { reason: 'timeout', detail: 'no answer' }]])
    expect(await run.yields({ leader: false, reason: 'timeout' })).toEqual([
      ['reporter.electionFailed', { reason: 'timeout', detail: 'timeout' }],
    ])
    expect(run.inputs.slice(0, 2)).toEqual([
      { type: 'leadership', leadership: leads },
      { type: 'leadership', leadership: { leader: false, holder: 'other' } },
    ])
    expect(run.inputs).toHaveLength(4)
  })
  it('that fails is reported, and its end is fed', async () => {
    const run = new Run()
    await run.perform({ type: 'campaign' })
    const [report] = await run.yields({ leader: true, epoch: -1, until: 5 })
    expect(report).toEqual([
      'reporter.electionFailed',
      { reason: 'failed', detail: expect.stringMatching(/^epoch: -1/) },
    ])
    expect(run.inputs).toEqual([{ type: 'campaign-ended' }])
  })
  it('that was resigned and ended is no failure', async () => {
    const run = new Run()
    await run.perform({ type: 'campaign' })
    expect(await run.perform({ type: 'resign', watch: false })).toEqual(['resigned'])
    expect(await run.yields({ leader: false })).toEqual([])
    expect(run.inputs).toEqual([{ type: 'campaign-ended' }])
  })
  it.each<[string, AgentAction, unknown[]]>([
    ['the next one', { type: 'campaign' }, ['resigned', 'election.campaign']],
    ['the end', { type: 'done' }, ['resigned', 'done']],
  ])('that hangs is abandoned by %s', async (_, action, calls) => {
    const run = new Run()
    await run.perform({ type: 'campaign' })
    expect(await run.perform(action)).toEqual(calls)
    expect(run.inputs).toEqual([])
  })
})

describe('a route', () => {
  const peer = (...unsendable: readonly (string | undefined)[]) => ({
    state: 'Established',
    unsendable: Object.fromEntries(
      unsendable.flatMap((detail, i) => (detail === undefined ? [] : [[`192.0.2.${i + 1}/32`, { detail }]])),
    ),
  })
  it('has its MED before the gate opens, beside what the caller prefers', async () => {
    const content = { communities: ['64515:1'], med: 7 }
    expect(await new Run().perform({ type: 'advertise', med: 7, until: 9000 })).toEqual([
      ['192.0.2.1/32', content],
      ['192.0.2.2/32', content],
      ['gate.open', 9000],
    ])
    expect(await new Run().perform({ type: 'advertise', until: 9000 })).toEqual([['gate.open', 9000]])
  })
  it.each<[string, readonly object[], string | undefined]>([
    ['no session is established', [], undefined],
    ['another state does not count', [{ ...peer('no IPv6', 'no IPv6'), state: 'Active' }], undefined],
    ['one session can carry it', [peer('no IPv6', 'no IPv6'), peer()], undefined],
    ['a session can carry one of the VIPs', [peer('no IPv6', undefined)], undefined],
    ['no session can carry it', [peer('no IPv6', 'too long'), peer('other', 'other')], 'no IPv6'],
  ])('is sendable or not: %s', async (_, sessions, detail) => {
    const run = new Run()
    run.sessions = sessions
    await run.perform({ type: 'advertise', until: 9000 })
    expect(run.inputs).toEqual([{ type: 'unsendable', detail }])
  })
  it.each(['election', 'announcer'])('without an %s nothing is asked', async part => {
    const run = new Run({ [part]: undefined })
    run.sessions = [peer('no IPv6', 'no IPv6')]
    await run.perform({ type: 'advertise', until: 9000 })
    expect(run.inputs).toEqual([])
  })
})
