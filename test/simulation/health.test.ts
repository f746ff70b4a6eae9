/** Announcements that a health gate drives, in virtual time. */

import { EventEmitter, once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { HealthGate, type HealthGateOptions, httpCheck } from '@softspoken/announcer'
import { VirtualClock } from '@softspoken/session/testing'
import { describe, expect, test } from 'vitest'
import { Lab } from './lab.ts'

const VIP = '198.51.100.10/32'
const OTHER = '198.51.100.11/32'

test('a health gate goes up again after an endpoint switched protocols once', async () => {
  const clock = new VirtualClock()
  const answers = ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n']
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(answers.shift() ?? 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  using gate = new HealthGate({ check: httpCheck(`http://127.0.0.1:${port}/`), clock, interval: 1, rise: 1, fall: 1 })
  const [first] = await once(gate, 'checked')
  expect(first).toMatchObject({ outcome: 'failed' })
  expect(gate.status().detail).toContain('answered 101')
  const second = once(gate, 'checked')
  await clock.advance(1)
  expect(await second).toMatchObject([{ outcome: 'passed' }])
  expect(gate.up).toBe(true)
  server.close()
})

test('a health gate counts every rejection of a check as a failure', async () => {
  const bug = (): never => {
    throw new Error('a bug')
  }
  const reasons = [
    undefined,
    null,
    Symbol('s'),
    { toString: bug },
    Object.create(null),
    new Proxy({}, { get: bug, getPrototypeOf: bug }),
  ]
  const clock = new VirtualClock()
  const outcomes: string[] = []
  const checks: (() => unknown)[] = [
    ...reasons.map(reason => () => Promise.reject(reason)),
    ...reasons.map(reason => () => {
      throw reason
    }),
    () => Object.defineProperty({}, 'then', { value: bug }),
    () =>
      Object.defineProperty({}, 'then', {
        value: (_: unknown, failed: (of: unknown) => void) => failed({ toString: bug }),
      }),
    () => Object.defineProperty({}, 'then', { get: bug }),
  ]
  const turn = [...checks]
  using gate = new HealthGate({ check: () => turn.shift()?.() as Promise<void>, clock, rise: 1, fall: 1 })
  gate.on('checked', ({ outcome }) => outcomes.push(`${outcome}: ${gate.status().detail}`))
  await clock.advance(5 * checks.length - 1)
  expect(outcomes).toHaveLength(checks.length)
  for (const outcome of outcomes) expect(outcome).toMatch(/^failed: ./)
  await clock.advance(5)
  expect(gate.up, 'once checks pass again').toBe(true)
})

describe('a health gate', () => {
  test('a gate announces after three passed checks, and withdraws after three failed', async () => {
    const lab = new Lab()
    const router = lab.router()
    const service = new Service()
    const gate = service.gate(lab)
    const announcer = lab.announcer()
    const events = lab.events(announcer)
    announcer.announce(VIP, { gate })
    expect(announcer.status()).toMatchObject({
      announcements: [],
      withheld: { [VIP]: { reason: 'unhealthy', detail: 'health: no check has passed yet' } },
      leases: { [VIP]: 0 },
    })
    await lab.pass(9.999)
    expect(router.received).toEqual([])
    await lab.pass(0.001)
    expect(router.table).toEqual({ [VIP]: '192.0.2.1' })
    expect(announcer.status()).toMatchObject({ announcements: [VIP], withheld: {}, leases: { [VIP]: 20 } })
    await lab.pass(100)
    service.isHealthy = false
    await lab.pass(14.999)
    expect(router.times).toEqual([10])
    await lab.pass(0.001)
    expect(router.received.at(-1)).toMatchObject({ at: 125, withdrawn: [VIP] })
    expect(announcer.status().withheld).toEqual({
      [VIP]: { reason: 'unhealthy', detail: 'health: refused (3 checks in a row)' },
    })
    expect(events).toEqual([`sent ${VIP} 192.0.2.254`, `withdrawn ${VIP} health: refused (3 checks in a row)`])
    expect(lab.lines('warn')).toEqual([
      { reason: 'check-failed', detail: 'refused (3 checks in a row)', text: 'health gate down' },
      {
        prefix: VIP,
        reason: 'unhealthy',
        detail: 'health: refused (3 checks in a row)',
        text: 'route withheld',
      },
    ])
  })

  test('a gate that was never up logs that once, and not that it went down', async () => {
    const lab = new Lab()
    const service = new Service()
    service.isHealthy = false
    using gate = service.gate(lab)
    await lab.pass(600)
    expect(gate.up).toBe(false)
    expect(lab.lines('warn')).toEqual([{ reason: 'check-failed', detail: 'refused', text: 'health gate stays down' }])
  })

  test('a misconfigured check is logged as an error, also after another failure', async () => {
    const lab = new Lab()
    let error: Error | undefined = new Error('refused')
    const outcomes: string[] = []
    const check = async () => {
      if (error) throw error
    }
    using gate = new HealthGate({ check, clock: lab.clock, log: lab.log, rise: 1, fall: 1 })
    gate.on('checked', ({ outcome }) => outcomes.push(outcome))
    await lab.pass(1)
    error = Object.assign(new Error('answered 401'), { reason: 'misconfigured' })
    await lab.pass(10)
    const down = { reason: 'misconfigured', detail: 'answered 401' }
    expect(gate.status()).toMatchObject(down)
    expect(lab.lines('error')).toEqual([{ ...down, text: 'health gate stays down' }])
    expect(outcomes).toEqual(['failed', 'misconfigured', 'misconfigured'])
    error = undefined
    await lab.pass(5)
    error = Object.assign(new Error('answered 404'), { reason: 'misconfigured' })
    await lab.pass(5)
    expect(lab.lines('error').at(-1)).toEqual({ ...down, detail: 'answered 404', text: 'health gate down' })
  })

  test('a gate that is up already announces at once', async () => {
    const lab = new Lab()
    const router = lab.router()
    const gate = new Service().gate(lab)
    const announcer = lab.announcer()
    await lab.pass(60)
    expect(gate.up).toBe(true)
    announcer.announce(VIP, { gate })
    await lab.pass(0)
    expect(router.times).toEqual([60])
  })

  test('a gate drives several announcements, and none that was withdrawn', async () => {
    const lab = new Lab()
    const router = lab.router()
    const service = new Service()
    const gate = service.gate(lab)
    const announcer = lab.announcer({ maxPrefixes: 2 })
    const first = announcer.announce(VIP, { gate })
    announcer.announce(OTHER, { gate })
    await lab.pass(5)
    first.withdraw()
    await lab.pass(5)
    expect(Object.keys(router.table)).toEqual([OTHER])
    service.isHealthy = false
    await lab.pass(15)
    expect(router.table).toEqual({})
    expect(gate.listenerCount('up')).toBe(1)
    void announcer.drain()
    expect(gate.listenerCount('up') + gate.listenerCount('down')).toBe(0)
  })

  test('a gate whose check hangs withdraws the route', async () => {
    const lab = new Lab()
    const router = lab.router()
    const service = new Service()
    const announcer = lab.announcer()
    announcer.announce(VIP, { gate: service.gate(lab) })
    await lab.pass(12)
    service.hangs = true
    await lab.pass(50)
    expect(router.times).toEqual([10, 28]) // three timeouts of 3 s, at 18, 23 and 28
    expect(service.running, 'one check at a time').toBe(1)
    expect(service.most).toBe(1)
  })

  test('a gate abandons a check that never ends, and goes up again', async () => {
    const lab = new Lab()
    const router = lab.router()
    const service = new Service()
    const announcer = lab.announcer()
    announcer.announce(VIP, { gate: service.gate(lab) })
    await lab.pass(12)
    service.hangs = true
    await lab.pass(28)
    service.hangs = false
    await lab.pass(60)
    expect(router.times).toEqual([10, 28, 80]) // overdue at 18, given up at 70, and three checks pass
    service.hangs = true
    await lab.pass(500)
    expect(service.running, 'what never ends is held once in ten intervals').toBeLessThanOrEqual(11)
  })

  test('a gate of a stopped process withdraws before KEEPALIVE, and needs rise again', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    announcer.announce(VIP, { gate: new Service().gate(lab) })
    await lab.pass(39) // a keepalive is due at 40
    router.types.length = 0
    lab.clock.suspend(30)
    await lab.pass(0)
    expect(router.types).toEqual(['update'])
    expect(router.table).toEqual({})
    expect(announcer.status().withheld).toEqual({
      [VIP]: { reason: 'unhealthy', detail: 'health: no check has ended for 20 s' },
    })
    await lab.pass(9.999)
    expect(router.table).toEqual({})
    await lab.pass(0.001)
    expect(router.table).toHaveProperty(VIP)
  })

  test('a gate that was never up causes no withdrawn event', async () => {
    const lab = new Lab()
    lab.router()
    const service = new Service()
    service.isHealthy = false
    using gate = service.gate(lab)
    const announcer = lab.announcer()
    const events = lab.events(announcer)
    const announcement = announcer.announce(VIP, { gate })
    await lab.pass(60)
    announcement.withdraw()
    await lab.pass(1)
    announcer.announce(VIP, { gate })
    announcer.stop()
    await lab.pass(5)
    expect(events).toEqual([])
  })

  test('a gate that flaps is held down, and has the end in its status', async () => {
    const lab = new Lab()
    const router = lab.router()
    const service = new Service()
    const gate = service.gate(lab, { rise: 1, fall: 1 })
    const announcer = lab.announcer()
    announcer.announce(VIP, { gate })
    for (let i = 0; i < 3; i++) {
      service.isHealthy = true
      await lab.pass(40)
      service.isHealthy = false
      await lab.pass(40)
    }
    service.isHealthy = true
    const closed = router.times.at(-1)!
    expect(gate.status()).toMatchObject({
      up: false,
      reason: 'check-failed',
      detail: 'refused',
      heldFor: closed + 300 - 240,
    })
    await lab.pass(5)
    const { reason, detail = '' } = gate.status()
    expect(reason).toBe('held-down')
    expect(detail, 'the service is healthy').toMatch(/^held down until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const until = Date.parse(detail.replace('held down until ', ''))
    expect(Math.abs(until - (Date.now() + 300_000)), 'by the wall clock, which did not pass').toBeLessThan(60_000)
    expect(announcer.status().withheld).toEqual({ [VIP]: { reason: 'unhealthy', detail: `health: ${detail}` } })
    service.isHealthy = false
    await lab.pass(5)
    expect(gate.status().detail).toBe('refused')
    service.isHealthy = true
    await lab.pass(600)
    expect(router.times).toHaveLength(7)
    expect(router.times.at(-1)).toBeGreaterThanOrEqual(closed + 300)
    expect(router.times.at(-1)).toBeLessThanOrEqual(closed + 305)
  })

  test('a gate and a lease together must both hold', async () => {
    const lab = new Lab()
    const router = lab.router()
    const service = new Service()
    const announcer = lab.announcer()
    const announcement = announcer.announce(VIP, { gate: service.gate(lab), ttl: 15 })
    await lab.pass(12)
    expect(router.times).toEqual([10])
    expect(announcer.status().leases).toEqual({ [VIP]: 3 })
    await lab.pass(28)
    expect(router.times).toEqual([10, 15])
    announcement.renew()
    await lab.pass(0)
    expect(router.times).toEqual([10, 15, 40])
    service.isHealthy = false
    await lab.pass(10)
    announcement.renew()
    await lab.pass(10)
    expect(router.times).toEqual([10, 15, 40, 55])
    announcement.renew()
    await lab.pass(10)
    expect(announcer.status().withheld).toEqual({
      [VIP]: { reason: 'unhealthy', detail: 'health: refused (3 checks in a row)' },
    })
  })

  test('stop() withdraws the route, aborts the check, and leaves no timer', async () => {
    const lab = new Lab()
    const router = lab.router()
    const service = new Service()
    const gate = service.gate(lab)
    const announcer = lab.announcer()
    announcer.announce(VIP, { gate })
    await lab.pass(12)
    service.hangs = true
    await lab.pass(3)
    const timers = lab.clock.pendingTimers
    gate.stop()
    gate.stop()
    await lab.pass(0)
    expect(router.table).toEqual({})
    expect(service.aborted).toBe(1)
    expect(lab.clock.pendingTimers).toBeLessThan(timers)
    expect(gate.status()).toEqual({ up: false, streak: 0, reason: 'stopped', detail: 'the health gate was stopped' })
  })

  test('a listener of a gate may stop it', async () => {
    const lab = new Lab()
    lab.router()
    const service = new Service()
    const gate = service.gate(lab, { rise: 1 })
    gate.on('up', () => gate.stop())
    await lab.pass(60)
    expect(service.checks).toBe(1)
    expect(gate.up).toBe(false)
  })
})

describe('the results of single checks', () => {
  test('checked has the duration, and is emitted once for a check that hangs', async () => {
    const lab = new Lab()
    const { gate, events, service } = watched(lab)
    await lab.pass(1)
    service.isHealthy = false
    await lab.pass(5)
    service.hangs = true
    await lab.pass(30)
    expect(events).toEqual(['passed 0', 'failed 0', 'timeout 3'])
    gate.stop()
  })

  test('checked is not emitted for a check that stop() aborted', async () => {
    const lab = new Lab()
    const { gate, events, service } = watched(lab)
    service.hangs = true
    await lab.pass(6)
    gate.stop()
    await lab.pass(60)
    expect(events).toEqual(['passed 0'])
  })

  test('a late answer counts as a timeout, even if the process was stopped', async () => {
    const lab = new Lab()
    let answer = (): void => {}
    const { events } = watched(lab, { check: () => new Promise<void>(done => (answer = done)) })
    lab.clock.suspend(4)
    answer()
    await lab.pass(0)
    expect(events).toEqual(['timeout 4'])
  })

  function watched(lab: Lab, options: object = {}): { gate: HealthGate; events: string[]; service: Service } {
    const service = new Service()
    const gate = service.gate(lab, options)
    const events: string[] = []
    gate.on('checked', ({ outcome, seconds }) => events.push(`${outcome} ${seconds}`))
    return { gate, events, service }
  }
})

describe('the options of a health gate', () => {
  test.each<[object, string]>([
    [{ interval: 0.9 }, 'interval: 0.9 is not allowed, it must be from 1 to 3600 seconds'],
    [{ timeout: 5 }, 'timeout: 5 is not allowed, it must be less than interval, 5 seconds'],
    [{ timeout: 0 }, 'timeout: 0 is not allowed'],
    [{ rise: 0 }, 'rise: 0 is not allowed, it must be from 1 to 100'],
    [{ fall: 1.5 }, 'fall: 1.5 is not allowed, it must be a whole number'],
    [{ ttl: 9 }, 'ttl: 9 is not allowed, it must be at least two intervals, 10 seconds'],
    [{ holdDown: { withdrawals: 1 } }, 'holdDown.withdrawals: 1 is not allowed'],
    [{ holdDown: { down: 1 } }, 'holdDown.down: no such option'],
    [{ holdDown: true }, 'holdDown: true is not allowed'],
    [{ risen: 1 }, 'risen: no such option, did you mean rise?'],
    [{ check: 'http://192.0.2.1' }, "check: 'http://192.0.2.1' is not allowed, it must be a function"],
  ])('a gate with the options %j is rejected', (options, message) => {
    const lab = new Lab()
    expect(() => new Service().gate(lab, options)).toThrow(message)
    expect(lab.clock.pendingTimers).toBe(0)
  })

  test('announce() rejects an object that is no gate, and leaves nothing behind', () => {
    const lab = new Lab()
    lab.router()
    const announcer = lab.announcer()
    const gate = { check: async () => {} } as unknown as HealthGate // a caller without types
    expect(() => announcer.announce(VIP, { gate })).toThrow(
      'gate.status: undefined is not allowed, it must be a method',
    )
    expect(announcer.status()).toMatchObject({ announcements: [], withheld: {} })
  })

  test('a long interval alone is accepted, and its defaults follow', async () => {
    const lab = new Lab()
    for (const interval of [1, 3, 60, 3600]) using(new Service().gate(lab, { interval }))
    expect(lab.clock.pendingTimers).toBe(0)
  })
})

describe("a gate of the caller's own", () => {
  class OwnGate extends EventEmitter {
    up = false
    status = () => (this.up ? { secondsLeft: 7 } : ({ withheld: 'gate-down', detail: 'not our turn' } as const))
  }
  test('a gate of the caller announces while it is up; it gives reason and lease', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    const gate = new OwnGate()
    announcer.announce(VIP, { gate })
    await lab.pass(1)
    expect(announcer.status().withheld).toEqual({ [VIP]: { reason: 'gate-down', detail: 'not our turn' } })
    gate.up = true
    gate.emit('up')
    await lab.pass(1)
    expect(announcer.status().leases).toEqual({ [VIP]: 7 })
    expect(Object.keys(router.table)).toEqual([VIP])
    gate.up = false
    gate.emit('down')
    await lab.pass(1)
    expect(router.table).toEqual({})
  })
})

function using(gate: HealthGate): void {
  gate[Symbol.dispose]()
}

/** The checked service: healthy, failing, or hanging. */
class Service {
  isHealthy = true
  hangs = false
  checks = 0
  running = 0
  most = 0
  aborted = 0

  gate(lab: Lab, options: Partial<HealthGateOptions> | object = {}): HealthGate {
    return new HealthGate({ check: signal => this.#check(signal), clock: lab.clock, log: lab.log, ...options })
  }
  async #check(signal: AbortSignal): Promise<void> {
    this.checks++
    this.most = Math.max(this.most, ++this.running)
    signal.addEventListener('abort', () => this.aborted++)
    if (this.hangs) await new Promise(() => {})
    this.running--
    if (!this.isHealthy) throw new Error('refused')
  }
}
