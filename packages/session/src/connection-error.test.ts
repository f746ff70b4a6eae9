import { expect, it } from 'vitest'
import { configure } from './config.ts'
import { explainError } from './connection-error.ts'
import { otherProtocol } from './other-protocol.ts'

const local = { as: 65001, id: '192.0.2.1', address: '192.0.2.1' }
const config = configure({ local, peer: { as: 65002, address: '192.0.2.2' } })
const withCode = (code: string, syscall?: string) => Object.assign(new Error('its own words'), { code, syscall })

it.each([
  ['ECONNREFUSED', 'refused', 'connection refused by 192.0.2.2 port 179'],
  ['ECONNRESET', 'reset', 'the peer reset the connection'],
  ['EPIPE', 'reset', 'the peer reset the connection'],
  ['ETIMEDOUT', 'timeout', 'no answer from 192.0.2.2 port 179'],
  ['EHOSTUNREACH', 'unreachable', 'no route to 192.0.2.2'],
  ['ENETUNREACH', 'unreachable', 'no route to 192.0.2.2'],
  ['EADDRNOTAVAIL', 'local-address-missing', 'the local address 192.0.2.1 is not on this host'],
  ['EMFILE', 'no-descriptor', 'no file descriptor is left for a connection'],
  ['ENFILE', 'no-descriptor', 'no file descriptor is left for a connection'],
  ['EISDIR', 'error', 'its own words'],
  ['constructor', 'error', 'its own words'],
])('%s has the reason %s', (code, reason, detail) => {
  expect(explainError(withCode(code), config)).toEqual({ reason, detail })
})

it.each(['read', 'write'])('ETIMEDOUT of a %s has the reason unacknowledged', syscall => {
  expect(explainError(withCode('ETIMEDOUT', syscall), config)).toEqual({
    reason: 'unacknowledged',
    detail: 'the peer acknowledged nothing of ours in time',
  })
})

it('a reset during a write has the reason reset', () => {
  expect(explainError(withCode('EPIPE', 'write'), config).reason).toBe('reset')
})

it.each(['its own words', undefined, { code: 'ECONNREFUSED' }])(
  '%j, which is no Error, has the reason error',
  thrown => {
    expect(explainError(thrown, config).reason).toBe('error')
  },
)

it.each([
  ['EADDRNOTAVAIL', '192.0.2.2'],
  ['EADDRNOTAVAIL', '2001:db8::2'],
  ['EAFNOSUPPORT', '2001:db8::2'],
])('%s of a dial to %s without local.address has the reason no-source-address', (code, address) => {
  const here = configure({ local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65002, address } })
  expect(explainError(withCode(code), here)).toEqual({
    reason: 'no-source-address',
    detail: `this host has no address for a connection to ${address}`,
  })
})

it('an error without a code, or that throws when it is read, has the reason error', () => {
  expect(explainError(new Error('its own words'), config)).toEqual({ reason: 'error', detail: 'its own words' })
  const hostile = Object.defineProperty(new Error('its own words'), 'code', {
    get: () => {
      throw new Error('a bug of the caller')
    },
  })
  expect(explainError(hostile, config)).toEqual({ reason: 'error', detail: 'its own words' })
})

it.each([
  ['bindDevice', { bindDevice: 'eth2' }, 'fe80::2%eth1', 'eth2'],
  ['the zone of the peer', {}, 'fe80::2%eth1', 'eth1'],
  ['the zone of local.address', {}, '2001:db8::2', 'eth0'],
])('ENODEV names the interface of %s', (_, options, peer, name) => {
  const own = { ...local, address: 'fe80::1%eth0' }
  const here = { ...configure({ local: own, peer: { as: 65002, address: '2001:db8::2' } }), ...options }
  const to = { ...here, peer: { ...here.peer, address: peer } }
  expect(explainError(withCode('ENODEV'), to)).toEqual({
    reason: 'interface-missing',
    detail: `the interface ${name} is not on this host`,
  })
})

it.each<[string, string | undefined]>([
  ['\x15\x03\x01\x00\x02\x02\x46', 'speaks-tls'],
  ['\x16\x03\x03\x00\x7a', 'speaks-tls'],
  ['\x14\x03\x03', 'speaks-tls'],
  ['\x17\x03\x03', 'speaks-tls'],
  ['\x13\x03\x03', undefined],
  ['\x18\x03\x03', undefined],
  ['\x16\x02\x03', undefined],
  ['\xff\x03\x03', undefined],
  ['HEAD / HTTP/1.1\r\n', 'speaks-http'],
  ['POST / HTTP/1.1\r\n', 'speaks-http'],
  ['PUT / HTTP/1.1\r\n', 'speaks-http'],
  [' HTTP/1.1', undefined],
  [' SSH-2.0', undefined],
  ['HTTP/1.1 400 Bad Request\r\n', 'speaks-http'],
  ['GET / HTTP/1.1\r\n', 'speaks-http'],
  ['PRI * HTTP/2.0\r\n', 'speaks-http'],
  ['SSH-2.0-OpenSSH_9.6\r\n', 'speaks-ssh'],
  ['220 smtp.example\r\n', undefined],
  ['\xff\xff\xff\xff\xff', undefined],
  ['\x15', undefined],
  ['', undefined],
])('a connection that begins %j has the reason %s', (octets, reason) => {
  expect(otherProtocol(Buffer.from(octets, 'latin1'))?.reason).toBe(reason)
})
