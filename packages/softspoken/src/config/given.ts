/** A value on its way from where it was given to the settings. */
import type { SettingName } from './options.ts'

/** What one source has for a setting. It is read, and judged, only if no stronger source has something for it. */
interface Offer {
  /** How the person who gave it would call the place. */
  readonly from: string
  /** @throws UsageError for what is no such value. */
  read(): unknown
}
export type Offers = Partial<Record<SettingName, Offer>>

/** A value that was read. */
interface Given {
  readonly value: unknown
  readonly from: string
}
export type AllGiven = Partial<Record<SettingName, Given>>
