/** The shell of a health gate: what it logs, emits and has in its status, in virtual time. */
import { VirtualClock } from '@softspoken/session/testing'
import { describe, expect, it } from 'vitest'
import { HealthGate } from './gate.ts'
import type { HealthGateOptions } from './options.ts'

const held = { withdrawals: 2, within: 600, stayDown: 300 }

/** A gate whose checks the test answers, one by one: the default is every 5 s, for 3 s at most. */
class Bench {
  readonly clock = new VirtualClock()
  readonly lines: string[] = []
  readonly events: string[] = []
  readonly checks: { readonly pass: () => void; readonly fail: (error: unknown) => void }[] = []
  readonly gate: HealthGate

  constructor(options: Partial<HealthGateOptions> = {}) {
    const note = (level: string) => (fields: object, text: string) =>
      this.lines.push(`${level} ${text} ${JSON.stringify(fields)}`)
    this.gate = new HealthGate({
      check: () => new Promise<void>((pass, fail) => this.checks.push({ pass, fail })),
      clock: this.clock,
      log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
      rise: 1,
      fall: 1,
      ...options,
    })
    this.gate.on('checked', ({ outcome, seconds }) => this.events.push(`${outcome} ${seconds}`))
  }
  async pass(): Promise<this> {
    this.checks.at(-1)?.pass()
    await this.clock.advance(0)
    return this
  }
  async fail(error: unknown = new Error('refused')): Promise<this> {
    this.checks.at(-1)?.fail(error)
    await this.clock.advance(0)
    return this
  }
  async wait(seconds: number): Promise<this> {
    await this.clock.advance(seconds)
    return this
  }
  /** Each check passes at once, and the one at the end is not answered yet. */
  async passFor(seconds: number): Promise<this> {
    for (let left = seconds; left > 0; left -= 5) {
      await this.pass()
      await this.wait(5)
    }
    return this
  }
  /** Twice up and down, so that it is held down for 300 s from now on. */
  async flap(): Promise<this> {
    for (let i = 0; i < 2; i++) {
      await this.pass()
      await this.wait(5)
      await this.fail()
      await this.wait(5)
    }
    return this
  }
}

describe('the log of a gate', () => {
  it('up is logged without fields, down with its cause', async () => {
    const bench = await new Bench().pass()
    expect(bench.lines).toEqual(['info health gate up {}'])
    await bench.wait(5)
    await bench.fail()
    expect(bench.lines.slice(1)).toEqual(['warn health gate down {"reason":"check-failed","detail":"refused"}'])
  })
  it('down has the seconds for which the gate is held down', async () => {
    const bench = await new Bench({ holdDown: held }).flap()
    expect(bench.lines.at(-1)).toMatch(/^warn health gate down .*"heldFor":300}$/)
  })
  it('stop() of a gate that is up is no warning', async () => {
    const bench = await new Bench().pass()
    bench.gate.stop()
    expect(bench.lines.slice(1)).toEqual([
      'info health gate down {"reason":"stopped","detail":"the health gate was stopped"}',
    ])
  })
  it('stop() of a gate that has never been up logs nothing', () => {
    const bench = new Bench()
    bench.gate.stop()
    expect(bench.lines).toEqual([])
  })
})

describe('a check that ends late', () => {
  it('emits nothing, because its timeout was emitted', async () => {
    const bench = await new Bench().wait(3)
    await bench.pass()
    expect(bench.events).toEqual(['timeout 3'])
  })
  it('does not count after exactly the timeout', async () => {
    const bench = new Bench()
    bench.clock.suspend(3)
    await bench.pass()
    expect([bench.events, bench.gate.up]).toEqual([['timeout 3'], false])
  })
  it('does not count for the check that runs after it was abandoned', async () => {
    const bench = await new Bench().wait(54)
    expect(bench.checks).toHaveLength(1)
    await bench.wait(1) // ten intervals after its timeout, at the next turn
    expect(bench.checks).toHaveLength(2)
    bench.checks[0]?.pass()
    await bench.wait(0)
    expect(bench.gate.up).toBe(false)
    await bench.pass()
    expect(bench.gate.up).toBe(true)
  })
})

describe('stop()', () => {
  it('in a listener of down prevents the check that is due', async () => {
    const bench = await new Bench().pass()
    bench.gate.on('down', () => bench.gate.stop())
    bench.clock.suspend(30)
    await bench.wait(0)
    expect([bench.gate.up, bench.checks.length]).toEqual([false, 1])
  })
  it('ends a hold-down, so that the status has only that', async () => {
    const bench = await new Bench({ holdDown: held }).flap()
    await bench.pass()
    bench.gate.stop()
    expect(bench.gate.status()).toEqual({
      up: false,
      streak: 1,
      reason: 'stopped',
      detail: 'the health gate was stopped',
    })
  })
})

describe('the status of a gate that is held down', () => {
  it('has the same end until then', async () => {
    const bench = await new Bench({ holdDown: held }).flap()
    await bench.passFor(5)
    const { detail, heldFor } = bench.gate.status()
    expect([detail, heldFor]).toEqual([expect.stringMatching(/^held down until /), 290])
    await bench.passFor(100)
    expect(bench.gate.status()).toMatchObject({ reason: 'held-down', detail, heldFor: 190 })
  })
  it('has the last failure again at its end, until a check passes', async () => {
    const bench = await new Bench({ holdDown: held }).flap()
    await bench.passFor(295)
    expect(bench.gate.status()).toEqual({ up: false, streak: 59, reason: 'check-failed', detail: 'refused' })
    await bench.pass()
    expect(bench.gate.up).toBe(true)
  })
})
