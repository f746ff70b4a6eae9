import { describe, it } from 'vitest'
import { corpus, inputsIn } from './corpus.ts'
import { fuzz } from './decode.ts'

/** A folder that a run has left; `npx --yes pnpm@12 test:fuzz` measures its coverage by it. */
const folder = process.env.SOFTSPOKEN_CORPUS

describe('the inputs that the fuzzer has found', () => {
  it('the inputs that the fuzzer has found keep every invariant of decode()', () => {
    for (const input of folder ? inputsIn(folder) : corpus()) fuzz(input)
  })
})
