/** Text of a person or of a command, for logs, status and page: one line, bounded, without what controls a terminal. */

import { withoutControls } from '@softspoken/wire/internal'

/** Characters. */
export const MOST_SHOWN = 200

export function shownText(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  const plain = withoutControls(line) // half a surrogate pair is one, too
  const characters = [...plain]
  return characters.length > MOST_SHOWN ? `${characters.slice(0, MOST_SHOWN).join('')} …` : plain
}
