/** The conformance vectors as a suite, and what speakers of others make of those that are errors. */
import { join } from 'node:path'
import { type Vector, vectorsIn } from '@softspoken/test-support/vectors'
import { read } from '../agree.ts'
import { exceptions, settles } from '../exceptions.ts'
import { digestOf, type Result, type Suite } from './suite.ts'

export const vectorSuite: Suite = {
  name: 'conformance vectors',
  variable: 'SOFTSPOKEN_VECTORS',
  source: 'the folder that holds `vectors.jsonl`',
  about: 'messages that other projects captured or published, with what several decoders and daemons make of them',
  async run(folder) {
    return { version: digestOf([join(folder, 'vectors.jsonl')]), results: vectorsIn(folder).map(resultOf) }
  },
}

function resultOf(vector: Vector): Result {
  const { id, expect, layer } = vector
  if (expect.ok === null && layer !== 'framing')
    return {
      id,
      outcome: 'does not apply',
      reason: 'the verdict depends on the configuration or the state of a session',
    }
  const reading = read(vector)
  if (reading.disagreement === undefined) return { id, outcome: 'agrees' }
  const settlement = exceptions.find(one => settles(one, vector, reading))
  return { id, outcome: 'disagrees', detail: reading.disagreement, ...(settlement && { settlement }) }
}

/** What a speaker, or its decoder, answered to messages for which code and subcode of the NOTIFICATION are agreed. */
export interface Answers {
  readonly speaker: string
  readonly answered: number
  readonly same: number
  /** Of the same messages, those that we answer with an agreed code and subcode. */
  readonly ours: number
}

const speakers = {
  frr: 'FRR 8.4.4',
  bird: 'BIRD 2.0.12',
  openbgpd: 'OpenBGPD 7.7',
  gobgp: 'GoBGP 3.10',
  gobgp_offline: 'GoBGP 3.10, its decoder alone',
  exabgp_offline: 'ExaBGP 4.2, its decoder alone',
} as const

export function answersOf(all: readonly Vector[]): Answers[] {
  const errors = all.flatMap(vector => {
    const { error, error_any, outcome } = vector.expect
    if (error === null || outcome !== 'session-reset') return []
    return [{ vector, agreed: [error, ...(error_any ?? [])].map(pair => pair.join('/')), ours: read(vector).answer }]
  })
  return Object.entries(speakers).map(([key, speaker]) => {
    const answered = errors.flatMap(({ vector, agreed, ours }) => {
      const [, theirs] = /^(\d+\/\d+)(?: session-reset)?$/.exec(vector.observed?.[key] ?? '') ?? []
      return theirs === undefined ? [] : [{ agreed, ours, theirs }]
    })
    return {
      speaker,
      answered: answered.length,
      same: answered.filter(({ agreed, theirs }) => agreed.includes(theirs)).length,
      ours: answered.filter(({ agreed, ours }) => ours !== undefined && agreed.includes(ours)).length,
    }
  })
}
