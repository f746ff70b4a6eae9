/** One line of the log for a terminal: `12:00:00.123 WARN  session down, 10.0.5.1: no answer within 10 s`. */
import { escapeControls } from './escape-controls.ts'
import { sentence } from './sentence.ts'

/** Columns of the terminal. A word that is longer stays whole. */
const WIDTH = 100
/** By pino's numbers. */
const levels: Readonly<Record<number, { readonly name: string; readonly colour: number }>> = {
  20: { name: 'DEBUG', colour: 34 },
  30: { name: 'INFO ', colour: 32 },
  40: { name: 'WARN ', colour: 33 },
  50: { name: 'ERROR', colour: 31 },
}

export function terminalLine({ level, time, ...event }: Record<string, unknown>, colours: boolean): string {
  const { name, colour } = levels[Number(level)] ?? { name: `${level}`, colour: 0 }
  const shownLevel = colours ? `\u001b[${colour}m${name}\u001b[0m` : name
  const now = timeOfDay(Number(time))
  const indent = ' '.repeat(now.length + name.length + 2)
  const lines = wrapped(escapeControls(`${sentence(event)} `).trimEnd(), WIDTH - indent.length)
  return `${now} ${shownLevel} ${lines.join(`\n${indent}`)}\n`
}

function timeOfDay(time: number): string {
  const date = new Date(time)
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines.splice(-1, 1, `${last} ${word}`)
    else lines.push(word)
  }
  return lines
}
