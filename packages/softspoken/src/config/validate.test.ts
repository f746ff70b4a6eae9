/** The names of the library's options become the places where the user gave them. */
import { OptionError } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { UsageError } from './usage-error.ts'
import { toUsageError, validate, validateOne } from './validate.ts'
import type { GivenValues } from './values.ts'

const given: GivenValues = {
  prefix: { value: [], from: '--prefix' },
  apiServers: { value: [], from: '--api-servers' },
  withoutCapabilities: { value: [], from: '--without-capabilities' },
  peers: {
    value: [
      { address: '192.0.2.1', as: 1, nextHop: '192.0.2.9' },
      { address: '192.0.2.2', as: 1 },
    ],
    from: 'peers in a.yaml',
  },
  nextHop: { value: [], from: '--next-hop' },
}
const placeOf = (option: string, value: unknown = 0, places = given) => {
  const error = toUsageError(new OptionError(option, value, 'another'), places)
  return error instanceof UsageError ? error.message.replace(/: (?!.*: ).*/, '').replace(/: \S+ is not.*/, '') : error
}

describe('toUsageError()', () => {
  it.each([
    ['vips[0]', '--prefix, number 1'],
    ['vips[11]', '--prefix, number 12'],
    ['releaseServers[1]', '--api-servers, number 2'],
    ['peers[0]', 'peers in a.yaml, number 1'],
    ['peers[11].tcpMd5Key', 'peers in a.yaml, number 12, tcpMd5Key'],
    ['capabilities.routeRefresh', '--without-capabilities, routeRefresh'],
    ['peer.address', 'peers in a.yaml, address'],
    ['holdTime', 'peers in a.yaml, holdTime'],
    ['drainTime', '--drain-time'],
    ['tcpMd5Key', 'peers in a.yaml, tcpMd5Key'],
  ])('finds the place of %s', (option, place) => {
    expect(placeOf(option)).toBe(place)
  })
  it('finds the place of the options of one router', () => {
    const one: GivenValues = {
      peer: { value: '192.0.2.1', from: '--peer' },
      peerAs: { value: 1, from: '--peer-as' },
      tcpMd5KeyFile: { value: '/run/key', from: '--tcp-md5-key-file' },
    }
    const places = ['peers[0].address', 'peers[0].as', 'peers[0]', 'peers[0].tcpMd5Key', 'holdTime', 'capabilities.x']
    expect(places.map(option => placeOf(option, 0, one))).toEqual([
      '--peer',
      '--peer-as',
      '--peer',
      '--tcp-md5-key-file',
      '--hold-time',
      '--without-capabilities, x',
    ])
  })
  it('finds the router of a next hop by its value', () => {
    expect(placeOf('nextHop', '192.0.2.9')).toBe('peers in a.yaml, number 1, nextHop')
    expect(placeOf('nextHop', '192.0.2.8')).toBe('--next-hop')
    expect(placeOf('nextHop', undefined)).toBe('--next-hop')
    expect(placeOf('localAddress', '192.0.2.9')).toBe('peers in a.yaml, localAddress')
  })
  it('leaves another error as it is', () => {
    const fault = new TypeError('fault')
    expect(toUsageError(fault, given)).toBe(fault)
  })
})

describe('validate()', () => {
  const { nextHop: _, ...plain } = given
  const needed: GivenValues = {
    ...plain,
    prefix: { value: ['198.51.100.10/32'], from: '--prefix' },
    apiServers: { value: ['https://192.0.2.1:6443'], from: '--api-servers' },
    localAs: { value: 64512, from: '--local-as' },
    routerId: { value: '192.0.2.7', from: '--router-id' },
    logLevel: { value: 'info', from: '--log-level' },
  }
  it('names the flag and the variables of a missing option', () => {
    const { prefix: _, ...without } = needed
    expect(() => validate(without, {})).toThrow(/^--prefix is missing: .* \(or set SOFTSPOKEN_PREFIX\)$/)
    expect(() => validate(without, { prefix: 'address' })).toThrow(/\(or set SOFTSPOKEN_PREFIX, or address\)$/)
  })
  it('shows no value of a router, because it may be a key in the wrong place', () => {
    const peers = { value: [{ address: '192.0.2.1', as: 'word' }], from: 'peers in a.yaml' }
    expect(() => validate({ ...needed, peers }, {})).toThrow(
      'peers in a.yaml, number 1, as: the given value is not allowed, it must be a whole number',
    )
  })
  it('checks one option alone', () => {
    expect(validateOne('disabledBy', { value: '/run/drained', from: '--disabled-by' })).toBe('/run/drained')
    expect(() => validateOne('disabledBy', { value: 7, from: '--disabled-by' })).toThrow(
      /^--disabled-by: 7 is not allowed, it must be /,
    )
  })
})
