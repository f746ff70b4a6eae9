/** The values of options, on their way from a source to the program. */
import type { OptionName } from './options.ts'

/** A source's value of an option. It is read and checked only if no stronger source has a value for the option. */
interface SourceValue {
  /** The place, in the user's words: `--med`, `SOFTSPOKEN_MED`, `med in a.yaml`. */
  readonly from: string
  /** @throws UsageError if the text is no value of the option's kind. */
  read(): unknown
}
export type SourceValues = Partial<Record<OptionName, SourceValue>>

/** A value that was read, and its place. */
interface GivenValue {
  readonly value: unknown
  readonly from: string
}
export type GivenValues = Partial<Record<OptionName, GivenValue>>
