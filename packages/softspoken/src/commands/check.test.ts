/** What `check` prints. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeLeaseServer } from '@softspoken/test-support/fake-lease-server'
import { expect, it } from 'vitest'
import { call } from '../../tools/call.ts'
import { needed, words } from '../../tools/needed.ts'

it('check shows options, their places and messages, no key, and dials nothing', async () => {
  const router = createServer().listen(0, '127.0.0.1')
  await once(router, 'listening')
  const dialled: unknown[] = []
  router.on('connection', socket => dialled.push(socket))
  const port = String((router.address() as AddressInfo).port) // a TCP server's address has one
  const key = { SOFTSPOKEN_TCP_MD5_KEY: 'not to be seen' }
  const flags = ['--port', port, '--next-hop', '10.0.5.11', '--med', '7']
  const output = await call(['check', ...words(needed), ...flags], key)
  expect(output.code).toBe(0)
  expect(output.out).toMatch(/^med +7 +--med$/m)
  expect(output.out).toMatch(/^tcpMd5Key +\(secret\) +SOFTSPOKEN_TCP_MD5_KEY$/m)
  expect(output.out).toMatch(/^logLevel +info +default$/m)
  expect(output.out).toMatch(/^holdTime +90 +default$/m)
  expect(output.out, 'not used without health').not.toContain('healthInterval')
  expect(output.out).toContain(`To 127.0.0.1 port ${port}, from 127.0.0.1:`)
  expect(output.out).toContain("type: 'open'")
  expect(output.out).toContain('The router gets at most 5 dials in a minute, 12 in ten minutes and 52 in an hour')
  expect(output.out).toMatch(/nextHop: '10.0.5.11',\s+med: 7/)
  expect(output.out).not.toContain('not to be seen')
  expect(output.err).toBe('')
  expect(dialled).toEqual([])
  router.close()
})

it('check warns of a public AS and of a VIP in a pool, with exit 0', async () => {
  const argv = words({ ...needed, '--local-as': '13335', '--next-hop': '10.0.5.11' })
  const { code, out } = await call(['check', ...argv, '--pool', '10.0.0.0/8', '--pool', '198.51.100.0/24'])
  expect(code).toBe(0)
  expect(out).toMatch(/^warning: --local-as: AS 13335 is a public AS number; is it yours\?/m)
  expect(out.match(/^warning: --pool: .*/gm)).toEqual([
    expect.stringContaining('198.51.100.10 lies in the pool 198.51.100.0/24'),
  ])
  expect((await call(['check', ...words(needed)])).out).not.toMatch(/public AS|pool/)
})
it('check refuses a pool that is none', async () => {
  const { code, err } = await call(['check', ...words(needed), '--pool', '--med'])
  expect([code, err]).toEqual([2, expect.stringMatching(/^--pool: '--med' is not allowed, it must be a prefix /)])
  expect((await call(['announce', ...words(needed), '--pool', '10.0.0.0/8'])).code, 'announce has none').toBe(2)
})

it('check warns of a certificate without the VIP and of a missing right, with exit 0', async () => {
  await using server = await FakeLeaseServer.listening()
  server.denied.add('update leases')
  const folder = mkdtempSync(join(tmpdir(), 'check-api-server-'))
  const flags = ['--next-hop', '10.0.5.11', '--mode', 'standby', '--kubeconfig', server.kubeconfig(folder)]
  const { code, out } = await call(['check', ...words(needed), ...flags])
  rmSync(folder, { recursive: true })
  expect(code).toBe(0)
  expect(out).toMatch(/^warning: the certificate of the API server .* is not for 198\.51\.100\.10, /m)
  expect(out).toMatch(/^warning: the credentials for the API server may not update the Lease /m)
  expect(out).toMatch(/^Certificate: that of .*\nRights: the credentials may not update /m)
})

it('check shows no default that does not apply', async () => {
  const argv = words({ ...needed, '--address': 'none', '--next-hop': '10.0.5.11' })
  const unused = async (...flags: readonly string[]) => {
    const { out } = await call(['check', ...argv, ...flags])
    expect(out).toMatch(/^logLevel /m)
    return ['lease', 'leaseDuration', 'kubeconfig', 'interface'].filter(name => !new RegExp(`^${name} `, 'm').test(out))
  }
  expect(await unused()).toEqual(['lease', 'leaseDuration', 'kubeconfig', 'interface'])
  expect(await unused('--lease-directory', '/none')).toEqual(['lease', 'kubeconfig', 'interface'])
  const elects = ['--mode', 'leader', '--kubeconfig', '/none', '--lease-profile', 'fast']
  expect(await unused(...elects), 'the profile has its own durations').toEqual(['leaseDuration', 'interface'])
})

it('check shows the hold time, address and next hop of one router in its messages', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'peers-'))
  const config = join(folder, 'peers.json')
  const own = { holdTime: 30, localAddress: '127.0.0.2', nextHop: '10.0.5.12' }
  const peers = [
    { address: '127.0.0.1', as: 65000, ...own },
    { address: '127.0.0.3', as: 65000 },
  ]
  writeFileSync(config, JSON.stringify({ peers, nextHop: '10.0.5.11' }))
  const argv = ['--prefix', '198.51.100.10/32', '--local-as', '64515', '--router-id', '10.0.5.11']
  const { code, out } = await call(['check', ...argv, '--config', config, '--address', 'none'])
  rmSync(folder, { recursive: true })
  const [, first, second] = out.split(/^To /m)
  expect(code).toBe(0)
  expect(first).toMatch(/^127\.0\.0\.1 port 179, from 127\.0\.0\.2:.*holdTime: 30,.*nextHop: '10\.0\.5\.12'/s)
  expect(second).toMatch(/^127\.0\.0\.3 port 179, from 127\.0\.0\.1:.*holdTime: 90,.*nextHop: '10\.0\.5\.11'/s)
})

it.each([
  ['has the BGP Identifier of the first router in memory', { '--router-id': '203.0.113.1' }, /nextHop: '10\.0\.5\.11'/],
  ['is in the AS of the router', { '--peer-as': '64515' }, /nextHop: '10\.0\.5\.11',\s+localPref: 100/],
  ['has a router with a four-octet AS', { '--peer-as': '4200000000' }, /nextHop: '10\.0\.5\.11'/],
])('check shows the route of a node that %s', async (_, changed, route) => {
  const { code, out } = await call(['check', ...words({ ...needed, '--next-hop': '10.0.5.11', ...changed })])
  expect(code).toBe(0)
  expect(out).toMatch(route)
  expect(out.match(/type: '(open|update|keepalive)'/g)).toEqual(["type: 'open'", "type: 'update'"])
})
it('check shows the routes of both families', async () => {
  const both = ['--prefix', '198.51.100.10/32', '2001:db8::10/128', '--next-hop', '10.0.5.11', '2001:db8::11']
  const { '--prefix': _, ...others } = needed
  const { code, out } = await call(['check', ...words(others), ...both])
  expect(code).toBe(0)
  expect(out.match(/type: '(open|update|keepalive)'/g)).toEqual(["type: 'open'", "type: 'update'", "type: 'update'"])
  expect(out).toMatch(/announced: \[ '198\.51\.100\.10\/32' \].*'2001:db8::10\/128'/s)
})
it('check says that a route cannot be sent from this host now, with exit 1', async () => {
  const { code, err } = await call(['check', ...words(needed)])
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(/^198\.51\.100\.10\/32 cannot be sent to 127\.0\.0\.1 from this host now: [^\n]+\n$/),
  ])
})
