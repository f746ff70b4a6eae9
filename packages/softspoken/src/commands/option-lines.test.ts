/** The options that `check` shows. */
import { describe, expect, it } from 'vitest'
import type { ProgramOptions } from '../config/options.ts'
import { optionLines } from './option-lines.ts'

const options: ProgramOptions = { prefix: ['198.51.100.10/32'], localAs: 64515, logLevel: 'info', nodeName: 'Node-1' }
const lines = (given: Partial<ProgramOptions>, from: Record<string, string> = {}) =>
  optionLines(
    { ...options, ...given },
    Object.fromEntries(Object.entries(from).map(([name, place]) => [name, { value: undefined, from: place }])),
  )
/** By name: the value and the place. */
const shown = (...given: Parameters<typeof lines>): Record<string, string[]> =>
  Object.fromEntries(
    lines(...given)
      .trimEnd()
      .split('\n')
      .map(line => line.split(/ {2,}/))
      .map(([name = '', ...rest]) => [name, rest]),
  )

describe('optionLines()', () => {
  it('has the value and the place of each, in columns', () => {
    const text = lines({ med: 7 }, { med: '--med', localAs: 'SOFTSPOKEN_LOCAL_AS' })
    expect(new Set(text.split('\n').map(line => line.search(/ (?=\S+$)/)))).toHaveProperty('size', 2) // and the last, empty one
    expect(text).toMatch(/^prefix +198\.51\.100\.10\/32 +default\n/)
    expect(shown({ med: 7 }, { med: '--med', localAs: 'SOFTSPOKEN_LOCAL_AS' })).toMatchObject({
      ...{ med: ['7', '--med'], localAs: ['64515', 'SOFTSPOKEN_LOCAL_AS'], holdTime: ['90', 'default'] },
    })
  })
  it('has the defaults that depend on other options', () => {
    expect(shown({})).toMatchObject({ mode: ['all-nodes', 'default'], interface: ['lo', 'default'] })
    expect(shown({ arp: true })).toMatchObject({ mode: ['leader', 'default'], interface: ['auto', 'default'] })
  })
  it('has no default that does not apply', () => {
    expect(shown({ health: 'kubernetes' })).toHaveProperty('healthInterval')
    expect(Object.keys(shown({})).filter(name => name.startsWith('health'))).toEqual([])
    expect(shown({})).toHaveProperty('port')
    expect(shown({ peers: [{ address: '10.0.5.1', as: 65000 }] })).not.toHaveProperty('port')
    expect(shown({})).not.toHaveProperty('lease')
  })
  it('shows neither a key nor the password of a URL', () => {
    const text = lines({ tcpMd5Key: 'secret', health: 'https://u:secret@10.0.5.11/readyz' }, { tcpMd5Key: 'KEY' })
    expect(text).not.toMatch(/secret@|secret /)
    expect(text).toMatch(/^tcpMd5Key +\(secret\) +KEY$/m)
    expect(text).toMatch(/^health +https:\/\/10\.0\.5\.11\/readyz +default$/m)
    expect(shown({ tcpMd5Key: 'secret' }), 'tcpMd5KeyFile was given').not.toHaveProperty('tcpMd5Key')
  })
  it('joins lists, and shows an object by its names', () => {
    const peers = [
      { address: '10.0.5.1', as: 65000, tcpMd5Key: 'secret' },
      { address: '10.0.6.1', as: 65001 },
    ]
    const given = { nextHop: ['10.0.5.11', '2001:db8::1'], backOff: { minInterval: 10, transportCap: 300 }, peers }
    expect(shown(given, { peers: 'peers.json' })).toMatchObject({
      nextHop: ['10.0.5.11, 2001:db8::1', 'default'],
      backOff: ['minInterval 10 transportCap 300', 'default'],
      peers: ['address 10.0.5.1 as 65000 tcpMd5Key (secret), address 10.0.6.1 as 65001', 'peers.json'],
    })
  })
})
