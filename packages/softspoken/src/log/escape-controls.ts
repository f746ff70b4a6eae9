/** Text from outside, such as a peer's reason or a client's Host, may have characters that control a terminal or reverse text. */
const controls = /(?!\n$)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Writes control and format characters and line separators as `\u009b`, which keeps the meaning of JSON. A last line feed stays. */
export function escapeControls(text: string): string {
  return text.replaceAll(controls, character =>
    character
      .split('')
      .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
