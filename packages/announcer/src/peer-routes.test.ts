/** The routes of one peer over a session that is scripted: what it sends, reports and logs, and what a fault of ours changes. */
import { Session, type SessionEvents } from '@softspoken/session'
import { VirtualClock } from '@softspoken/session/testing'
import { endOfRib, type Family, type Prefix, routes, type Update } from '@softspoken/wire'
import { describe, expect, test, vi } from 'vitest'
import { type DesiredRoute, type Preference, resolve } from './advertise.ts'
import { hostRoute } from './host-route.ts'
import { PeerRoutes } from './peer-routes.ts'

const VIP = '198.51.100.10/32'
const OTHER = '198.51.100.11/32'
const VIP6 = '2001:db8::10/128'
const both: readonly Family[] = ['ipv4-unicast', 'ipv6-unicast']

describe('what one peer is sent', () => {
  test('a route is reported as sent, with nothing queued', () => {
    const { peer, sent } = stage()
    const desired = [route(VIP)]
    peer.reconcile(desired)
    expect(sent()).toEqual([VIP, 'end of ipv4-unicast', 'end of ipv6-unicast'])
    expect(peer.report(desired)).toEqual({ sent: [VIP], queued: {}, unsendable: {} })
  })

  test('a change that waits is reported with the seconds until it is sent', async () => {
    const { clock, peer } = stage()
    await clock.advance(100)
    peer.reconcile([route(VIP)])
    await clock.advance(10)
    const changed = [route(VIP, { med: 7 })]
    peer.reconcile(changed)
    expect(peer.report(changed).queued).toMatchObject({ [VIP]: { next: { med: 7 }, secondsLeft: 20 } })
  })

  test('nothing is sent to a session that has ended, although established comes now', () => {
    const { peer, session, sent } = stage()
    vi.spyOn(session, 'state', 'get').mockReturnValue('Idle')
    peer.reconcile([route(VIP)])
    expect([sent(), peer.report([route(VIP)]).sent]).toEqual([[], []])
  })

  test('a refresh sends the routes of its family alone', async () => {
    const { clock, peer, session, sent, resent } = stage()
    peer.reconcile([route(VIP)])
    await clock.advance(30)
    session.emit('refresh', { family: 'ipv4-unicast' })
    peer.reconcile([route(VIP), route(VIP6)])
    expect(resent()).toEqual([['ipv4-unicast', VIP]])
    expect(sent().slice(3)).toEqual([VIP6])
  })
})

describe('a fault of ours', () => {
  test('a refresh that cannot be sent makes its routes unsendable, and none sent', async () => {
    const { clock, peer, session, events } = stage()
    const desired = [route(VIP)]
    peer.reconcile(desired)
    await clock.advance(30)
    vi.spyOn(session, 'resend').mockImplementation(() => fail())
    session.emit('refresh', { family: 'ipv4-unicast' })
    peer.reconcile(desired)
    expect(events).toEqual([`sent ${VIP}`, `unsendable ${VIP}`])
    expect(peer.report(desired).unsendable).toEqual({ [VIP]: { reason: 'send-failed', detail: 'a fault of ours' } })
  })

  test('an End-of-RIB that cannot be sent makes no route unsendable', () => {
    const { peer, session } = stage()
    vi.spyOn(session, 'send').mockImplementation(() => fail())
    peer.reconcile([])
    expect(peer.report([])).toEqual({ sent: [], queued: {}, unsendable: {} })
  })

  test('any other error is logged once, and the peer is served again a second later', async () => {
    const { clock, peer, lines, sent, due, log } = stage()
    const desired = [route(VIP)]
    const sendable = vi.spyOn(peer.updates, 'sendable').mockImplementation(() => fail())
    log(peer.reconcile(desired))
    log(peer.reconcile(desired))
    const line = { peer: '192.0.2.254', reason: 'send-failed', detail: 'a fault of ours', text: 'route cannot be sent' }
    expect([lines, sent()]).toEqual([[{ level: 'error', ...line }], []])
    await clock.advance(10)
    expect(due).toEqual([1])
    sendable.mockRestore()
    peer.reconcile(desired)
    expect(sent()).toContain(VIP)
    vi.spyOn(peer.updates, 'sendable').mockImplementation(() => fail())
    log(peer.reconcile(desired))
    expect(
      lines.filter(({ level }) => level === 'error'),
      'a new error',
    ).toHaveLength(2)
  })

  test('a route whose UPDATE cannot be made is unsendable, and the others are sent', () => {
    const { peer, sent } = stage()
    const preference = {
      ...resolve({}),
      get med() {
        return fail()
      },
    }
    const desired = [{ route: hostRoute(OTHER), preference }, route(VIP)]
    peer.reconcile(desired)
    expect(sent()).toContain(VIP)
    expect(peer.report(desired)).toMatchObject({
      sent: [VIP],
      unsendable: { [OTHER]: { reason: 'send-failed', detail: 'a fault of ours' } },
    })
  })

  test('an announcer without a log survives the same', () => {
    const { peer, log } = stage({ hasLog: false })
    log(peer.reconcile([route(VIP), route('192.0.2.1/32')])) // a next hop of its own
    vi.spyOn(peer.updates, 'sendable').mockImplementation(() => fail())
    log(peer.reconcile([]))
    expect(peer.hasRoutes).toBe(true)
  })
})

