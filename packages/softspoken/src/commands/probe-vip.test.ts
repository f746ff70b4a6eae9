import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../../tools/call.ts'
import { UsageError } from '../config/usage-error.ts'
import { hintsFor } from '../probe/hints.ts'
import { type ProbeOptions, parts, probeVip } from './probe-vip.ts'

const server = createServer((request, response) => response.writeHead(request.url === '/ill' ? 503 : 200).end())
let port = 0
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  port = (server.address() as AddressInfo).port // a TCP server's address has one
})
afterAll(() => void server.close())

const own = 'warning: this host has 127.0.0.1 itself, and answers itself; ask from another host'

describe('probeVip()', () => {
  it('says after how long the VIP is connected and answers', async () => {
    const { answers, lines } = await probeVip(`http://127.0.0.1:${port}/readyz`, {})
    expect([answers, lines]).toEqual([
      true,
      [
        own,
        expect.stringMatching(/^127\.0\.0\.1 port \d+: yes, connected after \d+ ms$/),
        expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/readyz: yes, answered after \d+ ms$/),
      ],
    ])
    expect((await probeVip(`tcp://127.0.0.1:${port}`, {})).lines).toHaveLength(2)
  })
  it('tells a service that answers with an error from a VIP that does not answer', async () => {
    const { answers, lines } = await probeVip(`http://u:hunter2@127.0.0.1:${port}/ill`, {})
    expect([answers, lines.at(-1)]).toEqual([false, expect.stringMatching(/\/ill: no, .* answered 503$/)])
    expect(lines[1]).toMatch(/: yes, connected after /)
    expect(lines.join()).not.toContain('hunter2')
  })
  it('has a hint for a port that nothing listens on', async () => {
    const { answers, lines } = await probeVip('tcp://127.0.0.1:1', {})
    expect([answers, lines[1]]).toEqual([false, expect.stringMatching(/^127\.0\.0\.1 port 1: no, .*ECONNREFUSED/)])
    expect(lines.slice(2)).toEqual([expect.stringMatching(/^hint: a host has the VIP, and nothing listens on port 1 /)])
  })
  it('has hints for the router if there is no answer', () => {
    const hints = hintsFor('timeout', '198.51.100.10', 6443).join('\n')
    for (const word of [
      'RFC 8212',
      'another host',
      'rp_filter',
      'firewall',
      'ip addr show to 198.51.100.10',
      '--arp 198.51.100.10',
    ])
      expect(hints).toContain(word)
  })
  it.each([
    '198.51.100.10',
    'tcp://198.51.100.10',
    'ftp://198.51.100.10:21',
    'tcp://198.51.100.10:6443/x',
    'tcp://user:word@198.51.100.10:6443',
    'tcp://198.51.100.10:6443?x',
    'exec:/bin/true',
    '',
  ])('refuses %j', async text => {
    await expect(probeVip(text, {})).rejects.toBeInstanceOf(UsageError)
    await expect(probeVip(text, {})).rejects.toThrow(/^--vip: .*it must be a URL with a port/)
  })
  it('has one hint for a name that is not found, and not those for a router', () => {
    expect(hintsFor('not-found', 'vip.test', 6443)).toEqual([
      'this host finds no address for vip.test; give the VIP itself',
    ])
    expect(hintsFor('timeout', 'vip.test', 6443)[0]).toBe(
      'this host may find no address for vip.test: give the VIP itself',
    )
    expect(hintsFor('timeout', 'vip.test', 6443).join()).not.toContain('--arp')
  })
})

describe('probeVip() of a VIP elsewhere', () => {
  /** Connects, and gets this answer. `asked`: for which place. */
  async function asking(text: string, { options = {}, error = undefined as unknown, way = 'router' } = {}) {
    const asked: unknown[] = []
    const probe = await probeVip(text, options as ProbeOptions, 3, {
      connectTo: async (place, _, timeLimit) => {
        asked.push([place.host, place.port, timeLimit])
        return { reason: 'connected', detail: 'connected after 7 ms', seconds: 0.007 }
      },
      wayTo: async address => {
        asked.push(address)
        return way as 'router'
      },
      urlHealth: (...given) => ({
        ...parts.urlHealth(...given),
        check: error === undefined ? async () => {} : () => Promise.reject(error),
      }),
    })
    return { asked, ...probe }
  }
  it.each([
    ['https://198.51.100.10/readyz', '198.51.100.10', 443],
    ['http://198.51.100.10/', '198.51.100.10', 80],
    ['https://[2001:db8::10]:6443/', '2001:db8::10', 6443],
    ['tcp://[2001:db8::10]:6443', '2001:db8::10', 6443],
    ['tcp://198.51.100.10:6443/', '198.51.100.10', 6443],
  ])('asks %s at its port, without a warning', async (text, host, port) => {
    const { asked, lines } = await asking(text)
    expect(asked).toEqual([host, [host, port, 3]])
    expect(lines[0]).toBe(`${host} port ${port}: yes, connected after 7 ms`)
    expect(lines).toHaveLength(text.startsWith('tcp') ? 1 : 2)
  })
  it('does not ask for the way to a name', async () => {
    expect((await asking('tcp://vip.test:6443', { way: 'here' })).asked).toEqual([['vip.test', 6443, 3]])
  })
  it('warns if this host has the VIP', async () => {
    const { lines } = await asking('tcp://198.51.100.10:6443', { way: 'here' })
    expect(lines[0]).toMatch(/^warning: this host has 198\.51\.100\.10 itself/)
  })
  it('says that no answer came in time, or what else went wrong', async () => {
    const late = await asking('http://198.51.100.10/', { error: new DOMException('late', 'TimeoutError') })
    expect([late.answers, late.lines[1]]).toEqual([false, 'http://198.51.100.10/: no, no answer within 3 s'])
    const other = await asking('http://198.51.100.10/', { error: new Error('answered 503') })
    expect([other.answers, other.lines[1]]).toEqual([false, 'http://198.51.100.10/: no, answered 503'])
  })
  it('refuses a wrong file by its flag', async () => {
    const error = new UsageError('--health-ca: /ca.crt has no certificate in it')
    await expect(asking('https://198.51.100.10/', { error })).rejects.toBe(error)
    const options = { healthCa: '/ca.crt', healthVerify: 'none' }
    await expect(asking('https://198.51.100.10/', { options })).rejects.toThrow(/^--health-ca: not used with/)
  })
  it('refuses a URL of TCP that has more than a place', async () => {
    for (const more of ['/x', '?x', '#x'])
      await expect(asking(`tcp://198.51.100.10:1${more}`)).rejects.toThrow(/^--vip: /)
    for (const user of ['a@', ':b@']) await expect(asking(`tcp://${user}198.51.100.10:1`)).rejects.toThrow(/^--vip: /)
  })
})

describe('softspoken check --vip', () => {
  it('needs no other option, and exits with 0 or 1', async () => {
    expect(await call(['check', '--vip', `http://127.0.0.1:${port}/`])).toMatchObject({ code: 0, err: '' })
    const { code, out, err } = await call(['check', '--vip', 'tcp://127.0.0.1:1'])
    expect([code, out, err]).toEqual([1, expect.stringContaining('hint: '), 'the VIP does not answer as asked\n'])
  })
})
