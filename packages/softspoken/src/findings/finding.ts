/** What a look at this host or its API server found, for `check`. */
export interface Findings {
  /** For the lines of `check`, without a line end. */
  readonly lines: readonly string[]
  /** One sentence each. None of them is an error. */
  readonly warnings: readonly string[]
}
