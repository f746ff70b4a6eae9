/** Text of others: a peer's reason, a client's Host. A terminal obeys control characters, and some turn the text round. */
const controls = /(?!\n$)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Control and format characters, and line separators, as `\u009b`, so JSON still means the same; not a last line feed. */
export function escapeControls(text: string): string {
  return text.replaceAll(controls, character =>
    character
      .split('')
      .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
