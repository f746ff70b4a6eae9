/** Times, octets and lines as text. */

/** `2026-01-01T00:00:00.003000Z`: a Date alone would lose the microseconds. */
export function timeText(seconds: number): string {
  const whole = Math.floor(seconds)
  const micro = Math.round((seconds - whole) * 1e6)
  const carried = whole + Math.floor(micro / 1e6)
  return `${new Date(carried * 1000).toISOString().slice(0, 19)}.${String(micro % 1e6).padStart(6, '0')}Z`
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** `00 1f ff`, in pairs. */
export function spacedHex(bytes: Uint8Array): string {
  return Array.from(bytes, octet => octet.toString(16).padStart(2, '0')).join(' ')
}

/** Breaks at spaces into lines of at most `width` characters; a longer word stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/**
 * Writes control and format characters and line separators as `\u009b`, so that a terminal does not act on them. In JSON
 * the meaning is the same. The program `softspoken` has the same function; it is in no package, because none of them is
 * about terminals, and an example must not import another program.
 */
export function escapeControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, character =>
    character
      .split('')
      .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
