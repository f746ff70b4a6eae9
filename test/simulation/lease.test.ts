/** Announcements that last only while they are renewed, in virtual time. */
import { HealthGate } from '@softspoken/announcer'
import { OptionError } from '@softspoken/wire'
import { describe, expect, test } from 'vitest'
import { Lab } from './lab.ts'

const VIP = '198.51.100.10/32'
const OTHER = '198.51.100.11/32'

describe('a lease', () => {
  test('a route whose lease is not renewed is withdrawn from every router', async () => {
    const lab = new Lab()
    const routers = [lab.router({ address: '192.0.2.254' }), lab.router({ address: '192.0.2.253' })]
    const announcer = lab.announcer()
    const events = lab.events(announcer)
    announcer.announce(VIP, { ttl: 20 })
    await lab.pass(19.999)
    expect(routers.map(({ times }) => times)).toEqual([[0], [0]])
    expect(announcer.status()).toMatchObject({ announcements: [VIP], withheld: {} })
    expect(announcer.status().leases[VIP]).toBeCloseTo(0.001)
    await lab.pass(0.001)
    for (const router of routers) expect(router.received.at(-1)).toMatchObject({ at: 20, withdrawn: [VIP] })
    expect(events).toEqual([
      `sent ${VIP} 192.0.2.254`,
      `sent ${VIP} 192.0.2.253`,
      `withdrawn ${VIP} the lease of 20 s ran out`,
    ])
    expect(announcer.status()).toMatchObject({
      announcements: [],
      withheld: { [VIP]: { reason: 'lease-expired', detail: 'the lease of 20 s ran out' } },
      leases: { [VIP]: 0 },
      peers: [{ sent: [] }, { sent: [] }],
    })
    expect(lab.lines('warn')).toEqual([
      { prefix: VIP, reason: 'lease-expired', detail: 'the lease of 20 s ran out', text: 'route withheld' },
    ])
    await lab.pass(3600)
    expect(routers.map(({ times }) => times)).toEqual([
      [0, 20],
      [0, 20],
    ])
  })

  test('a renewed lease keeps the route, and renewing sends nothing', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    const announcement = announcer.announce(VIP, { ttl: 20 })
    for (let i = 0; i < 20; i++) {
      await lab.pass(15)
      expect(announcer.status().leases).toEqual({ [VIP]: 5 })
      expect(announcement.renew()).toBe(true)
    }
    expect(router.times).toEqual([0])
    expect(announcer.status().leases).toEqual({ [VIP]: 20 })
    await lab.pass(20)
    expect(router.times).toEqual([0, 320])
  })

  test('a route renewed late is announced after the interval (RFC 4271 §9.2.1.1)', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    const events = lab.events(announcer)
    const announcement = announcer.announce(VIP, { ttl: 2 })
    await lab.pass(10)
    expect(announcement.renew()).toBe(true)
    expect(announcer.status()).toMatchObject({ announcements: [VIP], withheld: {}, leases: { [VIP]: 2 } })
    await lab.pass(10)
    expect(router.times).toEqual([0, 2])
    for (let i = 0; i < 11; i++) {
      announcement.renew()
      await lab.pass(1)
    }
    expect(router.times).toEqual([0, 2, 30])
    await lab.pass(60)
    expect(router.times).toEqual([0, 2, 30, 32])
    expect(events.filter(text => text.startsWith('withdrawn'))).toHaveLength(3)
  })

  test('a lease that runs out without a session is not sent on the next one', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    const events = lab.events(announcer)
    announcer.announce(VIP, { ttl: 20 })
    await lab.pass(10)
    router.reset()
    await lab.pass(120)
    expect(router.session.state).toBe('Established')
    expect(router.times).toEqual([0])
    expect(events.at(-1)).toBe(`withdrawn ${VIP} the lease of 20 s ran out`)
  })

  test('a prefix whose lease ran out cannot be announced a second time', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    const events = lab.events(announcer)
    const announcement = announcer.announce(VIP, { ttl: 2 })
    await lab.pass(60)
    expect(() => announcer.announce(VIP)).toThrow(
      new OptionError('prefix', VIP, `another one, because ${VIP} is announced already`),
    )
    expect(() => announcer.announce(OTHER)).toThrow('maxPrefixes')
    announcement.update({ med: 5 })
    announcement.withdraw()
    expect(announcement.renew(), 'a renewal may come too late').toBe(false)
    announcer.announce(VIP)
    await lab.pass(60)
    expect(router.meds).toEqual([undefined, undefined])
    expect(events.filter(text => text.startsWith('withdrawn'))).toEqual([`withdrawn ${VIP} the lease of 2 s ran out`])
  })

  test('the lease of one prefix does not change another', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer({ maxPrefixes: 3 })
    const third = '198.51.100.12/32'
    announcer.announce(VIP, { ttl: 10 })
    announcer.announce(OTHER, { ttl: 20 })
    announcer.announce(third)
    await lab.pass(15)
    expect(Object.keys(router.table)).toEqual([OTHER, third])
    expect(announcer.status().leases).toEqual({ [VIP]: 0, [OTHER]: 5 })
    await lab.pass(5)
    expect(Object.keys(router.table)).toEqual([third])
  })

  test('no timer of a lease is left once all is withdrawn', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer({ drainTime: 0 })
    announcer.announce(VIP, { ttl: 20 })
    await lab.pass(0)
    void announcer.stop()
    await lab.pass(0)
    await router.session.stop()
    expect(lab.clock.pendingTimers).toBe(0)
  })

  test.each([
    [1.9, 'ttl: 1.9 is not allowed, it must be from 2 to 3600 seconds'],
    [3601, 'ttl: 3601 is not allowed, it must be from 2 to 3600 seconds'],
    [Number.NaN, 'ttl: NaN is not allowed'],
    ['20', "ttl: '20' is not allowed"],
  ])('a lease of %s is rejected, and nothing is sent', async (ttl, message) => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    expect(() => announcer.announce(VIP, { ttl: ttl as number })).toThrow(message)
    await lab.pass(60)
    expect(announcer.status()).toMatchObject({ announcements: [], withheld: {}, leases: {} })
    expect(router.received).toEqual([])
  })

  test('renew() throws without a lease', () => {
    const lab = new Lab()
    lab.router()
    const announcement = lab.announcer().announce(VIP)
    expect(() => announcement.renew()).toThrow(new OptionError('ttl', undefined, 'given to announce() for renew()'))
  })
})

