/**
 * Compares what a command prints with what the page shows. Times, durations and process ids may differ, and so may the number
 * of spaces. A line `…` matches any lines, and `…` in a line any text.
 */
export function matchesOutput(expected: string, actual: string): boolean {
  const lines = linesOf(expected).map(line => (line.trim() === '…' ? '(?:[^\\n]*\\n)*?' : `${pattern(line)}\\n`))
  return new RegExp(`^${lines.join('')}$`, 'u').test(`${linesOf(actual).map(normal).join('\n')}\n`)
}

/** Whether the shown output ends with `…`: the command may go on. */
export function goesOn(expected: string): boolean {
  return linesOf(expected).at(-1)?.trim() === '…'
}

function linesOf(text: string): string[] {
  return text
    .replace(/^\s*\n/, '')
    .trimEnd()
    .split('\n')
}

function pattern(line: string): string {
  return normal(line)
    .replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    .replaceAll('…', '[^\\n]*')
}

/** The line with the values that differ from run to run replaced by their kind. */
function normal(line: string): string {
  return line
    .replaceAll(/\d{4}-\d\d-\d\d/g, '<date>')
    .replaceAll(/\d\d:\d\d(:\d\d)?(\.\d+)?Z?/g, '<time>')
    .replaceAll(/(?<![\w.])\d+(\.\d+)? ?(ms|s|seconds?|minutes?|min)\b/g, '<duration>')
    .replaceAll(/\b(pid[ =:]*)\d+/gi, '$1<pid>')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
