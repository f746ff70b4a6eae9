/** The inputs with which the fuzzer starts: the fixtures, and inputs that earlier runs have found. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixtures, hex } from '@softspoken/test-support/hex'
import { inputOf } from './decode.ts'

/** One input to a line, in hex. */
export const grown = new URL('corpus/inputs.hex', import.meta.url)

export function corpus(): Uint8Array[] {
  const messages = fixtures()
  const stream = messages.filter(({ notification }) => notification === undefined).flatMap(({ bytes }) => [...bytes])
  return [
    ...messages.map(({ bytes, context }) => inputOf(bytes, context, 6)),
    inputOf(Uint8Array.from(stream.slice(0, 4096)), {}, 6),
    ...(existsSync(grown)
      ? readFileSync(grown, 'utf8')
          .trimEnd()
          .split('\n')
          .map(line => hex(line))
      : []),
  ]
}

/** A folder of inputs, one to a file. */
export function inputsIn(folder: string): Uint8Array[] {
  return readdirSync(folder)
    .sort()
    .map(file => Uint8Array.from(readFileSync(join(folder, file))))
}
