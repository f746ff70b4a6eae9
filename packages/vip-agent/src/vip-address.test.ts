import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Address, type Interface } from './address.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** Seconds go by. */
function pass(seconds: number): Promise<unknown> {
  return vi.advanceTimersByTimeAsync(seconds * 1000)
}

/** What was done to the interface, and what leave() said. */
function make(given: Partial<Interface> = {}) {
  const story: string[] = []
  const failures: unknown[] = []
  const address = new Address(
    {
      add: async () => {
        story.push('add')
        await given.add?.()
      },
      remove: async () => {
        story.push('remove')
        await given.remove?.()
      },
    },
    why => failures.push(why),
  )
  return { address, story, failures }
}
const never = () => new Promise<void>(() => {})

describe('the address', () => {
  it('is added once, however often it is taken', async () => {
    const { address, story } = make()
    await Promise.all([address.take(), address.take()])
    await address.take()
    expect(story).toEqual(['add'])
  })
  it('is there before take() resolves', async () => {
    let done = () => {}
    const { address } = make({ add: () => new Promise(resolve => (done = resolve)) })
    let isThere = false
    void address.take().then(() => (isThere = true))
    await pass(1)
    expect(isThere).toBe(false)
    done()
    await pass(0)
    expect(isThere).toBe(true)
  })
  it('goes after the time that leave() is given, and not before', async () => {
    const { address, story } = make()
    await address.take()
    address.leave(3)
    await pass(2.9)
    expect(story).toEqual(['add'])
    await pass(0.1)
    expect(story).toEqual(['add', 'remove'])
  })
  it('stays if it is taken before that time is over', async () => {
    const { address, story } = make()
    await address.take()
    address.leave(3)
    await pass(2)
    await address.take()
    await pass(60)
    expect(story).toEqual(['add'])
  })
  it('stays if it is taken after leave() was called twice', async () => {
    const { address, story } = make()
    await address.take()
    address.leave(3)
    address.leave(3)
    await address.take()
    await pass(60)
    expect(story).toEqual(['add'])
  })
  it('goes at the time of the first leave(), not of the second', async () => {
    const { address, story } = make()
    await address.take()
    address.leave(3)
    await pass(2)
    address.leave(3)
    await pass(1)
    expect(story).toEqual(['add', 'remove'])
    await pass(60)
    expect(story).toEqual(['add', 'remove'])
  })
  it('is not removed if it never was there', async () => {
    const { address, story } = make()
    address.leave(0)
    await pass(1)
    await address.drop()
    expect(story).toEqual([])
  })
  it('is added and removed in the order of the calls', async () => {
    const { address, story } = make({ add: () => new Promise(done => setTimeout(done, 1000)) })
    const all = [address.take(), address.drop(), address.take()]
    await pass(3)
    await Promise.all(all)
    expect(story).toEqual(['add', 'remove', 'add'])
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
  it.each(ways)('and %s at add() makes take() reject, and the address is removed at the end', async (_, add, why) => {
    const { address, story } = make({ add })
    const taken = expect(address.take()).rejects.toThrow(why)
    await pass(5)
    await taken
    await address.drop()
    expect(story).toEqual(['add', 'remove'])
  })
  it.each(ways)('and %s at remove() is told to leave(), and removal is tried again', async (_, remove, why) => {
    let isBroken = true
    const { address, story, failures } = make({ remove: () => (isBroken ? remove() : Promise.resolve()) })
    await address.take()
    address.leave(1)
    await pass(6)
    expect(failures.map(String)).toEqual([expect.stringContaining(why)])
    isBroken = false
    await address.drop()
    expect(story).toEqual(['add', 'remove', 'remove'])
  })
  it('and does not answer holds up the next step for 5 s at most', async () => {
    const { address, story } = make({ remove: never })
    await address.take()
    const dropped = expect(address.drop()).rejects.toThrow('interface.remove() did not end within 5 s')
    const taken = address.take()
    await pass(5)
    await dropped
    await taken
    expect(story).toEqual(['add', 'remove', 'add'])
  })
  it('leaves no timer behind', async () => {
    const { address } = make()
    await address.take()
    await address.drop()
    expect(vi.getTimerCount()).toBe(0)
  })
  it.each([undefined, null, true, {}, { add: async () => {} }, { add: async () => {}, remove: 'x' }])(
    'is refused if it is %j',
    given => {
      expect(() => new Address(given as Interface, () => {})).toThrow(
        /^interface\.\w+ is not allowed, it must be a function$/,
      )
    },
  )
})
