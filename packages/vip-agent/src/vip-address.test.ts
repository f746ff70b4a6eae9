import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { VipAddress, type VipInterface } from './vip-address.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** Advances the clock. */
function pass(seconds: number): Promise<unknown> {
  return vi.advanceTimersByTimeAsync(seconds * 1000)
}

/** An address, the calls of its interface, and the failures that removeAfter() reported. */
function make(given: Partial<VipInterface> = {}) {
  const calls: string[] = []
  const failures: unknown[] = []
  const address = new VipAddress(
    {
      add: async () => {
        calls.push('add')
        await given.add?.()
      },
      remove: async () => {
        calls.push('remove')
        await given.remove?.()
      },
    },
    reason => failures.push(reason),
  )
  return { address, calls, failures }
}
const never = () => new Promise<void>(() => {})

describe('the VIP', () => {
  it('the VIP is added once for several calls of add()', async () => {
    const { address, calls } = make()
    await Promise.all([address.add(), address.add()])
    await address.add()
    expect(calls).toEqual(['add'])
  })
  it('add() resolves after the interface has added the VIP', async () => {
    let done = () => {}
    const { address } = make({ add: () => new Promise(resolve => (done = resolve)) })
    let isAdded = false
    void address.add().then(() => (isAdded = true))
    await pass(1)
    expect(isAdded).toBe(false)
    done()
    await pass(0)
    expect(isAdded).toBe(true)
  })
  it('removeAfter() removes the VIP after its time and not before', async () => {
    const { address, calls } = make()
    await address.add()
    address.removeAfter(3)
    await pass(2.9)
    expect(calls).toEqual(['add'])
    await pass(0.1)
    expect(calls).toEqual(['add', 'remove'])
  })
  it('add() before that time cancels the removal', async () => {
    const { address, calls } = make()
    await address.add()
    address.removeAfter(3)
    await pass(2)
    await address.add()
    await pass(60)
    expect(calls).toEqual(['add'])
  })
  it('add() cancels the removal after two calls of removeAfter()', async () => {
    const { address, calls } = make()
    await address.add()
    address.removeAfter(3)
    address.removeAfter(3)
    await address.add()
    await pass(60)
    expect(calls).toEqual(['add'])
  })
  it('a second removeAfter() does not delay the removal', async () => {
    const { address, calls } = make()
    await address.add()
    address.removeAfter(3)
    await pass(2)
    address.removeAfter(3)
    await pass(1)
    expect(calls).toEqual(['add', 'remove'])
    await pass(60)
    expect(calls).toEqual(['add', 'remove'])
  })
  it('a VIP that was never added is not removed', async () => {
    const { address, calls } = make()
    address.removeAfter(0)
    await pass(1)
    await address.remove()
    expect(calls).toEqual([])
  })
  it('steps run in the order of the calls', async () => {
    const { address, calls } = make({ add: () => new Promise(done => setTimeout(done, 1000)) })
    const all = [address.add(), address.remove(), address.add()]
    await pass(3)
    await Promise.all(all)
    expect(calls).toEqual(['add', 'remove', 'add'])
  })
})

describe('an interface that fails', () => {
  const ways: [string, () => Promise<void>, string][] = [
    ['rejects', () => Promise.reject(new Error('no such device')), 'no such device'],
    [
      'throws',
      () => {
        throw new Error('no such device')
      },
      'no such device',
    ],
    ['never answers', never, 'did not end within 5 s'],
  ]
  it.each(ways)('an add() that %s makes the step reject, and remove() still runs', async (_, add, message) => {
    const { address, calls } = make({ add })
    const added = expect(address.add()).rejects.toThrow(message)
    await pass(5)
    await added
    await address.remove()
    expect(calls).toEqual(['add', 'remove'])
  })
  it.each(ways)('a remove() that %s is reported, and the next remove() runs again', async (_, remove, message) => {
    let isBroken = true
    const { address, calls, failures } = make({ remove: () => (isBroken ? remove() : Promise.resolve()) })
    await address.add()
    address.removeAfter(1)
    await pass(6)
    expect(failures.map(String)).toEqual([expect.stringContaining(message)])
    isBroken = false
    await address.remove()
    expect(calls).toEqual(['add', 'remove', 'remove'])
  })
  it('an interface that never answers delays the next step by 5 s', async () => {
    const { address, calls } = make({ remove: never })
    await address.add()
    const removed = expect(address.remove()).rejects.toThrow('interface.remove() did not end within 5 s')
    const added = address.add()
    await pass(5)
    await removed
    await added
    expect(calls).toEqual(['add', 'remove', 'add'])
  })
  it('no timer is left after add() and remove()', async () => {
    const { address } = make()
    await address.add()
    await address.remove()
    expect(vi.getTimerCount()).toBe(0)
  })
  it.each([undefined, null, true, {}, { add: async () => {} }, { add: async () => {}, remove: 'x' }])(
    'an interface that is %j is rejected with an OptionError',
    given => {
      expect(() => new VipAddress(given as VipInterface, () => {})).toThrow(
        /^interface(\.\w+)?: .+ is not allowed, it must be (an object with the methods add and remove|a method)$/,
      )
    },
  )
})
