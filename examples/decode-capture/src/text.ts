/** Small things as text. */

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

/** Cuts at spaces into lines of `width` characters at most, as far as words allow. */
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
 * Control and format characters, and line separators, as `\u009b`: in JSON they mean the same, and a terminal, which obeys
 * some of them, is left alone.
 */
export function escapeControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, character =>
    character
      .split('')
      .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
