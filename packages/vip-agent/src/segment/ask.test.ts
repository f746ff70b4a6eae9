import type { SegmentClaim } from '@softspoken/linux'
import { VirtualClock } from '@softspoken/session/testing'
import { expect, it } from 'vitest'
import { type AskCalls, askSegment } from './ask.ts'

const MAC = '02:00:5e:00:00:01'
const VIP = Uint8Array.of(203, 0, 113, 100)
const claim = (mac: string, kind: SegmentClaim['kind'] = 'claim'): SegmentClaim => ({ address: VIP, mac, kind })

/** Asks for 203.0.113.100 on a host with eth0, whose socket receives these. */
async function ask(claims: readonly SegmentClaim[], own: readonly object[] = []) {
  const clock = new VirtualClock()
  const sent: number[] = []
  let isOpen = false
  const node = { interface: 'eth0', address: Uint8Array.of(203, 0, 113, 1), prefixLength: 24 }
  const waiting = [...claims]
  const calls: AskCalls = {
    listInterfaces: () => [{ index: 7, name: 'eth0', mac: MAC, up: true, carrier: true }] as never, // what is read
    listAddresses: () => [node, ...own] as never,
    open: () => {
      isOpen = true
      return {
        send: () => void sent.push(clock.now()),
        receive: () => (sent.length === 0 ? [] : waiting.splice(0)),
        close: () => (isOpen = false),
      }
    },
  }
  const asked = askSegment('203.0.113.100', 'auto', calls, clock)
  await clock.advance(2)
  const start = sent[0] ?? 0
  return { answers: await asked, sent: sent.map(at => at - start), isOpen }
}

it('two probes are sent, and who answers is listed once', async () => {
  const other = '02:00:5e:00:00:02'
  const { answers, sent, isOpen } = await ask([claim(other), claim(other), claim('02:00:5e:00:00:03', 'probe')])
  expect(answers).toEqual({ interface: 'eth0', answers: [{ mac: other, after: 10 }] })
  expect([sent, isOpen]).toEqual([[0, 50], false])
})
it('without an answer the list is empty', async () => {
  expect((await ask([])).answers).toEqual({ interface: 'eth0', answers: [] })
})
it('an address that this host has itself is named', async () => {
  const own = { interface: 'lo', address: VIP, prefixLength: 32 }
  expect((await ask([], [own])).answers.own).toBe('lo')
})
it('the loopback is no interface to ask on', async () => {
  const loopback = { index: 1, name: 'lo', mac: '00:00:00:00:00:00', up: true, carrier: true, loopback: true }
  const calls: AskCalls = {
    listInterfaces: () => [loopback] as never, // what is read
    listAddresses: () => [],
    open: () => expect.unreachable(),
  }
  await expect(askSegment('203.0.113.100', 'lo', calls)).rejects.toThrow('lo is no Ethernet interface')
})