describe('a process that was stopped beyond its lease', () => {
  test('a stopped process withdraws before a KEEPALIVE that was due first', async () => {
    const lab = new Lab()
    const routers = [lab.router({ address: '192.0.2.254' }), lab.router({ address: '192.0.2.253' })]
    const announcer = lab.announcer()
    const announcement = announcer.announce(VIP, { ttl: 20 })
    await lab.pass(15)
    announcement.renew() // until 35; the keepalives are due at 30
    for (const { types } of routers) types.length = 0
    lab.clock.suspend(60)
    await lab.pass(0)
    for (const router of routers) {
      expect(router.types).toEqual(['update']) // which counts as a keepalive (RFC 4271 §4.4)
      expect(router.received.at(-1)).toMatchObject({ at: 75, withdrawn: [VIP] })
      expect(router.session.state).toBe('Established')
    }
  })

  test('a stopped process answers a route refresh with the withdrawal (RFC 2918)', async () => {
    const lab = new Lab()
    const router = lab.router()
    lab.announcer().announce(VIP, { ttl: 40 })
    await lab.pass(35)
    router.types.length = 0
    lab.clock.suspend(10)
    router.refresh('ipv4-unicast')
    await lab.pass(0)
    expect(router.types).toEqual(['update', 'route-refresh', 'route-refresh']) // and nothing between the marks (RFC 7313)
    expect(router.table).toEqual({})
  })

  test('a stopped process that renews too late withdraws first', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    const events = lab.events(announcer)
    const announcement = announcer.announce(VIP, { ttl: 20 })
    await lab.pass(0)
    lab.clock.suspend(25)
    announcement.renew()
    await lab.pass(0)
    expect(router.received.at(-1)).toMatchObject({ at: 25, withdrawn: [VIP] })
    expect(events.at(-1)).toBe(`withdrawn ${VIP} the lease of 20 s ran out`)
    await lab.pass(5)
    expect(router.times).toEqual([0, 25, 30])
  })

  test('a process stopped beyond the hold time withdraws first (RFC 4271 §6.5)', async () => {
    const lab = new Lab()
    const router = lab.router()
    lab.announcer().announce(VIP, { ttl: 20 })
    await lab.pass(1)
    router.types.length = 0
    lab.clock.suspend(100)
    await lab.pass(0)
    expect(router.types[0]).toBe('update')
    expect(router.table).toEqual({})
  })
})

