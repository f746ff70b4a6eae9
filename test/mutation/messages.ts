/** What test-runner.ts asks, and vitest-runner.ts in its thread answers. */
export const CHANNEL = 'softspoken-mutation'

export type Question =
  | { readonly type: 'run-all' }
  | {
      readonly type: 'run-mutant'
      readonly mutant: string
      /** The changed file, as the name of a file in the repository. */
      readonly file: string
      /** All tests if undefined. */
      readonly ids: readonly string[] | undefined
      readonly hitLimit: number | undefined
    }
  | { readonly type: 'end' }

export type Answer =
  | { readonly type: 'loaded' }
  | { readonly type: 'ran-all'; readonly outcomes: readonly Outcome[]; readonly coverage: Coverage }
  | {
      readonly type: 'ran-mutant'
      readonly count: number
      readonly failed?: { readonly id: string; readonly failure: string }
      readonly isClean?: boolean
      readonly endless?: true
    }

export interface Outcome {
  readonly id: string
  readonly milliseconds: number
  readonly failure: string | undefined
}
/** How often each mutant was reached: while the modules were loaded, and by each test. */
export interface Coverage {
  readonly static: Record<string, number>
  readonly perTest: Record<string, Record<string, number>>
}
