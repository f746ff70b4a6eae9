/** A value on its way from where it was given to the options. */
import type { OptionName } from './options.ts'

/** What one source has for an option. It is read, and judged, only if no stronger source has something for it. */
interface SourceValue {
  /** How the person who gave it would call the place. */
  readonly from: string
  /** @throws UsageError for what is no such value. */
  read(): unknown
}
export type SourceValues = Partial<Record<OptionName, SourceValue>>

/** A value that was read. */
interface Given {
  readonly value: unknown
  readonly from: string
}
export type GivenValues = Partial<Record<OptionName, Given>>
