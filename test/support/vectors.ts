/**
 * The conformance vectors: messages that other projects published, with what independent decoders make of them. They
 * are not part of this repository; `SOFTSPOKEN_VECTORS` names the folder that holds `vectors.jsonl`, absolute or from
 * the repository's root.
 */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hex } from './hex.ts'

/** One line of the file, as far as it is used here. */
export interface Vector {
  readonly id: string
  readonly source: string
  readonly kind: string
  readonly bytes: Uint8Array
  /** AS numbers in AS_PATH have four octets; null if it does not matter or is unknown. */
  readonly as4: boolean | null
  readonly addpath: boolean | null
  readonly peer?: 'ebgp' | 'ibgp'
  readonly layer: string
  readonly expect: Expectation
  /** What daemons answered, by their names: `3/5` for a NOTIFICATION. */
  readonly observed?: Readonly<Record<string, string>>
}

interface Expectation {
  readonly ok: boolean | null
  readonly error: readonly [code: number, subcode: number] | null
  /** Answers that are as good as `error`. */
  readonly error_any?: readonly (readonly [code: number, subcode: number])[]
  readonly outcome: string | null
  readonly decoded: Readonly<Record<string, unknown>> | null
}

const root = fileURLToPath(new URL('../..', import.meta.url))

export const howToGetVectors = 'set SOFTSPOKEN_VECTORS to the folder that holds vectors.jsonl'

/** All vectors, or undefined if SOFTSPOKEN_VECTORS is not set or names no such file. */
export function vectors(): Vector[] | undefined {
  const folder = process.env.SOFTSPOKEN_VECTORS
  return folder && existsSync(resolve(root, folder, 'vectors.jsonl')) ? vectorsIn(folder) : undefined
}

/** @throws if there is no such file */
export function vectorsIn(folder: string): Vector[] {
  return readFileSync(resolve(root, folder, 'vectors.jsonl'), 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const vector = JSON.parse(line) as Omit<Vector, 'bytes'> & { hex: string }
      return { ...vector, bytes: hex(vector.hex) }
    })
}
