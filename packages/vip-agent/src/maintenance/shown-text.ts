/** Text of a person or of a command, for logs, status and page: one line, bounded, without what controls a terminal. */

/** Characters. */
export const MOST_SHOWN = 200

export function shownText(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  // Control and format characters, such as those that reverse text; half a surrogate pair, too.
  const plain = line.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')
  const characters = [...plain]
  return characters.length > MOST_SHOWN ? `${characters.slice(0, MOST_SHOWN).join('')} …` : plain
}
