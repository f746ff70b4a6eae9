/** What an agent says of a state: its status, and the events and log lines of a change. */
import { EventEmitter } from 'node:events'
import { VirtualClock } from '@softspoken/session/testing'
import { describe, expect, it } from 'vitest'
import { newSegment } from '../segment/state.ts'
import { because } from './reasons.ts'
import { type AgentConfig, type AgentState, newAgent } from './state.ts'
import { type AgentEvents, Reporter, statusOf } from './status.ts'

const VIP = '198.51.100.10/32'
const MAC = '02:00:5e:00:00:02'
const NEVER = Number.NEGATIVE_INFINITY
const config: AgentConfig = {
  ...{ mode: 'leader', managesAddress: true, requireAddress: false, destroyConnections: true, segment: undefined },
  ...{ hasSessions: true, sessionGrace: 3000, drainTime: 3000, gracefulShutdownTime: 0, lastResortTime: undefined },
}
const fresh = newAgent(config)
/** A node that serves at 1000 ms, with these differences. */
function serving(change: Partial<AgentState> = {}, given: Partial<AgentConfig> = {}): AgentState {
  const state = { ...fresh, config: { ...config, ...given }, clean: true, lastSessionAt: undefined }
  return { ...state, health: { up: true, until: 9000, detail: '' }, ...change }
}
const leads = { leadership: { epoch: 7, until: 5000, previous: undefined } }
const route = { med: undefined, until: 5000 }
const NOW = 1000

const nothing = { health: undefined, hasKernelDeadline: false, interfaceName: undefined, framesSent: 0 }
function status(state: AgentState, beside: object = {}) {
  return statusOf(state, NOW, { ...nothing, lastElectionFailure: undefined, ...beside })
}

describe('status()', () => {
  it('of a new agent has no more than it knows', () => {
    expect(status(fresh)).toStrictEqual({
      ...{ mode: 'leader', role: 'waiting', leases: {}, address: { present: false } },
      serves: because('starting'),
    })
  })
  it.each<[string, AgentState, string]>([
    ['a node that leads is the leader', serving(leads), 'leader'],
    ['also in standby mode', serving(leads, { mode: 'standby' }), 'leader'],
    ['one whose leadership has ended is none', serving({ leadership: { ...leads.leadership, until: NOW } }), 'waiting'],
    ['one in leader mode with a route hands over', serving({ route }), 'waiting'],
    ['one in standby mode with a route is a standby', serving({ route }, { mode: 'standby' }), 'standby'],
    ['one in standby mode without a route waits', serving({}, { mode: 'standby' }), 'waiting'],
    ['one in all-nodes mode with a route serves', serving({ route }, { mode: 'all-nodes' }), 'serving'],
    ['one in all-nodes mode without a route waits', serving({}, { mode: 'all-nodes' }), 'waiting'],
  ])('%s', (_, state, role) => {
    expect(status(state).role).toBe(role)
  })
  it('has the epoch and the lease of a leader, in seconds', () => {
    expect(status(serving(leads))).toMatchObject({ epoch: 7, leases: { election: 4 }, serves: {} })
    const ended = status(serving({ leadership: { ...leads.leadership, until: NOW } }))
    expect([ended.epoch, ended.leases.election]).toEqual([undefined, undefined])
    const endless = serving({ leadership: { ...leads.leadership, until: Number.POSITIVE_INFINITY } })
    expect(status(endless)).toMatchObject({ epoch: 7, leases: {} })
    expect(status(endless).leases).not.toHaveProperty('election')
  })
  it('has the kernel deadline if there is one, and no negative time', () => {
    const state = serving({ deadline: 6000 })
    expect(status(state, { hasKernelDeadline: true, health: 8 }).leases).toEqual({ health: 8, kernelDeadline: 5 })
    expect(status(state).leases).toEqual({})
    expect(status(serving({ deadline: 500 }), { hasKernelDeadline: true }).leases).toEqual({ kernelDeadline: 0 })
    expect(status(serving(), { hasKernelDeadline: true }).leases).toEqual({})
  })
  it('has the other leader, and the last failure of the election', () => {
    const lastElectionFailure = { reason: 'timeout', detail: 'no answer' }
    expect(status(serving({ holder: 'node-2' }), { lastElectionFailure })).toMatchObject({
      holder: 'node-2',
      lastElectionFailure,
    })
  })
  it('has the address, of the agent or of another program', () => {
    const { address } = fresh
    expect(status(serving(), { interfaceName: 'lo' }).address).toStrictEqual({ interface: 'lo', present: false })
    expect(status(serving({ address: { ...address, status: 'present' } })).address).toStrictEqual({ present: true })
    for (const addressSeen of [true, false])
      expect(status(serving({ addressSeen }, { managesAddress: false })).address.present).toBe(addressSeen)
  })
  it('has why the node is drained, and since when if that is known', () => {
    const drained = because('drained', 0, 'upgrade')
    expect(status(serving({ drains: { call: { ...drained, since: 0 } } })).drained).toStrictEqual({
      ...drained,
      since: new Date(0),
    })
    const unknown = because('drain-unknown', 'EIO')
    expect(status(serving({ drains: { file: unknown } })).drained).toStrictEqual(unknown)
    expect(status(serving({ drains: { file: because('starting') } })).drained, 'not known yet').toBeUndefined()
    expect(status(serving()).drained).toBeUndefined()
  })
  it('has what the node holds on the segment, or why it does not', () => {
    const segment = { ...newSegment({ claimInUse: false, claimDelay: 0 }), conflicts: 2 }
    const holding = serving({ ...leads, segment: { ...segment, phase: 'holding' } })
    expect(status(holding, { framesSent: 9 }).arp).toStrictEqual({ holds: true, conflicts: 2, framesSent: 9 })
    const blocked = serving({ ...leads, segment: { ...segment, blockedBy: MAC } })
    expect(status(blocked).arp).toStrictEqual({
      ...{ holds: false, why: because('address-in-use', MAC), blockedBy: MAC, conflicts: 2, framesSent: 0 },
    })
    expect(status(serving())).not.toHaveProperty('arp')
  })
})

