import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/**
 * A suite of another project. It is read when the scoreboard runs; nothing of it is in this repository. `variable` is the
 * environment variable that names its folder.
 */
export interface Suite {
  readonly name: string
  readonly variable: string
  /** What the variable must name. */
  readonly source: string
  /** What its cases are. */
  readonly about: string
  /** @throws if the folder does not have the suite */
  run(folder: string): Promise<Run>
}

export interface Run {
  readonly version: string
  readonly results: readonly Result[]
}

export type Result = { readonly id: string } & (
  | { readonly outcome: 'agrees' }
  | { readonly outcome: 'disagrees'; readonly detail: string; readonly settlement?: Settlement }
  | { readonly outcome: 'does not apply'; readonly reason: string }
)

/** Why we are right to disagree. */
export interface Settlement {
  readonly why: string
  /** The clause. */
  readonly settledBy: string
}

/** Settlements by the identifiers of their cases. */
export type SettledCases = Settlement & { readonly ids: readonly string[] }

export function judged(id: string, detail: string | undefined, settled: readonly SettledCases[]): Result {
  if (detail === undefined) return { id, outcome: 'agrees' }
  const settlement = settled.find(({ ids }) => ids.includes(id))
  return { id, outcome: 'disagrees', detail, ...(settlement && { settlement }) }
}

/** The beginning of the SHA-256 of these files, which names their version. */
export function digestOf(files: readonly string[]): string {
  const digest = createHash('sha256')
  for (const file of files) digest.update(readFileSync(file))
  return `SHA-256 ${digest.digest('hex').slice(0, 12)}`
}
