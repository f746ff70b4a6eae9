import { arpProbe, neighborProbe, type SegmentClaim } from '@softspoken/linux'
import { VirtualClock } from '@softspoken/session/testing'
import { parseAddress } from '@softspoken/wire'
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
it.each([
  ['the loopback', { mac: '00:00:00:00:00:00', loopback: true }],
  ['a tunnel', { mac: MAC, noArp: true }],
  ['an interface without a MAC address', {}],
])('%s is no interface to ask on', async (_, given) => {
  const calls: AskCalls = {
    listInterfaces: () => [{ index: 1, name: 'eth1', up: true, carrier: true, ...given }] as never, // what is read
    listAddresses: () => [],
    open: () => expect.unreachable(),
  }
  await expect(askSegment('203.0.113.100', 'eth1', calls)).rejects.toThrow('eth1 is no Ethernet interface')
})

/** Asks for this address on eth0, with this socket. */
async function askWith(address: string, socket: ReturnType<AskCalls['open']>) {
  const clock = new VirtualClock()
  const opened: unknown[] = []
  const calls: AskCalls = {
    listInterfaces: () => [{ index: 7, name: 'eth0', mac: MAC, up: true, carrier: true }] as never, // what is read
    listAddresses: () => [],
    open: (...given) => {
      opened.push(given)
      return socket
    },
  }
  const asked = askSegment(address, 'eth0', calls, clock)
  asked.catch(() => {})
  await clock.advance(2)
  return { asked, opened, end: clock.now() }
}
it.each([
  ['203.0.113.100', arpProbe],
  ['2001:db8::100', neighborProbe],
] as const)('the question for %s is a probe on its interface', async (address, probe) => {
  const octets = parseAddress(address)
  const frames: Uint8Array[] = []
  const { asked, opened } = await askWith(address, {
    send: frame => void frames.push(frame),
    receive: () => [],
    close() {},
  })
  expect(await asked).toEqual({ interface: 'eth0', answers: [] })
  expect(opened).toEqual([[7, octets]])
  expect(frames).toEqual([probe(MAC, octets), probe(MAC, octets)])
})
it('answers are listed until a second has passed, each with the time of its first', async () => {
  let polls = 0
  const { asked } = await askWith('203.0.113.100', {
    send() {},
    receive: () => (polls++ < 60 ? [claim('02:00:5e:00:00:03')] : [claim('02:00:5e:00:00:04')]),
    close() {},
  })
  expect((await asked).answers).toEqual([
    { mac: '02:00:5e:00:00:03', after: 10 },
    { mac: '02:00:5e:00:00:04', after: 610 },
  ])
  expect(polls).toBe(100)
})
it('a socket that fails is closed', async () => {
  let isOpen = true
  const { asked } = await askWith('203.0.113.100', {
    send: () => {
      throw new Error('ENETDOWN')
    },
    receive: () => [],
    close: () => void (isOpen = false),
  })
  await expect(asked).rejects.toThrow('ENETDOWN')
  expect(isOpen).toBe(false)
})