/** A reporter, and what it emitted and logged. */
class Run {
  readonly clock = new VirtualClock()
  readonly said: unknown[] = []
  readonly reporter: Reporter

  constructor(interfaceName: string | undefined = 'eth0') {
    const emitter = new EventEmitter<AgentEvents>()
    const names = ['role', 'serving', 'address', 'conflict', 'election-failed'] as const
    for (const name of names) emitter.on(name, (value: unknown) => void this.said.push([name, value]))
    const note =
      (level: string) =>
      (fields: object, text: string): void =>
        void this.said.push(`${level} ${text} ${JSON.stringify(fields)}`)
    const log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
    this.reporter = new Reporter(emitter, log, [VIP], interfaceName, this.clock)
  }
  is(state: AgentState, now = NOW): unknown[] {
    this.reporter.changed(state, now)
    return this.take()
  }
  take(): unknown[] {
    return this.said.splice(0)
  }
}

describe('a change of role', () => {
  it('is an event and a line, once', () => {
    const run = new Run()
    expect(run.is(serving())).toEqual(['info ready to lead {}', ['serving', {}]])
    expect(run.is(serving(leads))).toEqual(['info leading {"epoch":7}', ['role', { role: 'leader', epoch: 7 }]])
    expect(run.is(serving(leads))).toEqual([])
    expect(run.is(serving({ leadership: { ...leads.leadership, epoch: 8 } }))).toEqual([
      'info leading {"epoch":8}',
      ['role', { role: 'leader', epoch: 8 }],
    ])
    expect(run.is(serving({ holder: 'node-2' }))).toEqual([
      'info no longer leading {"epoch":8,"holder":"node-2"}',
      ['role', { role: 'waiting' }],
    ])
  })
  it('to a standby is an event alone', () => {
    const run = new Run()
    expect(run.is(serving({}, { mode: 'standby' }))).toEqual(['info serving {}', ['serving', {}]])
    expect(run.is(serving({ route }, { mode: 'standby' }))).toEqual([['role', { role: 'standby' }]])
    expect(run.is(serving({}, { mode: 'standby' }))).toEqual([['role', { role: 'waiting' }]])
  })
  it('of a cordoned node to the leader is a warning', () => {
    const run = new Run()
    const drains = { cordon: because('cordoned', 0) }
    const lastResort = { isLastResort: true, drains }
    const warning = expect.stringMatching(/^warn no other node leads, so this one does although cordoned .*1970/)
    expect(run.is(serving(lastResort))).not.toContainEqual(warning)
    expect(run.is(serving({ ...lastResort, ...leads }))).toContainEqual(warning)
    expect(run.is(serving({ ...lastResort, ...leads }))).toEqual([])
    expect(run.is(serving({ ...leads, drains }))).not.toContainEqual(warning)
  })
})

