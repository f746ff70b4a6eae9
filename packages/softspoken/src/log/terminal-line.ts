/** One line of the log for a terminal: `12:00:00.123 WARN  session down  peer=10.0.5.1 detail="no answer within 10 s"`. */
import { escapeControls } from './escape-controls.ts'

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
  return `${timeOfDay(Number(time))} ${shownLevel} ${eventText(event)}\n`
}

function timeOfDay(time: number): string {
  const date = new Date(time)
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

/** The message and its fields. Of the fields that are true or false, only the names of those that are true. */
export function eventText({ msg, ...fields }: Record<string, unknown>): string {
  const words = Object.entries(fields)
    .filter(([, value]) => value !== false)
    .map(([name, value]) => (value === true ? name : `${name}=${fieldText(value)}`))
  return escapeControls(words.length === 0 ? `${msg}` : `${msg}  ${words.join(' ')}`)
}

function fieldText(value: unknown): string {
  const text = plainText(value)
  return text !== undefined && /^[^\s"]+$/.test(text) ? text : JSON.stringify(text ?? value)
}
/** Undefined if there is no text for it but JSON. */
function plainText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(Math.round(value * 10) / 10)
  if (Array.isArray(value)) {
    const parts = value.map(part => segmentText(part) ?? plainText(part))
    if (parts.includes(undefined)) return undefined
    return parts.join(parts.some(part => part?.includes(' ')) ? ', ' : ',')
  }
  // An error, as pino writes it: its stack would be many lines.
  return typeof value === 'object' && value !== null && 'message' in value ? String(value.message) : undefined
}
/** A segment of AS_PATH, as routers show it: `64515 64516`, `{64515 64516}` for a set. */
function segmentText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('as' in value) || !Array.isArray(value.as)) return undefined
  return 'type' in value && value.type === 'sequence' ? value.as.join(' ') : `{${value.as.join(' ')}}`
}
