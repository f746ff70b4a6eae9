/** What send(), resend() and stop() refuse or accept of their caller, and what the peer then receives. */
import { Session } from '@softspoken/session'
import { openMessage, VirtualClock } from '@softspoken/session/testing'
import { shutdownText, type Update } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { established, options, scripted, withdrawal } from './session-helpers.ts'

describe('send() and resend()', () => {
  it.each<[unknown, string]>([
    [undefined, 'update: undefined is not allowed, it must be an UPDATE'],
    [[withdrawal], 'update: '],
    [{ type: 'open' }, "update.type: 'open' is not allowed, it must be 'update'"],
  ])('send() rejects %j, and the peer receives nothing', async (update, message) => {
    const { session, clock, peer } = await established()
    expect(() => session.send(update as Update)).toThrow(message)
    await clock.advance(0)
    expect([session.state, peer().types]).toEqual(['Established', ['open', 'keepalive']])
  })
  it.each<[unknown, unknown, string]>([
    ['ipv5-unicast', [], "family: 'ipv5-unicast' is not allowed, it must be one of ipv4-unicast, ipv6-unicast"],
    ['toString', [], 'family: '],
    [['ipv4-unicast'], [], 'family: '],
    ['ipv4-unicast', withdrawal, 'updates: '],
    ['ipv4-unicast', [withdrawal, null], 'updates[1]: null is not allowed, it must be an UPDATE'],
    ['ipv4-unicast', [withdrawal, { type: 'open' }], "updates[1].type: 'open' is not allowed, it must be 'update'"],
  ])('resend() rejects %j with %j, and the peer receives nothing', async (family, updates, message) => {
    const { session, clock, peer } = await established()
    expect(() => session.resend(family as 'ipv4-unicast', updates as Update[])).toThrow(message)
    await clock.advance(0)
    expect([session.state, peer().types]).toEqual(['Established', ['open', 'keepalive']])
  })
  it.each(['send', 'resend'] as const)('%s() of more than one message holds throws, and sends nothing', async call => {
    const { session, clock, peer } = await established()
    const withdrawn = Array.from({ length: 1000 }, (_, at) => `10.${at >> 8}.${at & 255}.0/24`)
    const update: Update = { ...withdrawal, withdrawn: [...withdrawn, ...withdrawn] }
    const run = () => (call === 'send' ? session.send(update) : session.resend('ipv4-unicast', [withdrawal, update]))
    expect(run).toThrow('update length')
    await clock.advance(0)
    expect([session.state, peer().types]).toEqual(['Established', ['open', 'keepalive']])
  })
  it('resend() sends the UPDATEs that it is given', async () => {
    const { session, clock, peer } = await established()
    session.resend('ipv4-unicast', [withdrawal, withdrawal])
    await clock.advance(0)
    expect(peer().types).toEqual(['open', 'keepalive', 'update', 'update'])
  })
  it('a session that is not established sends nothing, and has no backlog', async () => {
    const { session, clock, peer } = scripted()
    await clock.advance(0)
    peer().send(openMessage(65002))
    await clock.advance(0)
    expect(() => session.send(withdrawal)).toThrow('cannot send in OpenConfirm')
    expect(() => session.resend('ipv4-unicast', [])).toThrow('cannot send in OpenConfirm')
    expect(new Session({ ...options, clock: new VirtualClock() }).backlogged).toBe(false)
  })
})

describe('stop()', () => {
  it.each<[unknown, string | undefined]>([
    ['maintenance', 'maintenance'],
    [undefined, undefined],
    [7, '7'],
    [['x'], 'a list'],
  ])('stop(%j) has the text %j in its Cease (RFC 9003)', async (text, expected) => {
    const { session, clock, peer } = await established()
    const stopped = session.stop(text as string, null as never) // a caller without types
    await clock.advance(1)
    await stopped
    expect(peer().notification).toMatchObject({ code: 6, subcode: 2 })
    expect(shutdownText(peer().notification!)).toBe(expected)
  })
})
