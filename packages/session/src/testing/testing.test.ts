import { describe, expect, it } from 'vitest'
import { Session } from '../session.ts'
import { dialTo, ScriptedPeer, VirtualClock } from './index.ts'

describe('VirtualClock', () => {
  it('VirtualClock runs each timer at its time, and equal times in the order set', async () => {
    const clock = new VirtualClock()
    const ran: [string, number][] = []
    const note = (name: string) => () => void ran.push([name, clock.now()])
    clock.setTimeout(note('c'), 2000)
    clock.setTimeout(() => void clock.setTimeout(note('b'), 500), 1000)
    clock.setTimeout(note('a'), 1000)
    clock.clearTimeout(clock.setTimeout(note('cancelled'), 1))
    await clock.advance(1.75)
    expect([ran, clock.now(), clock.pendingTimers]).toEqual([
      [
        ['a', 1000],
        ['b', 1500],
      ],
      1750,
      1,
    ])
    await clock.advance(0.25)
    expect(ran.at(-1)).toEqual(['c', 2000])
  })
  it('VirtualClock runs overdue timers late after suspend()', async () => {
    const clock = new VirtualClock()
    const ran: number[] = []
    clock.setTimeout(() => ran.push(clock.now()), 1000)
    clock.suspend(60)
    expect(ran).toEqual([])
    await clock.advance(0)
    expect(ran).toEqual([60_000])
  })
})

describe('VirtualClock and timers without end', () => {
  it('advance() rejects if a timer sets itself again without a delay', async () => {
    const clock = new VirtualClock()
    const again = (): unknown => clock.setTimeout(again, 0)
    clock.setTimeout(again, 2000)
    await expect(clock.advance(5)).rejects.toThrow('timers run without end at 2 s')
  })
  it('advance() runs as many timers as are due, if time passes between them', async () => {
    const clock = new VirtualClock()
    let runs = 0
    const again = (): unknown => (++runs < 10_100 ? clock.setTimeout(again, 1) : undefined)
    again()
    await clock.advance(11)
    expect(runs).toBe(10_100)
  })
})

describe('VirtualClock and its arguments', () => {
  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, '5'])('advance() and suspend() reject %s', async seconds => {
    const clock = new VirtualClock()
    const rejected = expect.objectContaining({ name: 'OptionError', option: 'seconds', value: seconds })
    await expect(clock.advance(seconds as number)).rejects.toEqual(rejected)
    expect(() => clock.suspend(seconds as number)).toThrow(rejected)
    expect(clock.now()).toBe(0)
  })
})

