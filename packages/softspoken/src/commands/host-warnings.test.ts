import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ProgramOptions } from '../config/options.ts'
import { hostWarnings } from './host-warnings.ts'

const needed: ProgramOptions = { prefix: ['198.51.100.10/32'], localAs: 64515, routerId: '10.0.5.11', logLevel: 'info' }
const given = Object.fromEntries(
  ['localAddress', 'bindDevice', 'peer', 'peers', 'http', 'disabledBy', 'stateDirectory'].map(name => [
    name,
    { value: undefined, from: name },
  ]),
)

const busy = createServer()
let port = 0
beforeAll(async () => {
  busy.listen(0, '127.0.0.1')
  await once(busy, 'listening')
  port = (busy.address() as AddressInfo).port // a TCP server's address has one
})
afterAll(() => void busy.close())

it('hostWarnings() has no warning for what this host has', async () => {
  const here = { localAddress: '127.0.0.1', bindDevice: 'lo', peer: ['fe80::1%lo'], http: '127.0.0.1:0' }
  expect(await hostWarnings(needed, given)).toEqual([])
  expect(await hostWarnings({ ...needed, ...here }, given)).toEqual([])
  const peers = [{ address: 'fe80::1%lo', as: 1, bindDevice: 'lo', localAddress: '::1' }]
  const writable = { stateDirectory: tmpdir(), disabledBy: join(tmpdir(), 'none') }
  expect(await hostWarnings({ ...needed, peers, ...writable }, given)).toEqual([])
})
it('hostWarnings() warns of each router and interface, in the order of the options', async () => {
  const peers = [
    { address: '10.0.5.1', as: 1, localAddress: '203.0.113.77', bindDevice: 'none0' },
    { address: 'fe80::1%none1', as: 1 },
    { address: '10.0.5.2', as: 1, localAddress: '203.0.113.78', bindDevice: 'none0' },
  ]
  const options = { ...needed, localAddress: '203.0.113.76', peers, http: '203.0.113.77:9179' }
  const warned = await hostWarnings({ ...options, disabledBy: '/none/file' }, given)
  expect(warned.map(warning => warning.replace(/(;| now| is not there).*/, ''))).toEqual([
    'localAddress: 203.0.113.76 is not on this host',
    'peers, number 1: 203.0.113.77 is not on this host',
    'peers, number 3: 203.0.113.78 is not on this host',
    'peers: there is no interface none1 on this host',
    'peers: there is no interface none0 on this host',
    'http: 203.0.113.77:9179 cannot be used',
    'disabledBy: the folder /none',
  ])
})

it.each<[Partial<ProgramOptions>, string]>([
  [
    { localAddress: '203.0.113.77' },
    'localAddress: 203.0.113.77 is not on this host now; the program cannot dial from it until it is',
  ],
  [
    { localAddress: '2001:db8::77' },
    'localAddress: 2001:db8::77 is not on this host now; the program cannot dial from it until it is',
  ],
  [
    { peers: [{ address: '10.0.5.1', as: 1, localAddress: '203.0.113.77' }] },
    'peers, number 1: 203.0.113.77 is not on this host now; the program cannot dial from it until it is',
  ],
  [{ bindDevice: 'none0' }, 'bindDevice: there is no interface none0 on this host now'],
  [{ peer: ['fe80::1%none0'] }, 'peer: there is no interface none0 on this host now'],
  [{ peers: [{ address: 'fe80::1%none0', as: 1 }] }, 'peers: there is no interface none0 on this host now'],
  [
    { peers: [{ address: '10.0.5.1', as: 1, bindDevice: 'none0' }] },
    'peers: there is no interface none0 on this host now',
  ],
  [
    { stateDirectory: '/none' },
    'stateDirectory: /none is no directory that this user can write to now; until it is, a restart dials at once',
  ],
  [
    { stateDirectory: '/etc/hostname' },
    'stateDirectory: /etc/hostname is no directory that this user can write to now; until it is, a restart dials at once',
  ],
  [{ disabledBy: '/none/file' }, 'disabledBy: the folder /none is not there now, so drain cannot make the file'],
  [
    { disabledBy: '/etc/hostname/file' },
    'disabledBy: this node is out of service until /etc/hostname/file can be looked at, ENOTDIR',
  ],
  [{ http: '203.0.113.77:9179' }, 'http: 203.0.113.77:9179 cannot be used now, EADDRNOTAVAIL'],
])('hostWarnings() has a warning for %j', async (options, warning) => {
  expect(await hostWarnings({ ...needed, ...options }, given)).toEqual([warning])
})

it.each(['/etc/hostname', '/etc'])('hostWarnings() has a warning for a node that is drained (%s)', async disabledBy => {
  const [warning, ...others] = await hostWarnings({ ...needed, disabledBy }, given)
  expect(others).toEqual([])
  expect(warning).toMatch(
    /^disabledBy: this node is out of service: drained since \S+Z.*; softspoken resume puts it into service$/,
  )
})

it('hostWarnings() has a warning for a port that is in use', async () => {
  expect(await hostWarnings({ ...needed, http: `127.0.0.1:${port}` }, given)).toEqual([
    `http: 127.0.0.1:${port} cannot be used now, the port is in use, perhaps by this program`,
  ])
})
