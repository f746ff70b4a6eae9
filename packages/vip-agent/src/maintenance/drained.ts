/** Why and since when a person has taken this node out of service. */
import { because } from '../agent/reasons.ts'
import type { Drain } from '../agent/state.ts'
import { shownText } from './shown-text.ts'

/** `since` in milliseconds since 1970; the text is of the person. */
export function drained(since: number, text: string): Drain {
  return { ...because('drained', since, shownText(text)), since }
}
