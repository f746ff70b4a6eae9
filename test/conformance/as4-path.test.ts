/** A receiver merges an AS_PATH of two-octet AS numbers and its AS4_PATH (RFC 6793 §4.2.3). */

import { attribute, nextHop, number, origin, received, update } from '@softspoken/test-support/by-hand'
import type { Attributes } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'

type Path = NonNullable<Attributes['asPath']>
const types = { set: 1, sequence: 2, 'confed-sequence': 3, 'confed-set': 4 } as const

const sequence = (...as: number[]) => ({ type: 'sequence', as }) as const
const set = (...as: number[]) => ({ type: 'set', as }) as const
const confederation = (...as: number[]) => ({ type: 'confed-sequence', as }) as const
/** `count` AS numbers that do not fit in two octets. */
const large = (count: number) => Array.from({ length: count }, (_, i) => 70_000 + i)
const trans = (count: number) => new Array<number>(count).fill(23456)

function octets(path: Path, width: 2 | 4): string {
  return path
    .flatMap(({ type, as }) => [types[type], as.length].map(n => number(n, 1)).concat(as.map(n => number(n, width))))
    .join('')
}
/** The merged attributes. Both paths have extended lengths, because they may be long. */
function joined(path: Path, path4: Path): Attributes {
  const long = (head: string, value: string) => `${head} ${number(value.length / 2, 2)} ${value}`
  const both = `${long('50 02', octets(path, 2))} ${long('d0 11', octets(path4, 4))}`
  const { attributes, issues } = received(update(`${origin} ${both} ${nextHop}`), {
    fourOctetAs: false,
    external: false,
  })
  expect(issues).toBeUndefined()
  return attributes
}

describe('AS_PATH and AS4_PATH are merged (RFC 6793 §4.2.3)', () => {
  it.each<[what: string, path: Path, path4: Path, expected: Path]>([
    [
      'paths of equal length become AS4_PATH',
      [sequence(23456, 65002)],
      [sequence(70_000, 65002)],
      [sequence(70_000, 65002)],
    ],
    [
      'AS numbers that a two-octet speaker added come before AS4_PATH',
      [sequence(65001, 65002, 23456)],
      [sequence(70_000)],
      [sequence(65001, 65002, 70_000)],
    ],
    ['an AS_PATH shorter than AS4_PATH counts alone', [sequence(23456)], [sequence(70_000, 70_001)], [sequence(23456)]],
    ['an empty AS_PATH counts alone', [], [sequence(70_000)], []],
    [
      'a set counts as one, however many AS numbers it has',
      [sequence(65001, 23456), set(23456, 23456, 65002)],
      [sequence(70_000), set(70_001, 70_002, 65002)],
      [sequence(65001, 70_000), set(70_001, 70_002, 65002)],
    ],
    [
      'an AS_PATH shorter than an AS4_PATH with sets counts alone',
      [set(23456, 65002)],
      [sequence(70_000), set(70_001, 65002)],
      [set(23456, 65002)],
    ],
    [
      'a sequence before another segment may be cut',
      [sequence(65001, 23456, 23456), set(23456)],
      [sequence(70_000, 70_001), set(70_002)],
      [sequence(65001, 70_000, 70_001), set(70_002)],
    ],
    [
      'a whole segment that was added stays',
      [sequence(65001), set(65002, 65003), sequence(23456)],
      [sequence(70_000)],
      [sequence(65001), set(65002, 65003), sequence(70_000)],
    ],
    [
      'a set at the start of AS4_PATH stays a set',
      [sequence(65001), set(23456)],
      [set(70_000)],
      [sequence(65001), set(70_000)],
    ],
    [
      'a segment of a confederation counts nothing',
      [confederation(64512, 64513), sequence(23456, 65002)],
      [sequence(70_000, 65002)],
      [confederation(64512, 64513), sequence(70_000, 65002)],
    ],
    [
      'AS numbers that were added behind a segment of a confederation stay',
      [confederation(64512), sequence(65001, 23456)],
      [sequence(70_000)],
      [confederation(64512), sequence(65001, 70_000)],
    ],
    [
      'a merged segment has 255 AS numbers at most',
      [sequence(65001, ...trans(254))],
      [sequence(...large(254))],
      [sequence(65001, ...large(254))],
    ],
    [
      '256 AS numbers become two segments',
      [sequence(65001), sequence(...trans(255))],
      [sequence(...large(255))],
      [sequence(65001), sequence(...large(255))],
    ],
  ])('%s', (_what, path, path4, expected) => expect(joined(path, path4).asPath).toEqual(expected))

  it('an AS4_PATH that encode() would not make again is kept', () => {
    expect(joined([sequence(23456)], [sequence(70_000, 70_001)]).as4Path).toEqual([sequence(70_000, 70_001)])
    expect(joined([sequence(65001, 23456)], [sequence(70_000)]).as4Path).toEqual([sequence(70_000)])
    expect(joined([sequence(23456)], [sequence(70_000)])).not.toHaveProperty('as4Path')
  })
})

describe('AGGREGATOR and AS4_AGGREGATOR (RFC 6793 §4.2.3)', () => {
  const base = `${origin} ${attribute('40 02', '02 02 fde9 5ba0')} ${nextHop} ${attribute('c0 11', '02 01 fa56ea00')}`
  const merged = [sequence(65001, 4200000000)]
  const read = (attributes: string) => received(update(`${base} ${attributes}`), { fourOctetAs: false }).attributes
  const as4 = attribute('c0 12', 'fa56ea00 c0000203')

  it('AGGREGATOR with AS_TRANS takes both numbers from the AS4 attributes', () => {
    const { aggregator, asPath } = read(`${attribute('c0 07', '5ba0 c0000202')} ${as4}`)
    expect({ aggregator, asPath }).toEqual({ aggregator: { as: 4200000000, address: '192.0.2.3' }, asPath: merged })
  })
  it('AGGREGATOR with another AS makes both AS4 attributes ignored', () => {
    const { aggregator, asPath } = read(`${attribute('c0 07', 'fde9 c0000202')} ${as4}`)
    expect({ aggregator, asPath }).toEqual({
      aggregator: { as: 65001, address: '192.0.2.2' },
      asPath: [sequence(65001, 23456)],
    })
  })
  it('AGGREGATOR without AS4_AGGREGATOR does not affect AS4_PATH', () => {
    const { aggregator, asPath } = read(attribute('c0 07', 'fde9 c0000202'))
    expect({ aggregator, asPath }).toEqual({ aggregator: { as: 65001, address: '192.0.2.2' }, asPath: merged })
  })
  it('AS4_AGGREGATOR is written back if AGGREGATOR does not imply it', () => {
    const given = { as: 4200000000, address: '192.0.2.3' }
    expect(read(`${attribute('c0 07', '5ba0 c0000202')} ${as4}`)).not.toHaveProperty('as4Aggregator')
    expect(read(as4).as4Aggregator).toEqual(given)
    expect(read(`${attribute('c0 07', 'fde9 c0000202')} ${as4}`).as4Aggregator).toEqual(given)
    const short = attribute('c0 12', '0000fde9 c0000203')
    expect(read(`${attribute('c0 07', '5ba0 c0000202')} ${short}`)).toMatchObject({
      aggregator: { as: 65001, address: '192.0.2.3' },
      as4Aggregator: { as: 65001, address: '192.0.2.3' },
    })
  })
  it('AS4_AGGREGATOR without AGGREGATOR makes no aggregator', () => {
    const { aggregator, asPath } = read(as4)
    expect({ aggregator, asPath }).toEqual({ aggregator: undefined, asPath: merged })
  })
})