describe('ScriptedPeer', () => {
  it.each<[option: string, options: object, allowed: string]>([
    ['adress', { adress: '192.0.2.7' }, 'one of clock, as, address, localAddress, open'],
    ['clock', { clock: undefined }, 'an object with the methods now, setTimeout and clearTimeout'],
    ['clock.now', { clock: {} }, 'a method'],
    ['as', { as: 0 }, 'from 1 to 4294967295'],
    ['address', { address: 7 }, 'a string'],
    ['address', { address: '192.0.2' }, 'an IPv4 or IPv6 address'],
    ['localAddress', { localAddress: 'eth0' }, 'an IPv4 or IPv6 address'],
    ['open', { open: 'holdTime' }, 'an object with fields of an OPEN'],
  ])('ScriptedPeer rejects a wrong option %s: %o', (option, wrong, allowed) => {
    const options = { clock: new VirtualClock(), as: 65000, ...wrong }
    expect(() => new ScriptedPeer(options)).toThrow(expect.objectContaining({ name: 'OptionError', option, allowed }))
  })
  it('connect() rejects what is no session', () => {
    const peer = new ScriptedPeer({ clock: new VirtualClock(), as: 65000 })
    expect(() => peer.connect({} as Session)).toThrow(
      expect.objectContaining({ name: 'OptionError', option: 'session.accept' }),
    )
    expect(peer.connections).toEqual([])
  })
  it('ScriptedPeer has one spelling of its address, which dialTo() finds', () => {
    const peer = new ScriptedPeer({ clock: new VirtualClock(), as: 65000, address: '2001:DB8:0::7' })
    expect(peer.peer).toEqual({ as: 65000, address: '2001:db8::7' })
  })
  it('ScriptedPeer keeps a session for a day, with the addresses of both ends', async () => {
    const { session, clock } = await established()
    await clock.advance(86_400)
    expect(session.state).toBe('Established')
    expect(session.status().counters.dials).toBe(1)
    expect(session.status().local).toMatchObject({ address: '192.0.2.1' })
  })
  it('ScriptedPeer has the routes that its current connection has received', async () => {
    const { session, peer, clock } = await established()
    const attributes = { origin: 'igp', asPath: [], nextHop: '192.0.2.1' } as const
    session.send({ type: 'update', withdrawn: [], attributes, announced: ['198.51.100.1/32', '198.51.100.2/32'] })
    session.send({ type: 'update', withdrawn: ['198.51.100.1/32'], attributes: {}, announced: [] })
    await clock.advance(0)
    expect([...peer.routes]).toEqual([['198.51.100.2/32', { nextHop: '192.0.2.1', attributes }]])
    peer.close()
    await clock.advance(0)
    expect(peer.routes.size).toBe(0)
  })
  it('ScriptedPeer lets the hold timer expire if replies is false', async () => {
    const { session, peer, clock } = await established()
    peer.replies = false
    await clock.advance(89)
    expect(session.state).toBe('Established')
    await clock.advance(1)
    expect([session.state, peer.connection.notification]).toMatchObject(['Idle', { code: 4, subcode: 0 }])
    expect(peer.connection.closed).toBe(true)
  })
  it('ScriptedPeer refuses and ignores dials if onDial returns that, and counts them', async () => {
    const { session, peer, clock } = stage()
    peer.onDial = 'refuse'
    session.start()
    await clock.advance(0)
    expect([session.state, peer.dials]).toEqual(['Idle', 1])
    peer.onDial = 'ignore'
    await clock.advance(5)
    expect([session.state, peer.dials]).toEqual(['Connect', 2])
    expect(() => peer.connection).toThrow('the scripted peer 192.0.2.254 has no connection yet')
  })
  it('ScriptedPeer dials a passive session, and sends what the test sends', async () => {
    const { session, peer, clock } = stage({ passive: true })
    session.start()
    peer.connect(session)
    await clock.advance(0)
    expect(session.state).toBe('Established')
    peer.send({ type: 'notification', code: 6, subcode: 4, data: new Uint8Array() })
    await clock.advance(0)
    expect(session.state).toBe('Idle')
    expect(peer.received.map(({ type }) => type)).toEqual(['open', 'keepalive'])
  })
  it('ScriptedPeer takes LOCAL_PREF from an internal peer', async () => {
    const { session, peer, clock } = await established({ as: 65001 })
    const attributes = { origin: 'igp', asPath: [], nextHop: '192.0.2.1', localPref: 200 } as const
    session.send({ type: 'update', withdrawn: [], attributes, announced: ['198.51.100.1/32'] })
    await clock.advance(0)
    expect(peer.routes.get('198.51.100.1/32')?.attributes.localPref).toBe(200)
  })
  it('ScriptedPeer leaves no timer behind when the session has stopped', async () => {
    const { session, clock } = await established()
    const stopped = session.stop()
    await clock.advance(2)
    await stopped
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('dialTo()', () => {
  it('dialTo() dials the peer with the address, and fails if no peer has it', () => {
    const clock = new VirtualClock()
    const [one, other] = ['192.0.2.7', '2001:db8::7'].map(address => new ScriptedPeer({ clock, as: 65000, address }))
    const session = new Session({ local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65000, address: '2001:db8::7' } })
    dialTo(one!, other!)(session.config)
    expect([one!.dials, other!.dials]).toEqual([0, 1])
    expect(() => dialTo(one!)(session.config)).toThrow('no scripted peer has the address 2001:db8::7')
  })
})

function stage({ as = 65000, passive = false } = {}) {
  const clock = new VirtualClock()
  const peer = new ScriptedPeer({ clock, as })
  const session = new Session({
    local: { as: 65001, id: '192.0.2.1' },
    peer: peer.peer,
    passive,
    clock,
    random: () => 1,
    dial: peer.dial,
  })
  return { clock, peer, session }
}
async function established(options: { readonly as?: number } = {}) {
  const result = stage(options)
  result.session.start()
  await result.clock.advance(0)
  expect(result.session.state).toBe('Established')
  return result
}
