import { decode, encode, type Issue, type Update } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { countMalformed, malformedUpdate, zeroMalformed } from './malformed.ts'

/** An UPDATE from an external peer with that many routes, and a LOCAL_PREF, which is discarded. */
function discarded(count: number): Update {
  const announced = Array.from({ length: count }, (_, i) => `198.51.100.${i}/32`)
  const attributes = { origin: 'igp', asPath: [], nextHop: '192.0.2.1', localPref: 1 } as const
  return received(encode({ type: 'update', withdrawn: ['203.0.113.1/32'], attributes, announced }))
}
function received(bytes: Uint8Array): Update {
  const result = decode(bytes)
  if (!result.ok || result.value.type !== 'update') throw new Error('no UPDATE')
  return result.value
}
const issue = (handling: Issue['handling']): Issue => ({ attribute: 'ORIGIN', handling, detail: 'wrong', at: 23 })

describe('a malformed UPDATE', () => {
  it('a malformed UPDATE is reported with at most twenty routes (RFC 7606 §6)', () => {
    const shown = (count: number) => malformedUpdate(discarded(count), [issue('attribute-discard')], 1).routes
    expect(shown(1)).toEqual(['203.0.113.1/32', '198.51.100.0/32'])
    expect(shown(19)).toHaveLength(20)
    expect(shown(20)).toHaveLength(20)
    expect(shown(200)).toHaveLength(20)
  })
  it('a malformed UPDATE is reported with all its octets (RFC 7606 §6)', () => {
    const { octets } = malformedUpdate(discarded(200), [issue('attribute-discard')], 1)
    expect(received(octets).announced).toHaveLength(200)
  })
  it.each<[Issue['handling'][], Issue['handling']]>([
    [['attribute-discard'], 'attribute-discard'],
    [['attribute-discard', 'attribute-discard'], 'attribute-discard'],
    [['treat-as-withdraw', 'attribute-discard'], 'treat-as-withdraw'],
    [['attribute-discard', 'treat-as-withdraw'], 'treat-as-withdraw'],
  ])('an UPDATE with the faults %j counts once, as %s (RFC 7606 §3.h)', (handlings, strongest) => {
    const issues = handlings.map(issue)
    const counted = countMalformed(countMalformed(zeroMalformed, issues), issues)
    expect(counted).toEqual({ ...zeroMalformed, [strongest]: 2 })
    const { handling, faults } = malformedUpdate(discarded(1), issues, 1)
    expect(handling).toBe(strongest)
    expect(faults).toEqual(handlings.map(() => 'ORIGIN at octet 23: wrong'))
  })
})