describe('the log lines that a peer causes', () => {
  const levels = (lines: readonly Line[]) => lines.map(({ level }) => level)
  const many = (count: number, level: string) => Array(count).fill(level)

  test('sessions that come and go have 20 lines at once, then level debug', async () => {
    const { clock, peer, lines, log, up } = stage()
    log(peer.reconcile([route(VIP)]))
    for (let sessions = 1; sessions < 25; sessions++) {
      up()
      log(peer.reconcile([route(VIP)]))
    }
    expect(levels(lines)).toEqual([...many(20, 'info'), ...many(5, 'debug')])
    await clock.advance(6)
    up()
    log(peer.reconcile([route(VIP)]))
    expect(levels(lines).at(-1)).toBe('info')
  })

  test('a route that cannot be sent has level error, then debug', () => {
    const { peer, lines, log, up } = stage()
    const announced = [route('192.0.2.1/32')]
    log(peer.reconcile(announced))
    for (let sessions = 1; sessions < 25; sessions++) {
      up()
      log(peer.reconcile(announced))
    }
    expect(levels(lines)).toEqual([...many(20, 'error'), ...many(5, 'debug')])
  })

  test('a change of ours has level info, whatever the peer has caused', () => {
    const { peer, lines, log, up } = stage()
    for (let sessions = 0; sessions < 25; sessions++) {
      up()
      log(peer.reconcile([]))
    }
    log(peer.reconcile([route(VIP)]))
    expect(levels(lines)).toEqual(['info'])
  })

  test('answers to refreshes count among those of the peer', () => {
    const { peer, lines, log, up, session } = stage()
    for (let sessions = 0; sessions < 25; sessions++) {
      up()
      log(peer.reconcile([]))
    }
    session.emit('refresh', { family: 'ipv4-unicast' })
    log(peer.reconcile([route(VIP)]))
    expect(levels(lines)).toEqual(['debug'])
  })
})

// ---- the stage

interface Line {
  readonly level: string
  readonly text: string
  readonly [field: string]: unknown
}

/** An established session with a peer of both families, and its routes. */
function stage({ hasLog = true } = {}) {
  const clock = new VirtualClock()
  const session = new Session({
    local: { as: 65001, id: '192.0.2.9' },
    peer: { as: 65000, address: '192.0.2.254' },
    families: both,
    clock,
  })
  vi.spyOn(session, 'state', 'get').mockReturnValue('Established')
  const send = vi.spyOn(session, 'send').mockReturnValue()
  const resend = vi.spyOn(session, 'resend').mockReturnValue()
  const lines: Line[] = []
  const note = (level: string) => (fields: object, text: string) => void lines.push({ level, text, ...fields })
  const events: string[] = []
  const due: number[] = []
  const peer = new PeerRoutes(session, {
    due: () => due.push(clock.now() / 1000),
    emit: (name, { prefix }) => void events.push(`${name} ${prefix}`),
    nextHop: { ipv4: '192.0.2.1', ipv6: '2001:db8:1::1' },
    advertisementInterval: undefined,
    clock,
    log: hasLog ? { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') } : undefined,
  })
  const negotiated: SessionEvents['established'][0]['negotiated'] = {
    holdTime: 90,
    families: both,
    fourOctetAs: true,
    routeRefresh: true,
    enhancedRouteRefresh: false,
    extendedNextHop: false,
    extendedMessage: false,
    endOfRib: true,
    gracefulRestart: false,
    hardReset: false,
    peerId: '192.0.2.254',
  }
  const up = (): void => {
    session.emit('down', { reason: 'reset', detail: 'reset', from: 'Established', retryIn: 0 } as never) // nothing of it is read
    session.emit('established', { negotiated })
  }
  up()
  due.length = 0
  return {
    ...{ clock, session, peer, lines, events, due, up },
    sent: () => send.mock.calls.map(([update]) => textOf(update)),
    resent: () => resend.mock.calls.map(([family, updates]) => [family, ...updates.map(textOf)]),
    log: (calls: readonly (() => void)[]) => {
      for (const call of calls) call()
    },
  }
}
function route(prefix: Prefix, preference: Preference = {}): DesiredRoute {
  return { route: hostRoute(prefix), preference: resolve(preference) }
}
function textOf(update: Update): string {
  const { announced, withdrawn } = routes(update)
  const end = endOfRib(update)
  return [
    ...announced.map(({ prefix }) => prefix),
    ...withdrawn.map(prefix => `no ${prefix}`),
    ...(end === undefined ? [] : [`end of ${end}`]),
  ].join()
}
function fail(): never {
  throw new Error('a fault of ours')
}