describe('withdrawn', () => {
  test.each<[string, (lab: Lab) => Promise<string[]>]>([
    [
      'withdraw() was called',
      async lab => {
        const announcer = lab.announcer()
        const events = lab.events(announcer)
        announcer.announce(VIP).withdraw()
        return events
      },
    ],
    [
      'the signal was aborted',
      async lab => {
        const announcer = lab.announcer()
        const events = lab.events(announcer)
        const controller = new AbortController()
        announcer.announce(VIP, { signal: controller.signal })
        controller.abort()
        return events
      },
    ],
    [
      'the announcer drains',
      async lab => {
        const announcer = lab.announcer()
        const events = lab.events(announcer)
        announcer.announce(VIP)
        void announcer.drain()
        return events
      },
    ],
  ])('withdrawn is emitted once, with the reason: %s', async (why, act) => {
    const lab = new Lab()
    lab.router()
    const events = await act(lab)
    await lab.pass(60)
    expect(events).toEqual([`withdrawn ${VIP} ${why}`])
  })

  test('withdrawn is emitted after every router has been sent the withdrawal', async () => {
    const lab = new Lab()
    const routers = [lab.router({ address: '192.0.2.254' }), lab.router({ address: '192.0.2.253' })]
    const announcer = lab.announcer()
    const announcement = announcer.announce(VIP)
    await lab.pass(0)
    const updatesThen: number[] = []
    announcer.on('withdrawn', () => updatesThen.push(...announcer.sessions.map(s => s.status().counters.outUpdates)))
    announcement.withdraw()
    await lab.pass(0)
    expect(updatesThen).toEqual([2, 2])
    expect(routers.map(({ table }) => table)).toEqual([{}, {}])
  })

  test('a listener of withdrawn may announce again', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    announcer.once('withdrawn', ({ prefix }) => announcer.announce(prefix))
    const announcement = announcer.announce(VIP)
    await lab.pass(0)
    announcement.withdraw()
    await lab.pass(30)
    expect(router.times).toEqual([0, 0, 30])
  })
})

describe('the kernel deadline', () => {
  class Deadline {
    readonly calls: string[] = []
    fails = false
    arm(seconds: number): void {
      this.calls.push(`arm ${seconds}`)
      if (this.fails) throw new Error('EINVAL')
    }
    disarm(): void {
      this.calls.push('disarm')
    }
    get last(): string | undefined {
      return this.calls.at(-1)
    }
  }

  test('it is armed each second with the earliest lease, 5 s at least', async () => {
    const lab = new Lab()
    lab.router()
    const deadline = new Deadline()
    const announcer = lab.announcer({ kernelDeadline: deadline, maxPrefixes: 3 })
    announcer.announce('198.51.100.12/32')
    await lab.pass(2)
    expect(new Set(deadline.calls)).toEqual(new Set(['disarm']))
    announcer.announce(OTHER, { ttl: 60 })
    const announcement = announcer.announce(VIP, { ttl: 20 })
    await lab.pass(1)
    expect(deadline.last).toBe('arm 19')
    await lab.pass(17)
    expect(deadline.last).toBe('arm 5')
    announcement.renew()
    await lab.pass(1)
    expect(deadline.last).toBe('arm 19')
    announcement.withdraw()
    await lab.pass(1)
    expect(deadline.last).toBe('arm 40')
    await lab.pass(45)
    expect(deadline.last).toBe('disarm')
  })
  test('a gate renews it with each check', async () => {
    const lab = new Lab()
    lab.router()
    const deadline = new Deadline()
    const announcer = lab.announcer({ kernelDeadline: deadline })
    const gate = new HealthGate({ check: async () => {}, clock: lab.clock, interval: 5, ttl: 15, rise: 1 })
    announcer.announce(VIP, { gate })
    await lab.pass(11.5)
    expect(deadline.last).toBe('arm 14')
    gate.stop()
  })
  test('it is disarmed at the end, and left alone after it', async () => {
    const lab = new Lab()
    lab.router()
    const deadline = new Deadline()
    const announcer = lab.announcer({ kernelDeadline: deadline })
    announcer.announce(VIP, { ttl: 20 })
    await lab.pass(2)
    const stopped = announcer.stop()
    await lab.pass(10)
    await stopped
    const { length } = deadline.calls
    await lab.pass(10)
    expect([deadline.last, deadline.calls.length]).toEqual(['disarm', length])
  })
  test('a deadline that throws is an error in the log, and changes nothing else', async () => {
    const lab = new Lab()
    const router = lab.router()
    const deadline = new Deadline()
    deadline.fails = true
    lab.announcer({ kernelDeadline: deadline }).announce(VIP, { ttl: 20 })
    await lab.pass(3)
    expect(lab.lines('error')).toEqual([{ error: 'EINVAL', text: 'kernel deadline failed' }])
    expect(router.times).toEqual([0])
  })
  test('what is no deadline is rejected', () => {
    const lab = new Lab()
    lab.router()
    expect(() => lab.announcer({ kernelDeadline: true })).toThrow('kernelDeadline: true is not allowed')
  })
})
