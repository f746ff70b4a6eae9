/**
 * The codec and the conformance vectors: messages with the result that is expected. Every vector agrees, or is in exceptions.ts
 * with the RFC that decides.
 */

import { howToGetVectors, type Vector, vectors } from '@softspoken/test-support/vectors'
import { describe, expect, it } from 'vitest'
import { read } from './agree.ts'
import { exceptions, settles } from './exceptions.ts'

const all = vectors()

if (all === undefined) {
  const text = `conformance vectors: not run, ${howToGetVectors}`
  console.warn(text)
  it.skip(text)
} else run(all)

function run(all: readonly Vector[]): void {
  const readings = all.map(vector => ({ vector, reading: read(vector) }))
  const disagreeing = readings.filter(({ reading }) => reading.disagreement !== undefined)
  const settled = new Map(exceptions.map(exception => [exception, [] as string[]]))
  const unsettled: string[] = []
  for (const { vector, reading } of disagreeing) {
    const exception = exceptions.find(one => settles(one, vector, reading))
    if (exception)
      settled.get(exception)!.push(vector.id) // `settled` has an entry for each exception
    else unsettled.push(`${vector.id}: ${reading.disagreement}`)
  }

  describe(`${all.length} conformance vectors`, () => {
    it('every conformance vector agrees, or is a known exception', () => expect(unsettled).toEqual([]))

    it.each(exceptions)('a conformance vector differs: $why ($settledBy)', exception => {
      const found = settled.get(exception) ?? []
      if ('ids' in exception) expect(found.sort()).toEqual([...exception.ids].sort())
      else expect(found).toHaveLength(exception.count)
    })

    it('every vector in canonical form is encoded to the same octets', () => {
      const accepted = readings.filter(({ vector }) => vector.expect.ok)
      const identical = accepted.filter(({ reading }) => reading.identical)
      // read() checks each canonical vector. This checks that there are enough of them.
      expect(identical.length).toBeGreaterThan(accepted.length / 3)
    })

    it('the conformance vectors are counted', () => {
      const scored = all.filter(({ expect: { ok }, layer }) => ok !== null || layer === 'framing').length
      const agreed = scored - disagreeing.length
      console.info(
        `conformance vectors: ${all.length} run, ${scored} scored, ${agreed} agree, ${disagreeing.length} are settled exceptions`,
      )
      expect(agreed).toBeGreaterThan(0)
    })
  })
}
