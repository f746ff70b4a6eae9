/** The probes of a node that does not have the VIP, in virtual time, with the network and the Lease as a test has them. */
import { readFileSync } from 'node:fs'
import { VirtualClock } from '@softspoken/session/testing'
import type { AgentStatus, VipAgent } from '@softspoken/vip-agent'
import { afterEach, describe, expect, it } from 'vitest'
import type { ConnectReason, ConnectResult, connectTo } from './connect.ts'
import { VipProbe } from './vip-probe.ts'
import type { Way } from './way.ts'

const VIP = '198.51.100.10'
const stopped: (() => void)[] = []
afterEach(() => {
  for (const stop of stopped.splice(0)) stop()
})

/** A node `cp-2`, while `cp-1` holds the Lease and renews it each 2 s. */
class Lab {
  readonly clock = new VirtualClock()
  readonly dials: string[] = []
  readonly lines: string[] = []
  readonly seconds: number[] = []
  /** Why connections that hung were given up. */
  readonly ends: string[] = []
  readonly vips: readonly string[]
  answer: ConnectReason | 'hangs' = 'connected'
  way: Way = 'router'
  holder = 'cp-1'
  hasLease = true
  /** In seconds of the virtual clock: when the holder died. */
  diedAt = Number.POSITIVE_INFINITY
  agent: Pick<AgentStatus, 'role' | 'address' | 'lastElectionFailure'> = {
    role: 'waiting',
    address: { present: false },
  }
  open = 0
  random = 1
  /** Runs while a connection is opened. */
  during = (): void => {}
  readonly probe: VipProbe

  constructor({ vips = [VIP] as readonly string[], leaseDuration = 15 } = {}) {
    this.vips = vips
    const line =
      (level: string) =>
      (fields: object, text: string): void =>
        void this.lines.push(`${level} ${text} ${JSON.stringify(fields)}`)
    const log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
    const agent: Pick<VipAgent, 'status'> = { status: () => this.agent as AgentStatus } // what the probe reads of it
    const lease = () => {
      if (!this.hasLease) return undefined
      const now = this.clock.now() / 1000
      const renewed = Math.floor(Math.min(now, this.diedAt) / 2) * 2
      const common = { holder: this.holder, epoch: 1, acquiredAt: new Date(0) }
      return { ...common, secondsSinceChange: now - renewed, secondsSinceSeen: now % 2 }
    }
    const connect: typeof connectTo = ({ host, port }, signal) => {
      this.dials.push(`${host}:${port}`)
      this.during()
      if (this.answer !== 'hangs')
        return Promise.resolve({ reason: this.answer, detail: `is ${this.answer}`, seconds: 0.001 })
      this.open++
      return new Promise<ConnectResult>(resolve =>
        signal.addEventListener('abort', () => {
          this.open--
          this.ends.push(signal.reason.name)
          resolve({ reason: 'timeout', detail: 'no answer within 2 s', seconds: 2 })
        }),
      )
    }
    this.probe = new VipProbe(
      { vips, port: 6443, nodeName: 'cp-2', agent, lease, leaseDuration, log },
      { clock: this.clock, random: () => this.random, wayTo: async () => this.way, connectTo: connect },
    )
    this.probe.on('connected', ({ seconds }) => this.seconds.push(seconds))
    stopped.push(() => this.probe.stop())
  }
  get status() {
    return this.probe.status(VIP)
  }
}