describe('a node that does not serve', () => {
  it('says why, with the level of the reason, and again when the reason changes', () => {
    const run = new Run()
    const unhealthy = serving({ health: { up: false, until: NEVER, detail: 'HTTP 500' } })
    expect(run.is(fresh)).toEqual([
      `info not serving ${JSON.stringify(because('starting'))}`,
      ['serving', because('starting')],
    ])
    expect(run.is(unhealthy)).toEqual([
      'warn not serving {"reason":"unhealthy","detail":"HTTP 500"}',
      ['serving', { reason: 'unhealthy', detail: 'HTTP 500' }],
    ])
    expect(run.is(unhealthy)).toEqual([])
    expect(run.is(serving())).toEqual(['info ready to lead {}', ['serving', {}]])
    expect(run.is(serving())).toEqual([])
    expect(run.is(unhealthy)).toHaveLength(2)
  })
})

describe('the address', () => {
  const present = serving({ address: { ...fresh.address, status: 'present' } })
  it('is reported when it comes and when it goes, with its interface', () => {
    const run = new Run()
    run.is(serving())
    expect(run.is(present)).toEqual([
      `info VIP added {"vips":["${VIP}"],"interface":"eth0"}`,
      ['address', { present: true, interface: 'eth0' }],
    ])
    expect(run.is(present)).toEqual([])
    expect(run.is(serving())).toEqual([
      `info VIP removed {"vips":["${VIP}"],"interface":"eth0"}`,
      ['address', { present: false, interface: 'eth0' }],
    ])
  })
  it('a failure is logged once, until the address is there or another one comes', () => {
    const run = new Run()
    run.is(serving())
    for (const error of ['EPERM', 'EPERM', 'EINVAL']) run.reporter.addressFailed(error)
    expect(run.take()).toEqual(
      ['EPERM', 'EINVAL'].map(error => `error VIP cannot be changed {"vips":["${VIP}"],"error":"${error}"}`),
    )
    run.is(present)
    run.is(serving())
    run.take()
    run.reporter.addressFailed('EINVAL')
    expect(run.take()).toHaveLength(1)
  })
  it('that something else removed is a warning', () => {
    const run = new Run()
    run.reporter.addressGone()
    expect(run.take()).toEqual([`warn VIP is gone from the interface {"vips":["${VIP}"],"interface":"eth0"}`])
  })
})

describe('another node that has the VIP', () => {
  const blockedBy = (mac: string | undefined) =>
    serving({ segment: { ...newSegment({ claimInUse: false, claimDelay: 0 }), blockedBy: mac } })
  it('is an event that says whether it blocks the claim', () => {
    const run = new Run()
    run.is(blockedBy(undefined))
    expect(run.is(blockedBy(MAC))).toEqual([
      `error another node has the VIP: not claimed {"vips":["${VIP}"],"interface":"eth0","reason":"address-in-use","mac":"${MAC}"}`,
      ['conflict', { mac: MAC, blocked: true }],
    ])
    expect(run.is(blockedBy(MAC))).toEqual([])
    expect(run.is(blockedBy(undefined))).toEqual([])
    expect(run.is(blockedBy(MAC))).toHaveLength(2)
    run.reporter.conflict(MAC)
    expect(run.take()).toEqual([
      `warn another node claims the VIP {"vips":["${VIP}"],"interface":"eth0","mac":"${MAC}"}`,
      ['conflict', { mac: MAC, blocked: false }],
    ])
  })
})

describe('an election that fails', () => {
  const failure = { reason: 'timeout', detail: 'no answer' } as const
  const report = ['warn election failed {"reason":"timeout","detail":"no answer"}', ['election-failed', failure]]
  it('is reported once, and is in the status until it works', () => {
    const run = new Run()
    run.reporter.electionFailed(failure)
    run.reporter.electionFailed(failure)
    expect([run.take(), run.reporter.lastElectionFailure]).toEqual([report, failure])
    run.reporter.electionWorks(false)
    expect(run.reporter.lastElectionFailure).toBeUndefined()
  })
  it('is news each time after this node has led, and else twice a minute', () => {
    const run = new Run()
    for (const leads of [false, false, false]) {
      run.reporter.electionFailed(failure)
      run.reporter.electionWorks(leads)
    }
    expect(run.take()).toEqual([...report, ...report])
    for (const leads of [true, true, true]) {
      run.reporter.electionWorks(leads)
      run.reporter.electionFailed(failure)
    }
    expect(run.take()).toEqual([...report, ...report, ...report])
  })
})