describe('VipProbe', () => {
  it('says yes with its evidence once a probe has connected', async () => {
    const lab = new Lab()
    expect(lab.status).toEqual({
      accepted: 'unknown',
      reason: 'waiting',
      detail: 'no probe yet since cp-1 leads',
    })
    await lab.clock.advance(21)
    expect(lab.status).toEqual({
      accepted: 'yes',
      reason: 'connected',
      detail: '198.51.100.10 port 6443: is connected, while cp-1 leads',
      probe: { by: 'cp-2', at: expect.any(Date), holder: 'cp-1', failures: 0 },
    })
    expect([lab.dials, lab.seconds]).toEqual([['198.51.100.10:6443'], [0.001]])
  })

  it('says no only after three failures, each with a holder that has renewed since', async () => {
    const lab = new Lab()
    lab.answer = 'hangs'
    await lab.clock.advance(23)
    expect(lab.status).toMatchObject({ accepted: 'unknown', reason: 'timeout', probe: { failures: 1 } })
    expect(lab.status.detail).toBe('198.51.100.10 port 6443: no answer within 2 s, while cp-1 leads')
    expect(lab.ends).toEqual(['TimeoutError'])
    await lab.clock.advance(24)
    expect(lab.status).toMatchObject({ accepted: 'no', reason: 'timeout', probe: { failures: 3 } })
    expect(lab.status.detail).toBe('198.51.100.10 port 6443: no answer within 2 s, 3 times in a row, while cp-1 leads')
    expect(lab.status.hints?.join()).toContain('RFC 8212')
    expect(lab.lines).toEqual([expect.stringMatching(/^warn VIP does not answer .*check --vip tcp:\/\/198\.51/)])
    lab.answer = 'connected'
    await lab.clock.advance(10)
    expect(lab.status.accepted).toBe('yes')
    expect(lab.status.hints).toBeUndefined()
    expect(lab.lines.at(-1)).toBe(`info VIP answers again {"vip":"${VIP}","port":6443,"holder":"cp-1"}`)
  })

  it('does not take a holder that has died for a router that refuses', async () => {
    const lab = new Lab({ leaseDuration: 60 })
    lab.diedAt = 15
    lab.answer = 'hangs'
    await lab.clock.advance(60)
    expect(lab.status).toMatchObject({ accepted: 'unknown', probe: { failures: 4 } })
    expect(lab.status.hints).toBeUndefined()
    await lab.clock.advance(30)
    expect(lab.status.reason).toBe('no-leader')
    expect(lab.lines).toEqual([])
  })

  it.each([
    ['unreachable', 'no'],
    ['timeout', 'no'],
    ['refused', 'unknown'], // a firewall may have refused it
    ['no-route', 'unknown'],
    ['failed', 'unknown'],
  ] as const)('after several probes that are %s it says %s, and the log has it', async (answer, accepted) => {
    const lab = new Lab()
    lab.answer = answer
    await lab.clock.advance(61)
    expect(lab.status).toMatchObject({ accepted, reason: answer })
    expect([lab.lines.length, lab.seconds]).toEqual([1, []])
  })

  const idle: readonly (readonly [string, string, (lab: Lab) => void])[] = [
    ['no other node holds the Lease', 'no-leader', lab => void (lab.holder = '')],
    ['there is no Lease', 'no-leader', lab => void (lab.hasLease = false)],
    ['the Lease names this node', 'no-leader', lab => void (lab.holder = 'cp-2')],
    ['the holder does not renew', 'no-leader', lab => void (lab.diedAt = -100)],
    [
      'the election fails',
      'no-leader',
      lab => void (lab.agent = { ...lab.agent, lastElectionFailure: { reason: 'timeout', detail: '' } }),
    ],
    ['this node leads', 'has-vip', lab => void (lab.agent = { ...lab.agent, role: 'leader' })],
    ['the VIP is still here', 'has-vip', lab => void (lab.agent = { ...lab.agent, address: { present: true } })],
    ['another program gave it the VIP', 'has-vip', lab => void (lab.way = 'here')],
    ['no router is between', 'same-subnet', lab => void (lab.way = 'link')],
  ]
  it.each(idle)('does not dial while %s (%s)', async (_, reason, set) => {
    const lab = new Lab()
    set(lab)
    await lab.clock.advance(120)
    expect(lab.dials).toEqual([])
    expect(lab.status).toMatchObject({ accepted: 'unknown', reason })
    expect(lab.status.probe).toBeUndefined()
  })

  it('drops what it found during a change of the leader, and begins again', async () => {
    const lab = new Lab()
    lab.answer = 'hangs'
    await lab.clock.advance(21) // the first probe hangs
    lab.holder = 'cp-3'
    expect(lab.status.reason).toBe('waiting')
    await lab.clock.advance(2)
    expect(lab.status).toMatchObject({ reason: 'waiting', detail: 'no probe yet since cp-3 leads' })
    lab.answer = 'connected'
    await lab.clock.advance(10) // the new holder is noticed
    expect(lab.dials).toHaveLength(1)
    await lab.clock.advance(10)
    expect(lab.status).toMatchObject({ accepted: 'yes', probe: { holder: 'cp-3' } })
  })

  it('says of a new leader nothing that it found of the one before', async () => {
    const lab = new Lab()
    await lab.clock.advance(21)
    expect(lab.status.accepted).toBe('yes')
    lab.holder = 'cp-3'
    const waiting = { accepted: 'unknown', reason: 'waiting', detail: 'no probe yet since cp-3 leads' }
    expect(lab.status).toEqual(waiting)
    await lab.clock.advance(10) // the new holder is noticed
    expect(lab.status).toEqual(waiting)
  })

  it('counts no answer that came after the leader had changed', async () => {
    const lab = new Lab()
    lab.during = () => void (lab.holder = 'cp-3')
    await lab.clock.advance(21)
    expect([lab.dials.length, lab.seconds]).toEqual([1, []])
  })

  it('drops the answer of the node itself if the VIP came here meanwhile', async () => {
    const lab = new Lab()
    lab.during = () => void (lab.way = 'here')
    await lab.clock.advance(21)
    expect([lab.dials.length, lab.seconds, lab.status.reason]).toEqual([1, [], 'has-vip'])
  })

  it('dials each of two VIPs, one at a time', async () => {
    const lab = new Lab({ vips: [VIP, '2001:db8::10'] })
    lab.answer = 'hangs'
    await lab.clock.advance(21)
    expect([lab.dials.length, lab.open]).toEqual([1, 1])
    await lab.clock.advance(2)
    expect([lab.dials.at(-1), lab.open]).toEqual(['2001:db8::10:6443', 1])
    await lab.clock.advance(600)
    expect(lab.lines.at(-1)).toContain('check --vip tcp://[2001:db8::10]:6443')
  })

  it('keeps the budget of docs/defaults.md', async () => {
    const lab = new Lab()
    lab.random = 0 // the shortest wait
    await lab.clock.advance(10 + 7.4)
    expect(lab.dials).toHaveLength(0)
    const counts: number[] = []
    for (const minutes of [1, 9, 50]) {
      await lab.clock.advance(minutes * 60)
      counts.push(lab.dials.length)
    }
    const page = readFileSync(new URL('../../../../docs/defaults.md', import.meta.url), 'utf8')
    const [, ...given] =
      /at most (\d+) connections in a minute, (\d+) in ten minutes and (\d+) in an hour/.exec(page) ?? []
    expect(counts).toEqual(given.map(Number))
  })

  it('ends at once when it is stopped, also in the middle of a probe', async () => {
    const lab = new Lab()
    lab.answer = 'hangs'
    await lab.clock.advance(20.5)
    expect(lab.open).toBe(1)
    lab.probe.stop()
    await lab.clock.advance(0)
    expect([lab.open, lab.clock.pendingTimers]).toEqual([0, 0])
    await lab.clock.advance(600)
    expect(lab.dials).toHaveLength(1)
  })

  it('goes on after a fault of its own, with a line in the log', async () => {
    const lab = new Lab()
    lab.during = () => {
      throw new Error('fault')
    }
    await lab.clock.advance(21)
    expect(lab.lines).toEqual(['error VIP cannot be probed {"error":"fault"}'])
    lab.during = () => {}
    await lab.clock.advance(10)
    expect(lab.status.accepted).toBe('yes')
  })
})
