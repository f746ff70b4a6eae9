/** An entry for a person: the time, the endpoints and the type of message, then its fields. */
import { styleText } from 'node:util'
import { describeNotification, notificationCode } from '@softspoken/wire'
import type { Endpoint, Entry, MessageEntry, Place } from './entry.ts'
import { faultOf, type Span } from './fault.ts'
import { type Field, messageFields } from './fields.ts'
import { spacedHex, timeText, wrap } from './text.ts'

export interface TreeOptions {
  /** Columns of the terminal. */
  readonly width: number
  readonly colours: boolean
}

/** By the type octet of the header. */
const typeNames = ['', 'OPEN', 'UPDATE', 'NOTIFICATION', 'KEEPALIVE', 'ROUTE-REFRESH']
/** Octets in a row of hex. */
const ROW = 16

export function toTree(entry: Entry, options: TreeOptions): string {
  const paint: Paint = (style, text) => (options.colours ? styleText(style, text) : text)
  const lines = 'remark' in entry ? [] : tree(content(entry), options.width, paint)
  return `${[heading(entry, paint), ...lines].join('\n')}\n\n`
}
type Paint = (style: Parameters<typeof styleText>[0], text: string) => string

function heading(entry: Entry, paint: Paint): string {
  const { time, from, to } = entry
  const what = 'remark' in entry ? paint('yellow', entry.remark) : title(entry, paint)
  return [
    ...(time === undefined ? [] : [paint('gray', timeText(time).replace('T', ' ').replace('Z', ''))]),
    ...(from && to ? [`${endpoint(from)} -> ${endpoint(to)}`] : []),
    what,
    paint('gray', where(entry)),
  ].join('  ')
}
function title({ result, bytes }: MessageEntry, paint: Paint): string {
  const name = typeNames[bytes[18] ?? 0] || 'message'
  return result.ok ? paint('bold', name) : paint(['bold', 'red'], `${name} malformed`)
}
function endpoint({ address, port, as }: Endpoint): string {
  if (port !== undefined) return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  return as === undefined ? address : `${address} AS ${as}`
}
function where({ frame, offset }: Place): string {
  return frame === undefined ? `octet ${offset}` : `frame ${frame}`
}

/** A line below the heading: a field, or rows that are not wrapped. */
type Branch = Field & { readonly rows?: readonly string[] }

function content(entry: MessageEntry): Branch[] {
  const { result, bytes, offset, of } = entry
  if (result.ok) return messageFields(result.value)
  const { notification, detail } = result
  const fault = faultOf(result)
  const span = `, fault at ${octets(offset + fault.at, fault.length)}`
  return [
    { label: 'answer', value: describeNotification(notification) },
    { label: 'detail', value: detail },
    { label: 'position', value: `message at octet ${offset} of the ${of}${span}` },
    { label: 'octets', rows: dump(bytes, offset, fault) },
    ...(notification.code === notificationCode.header
      ? [{ label: 'note', value: 'the rest is not decoded, because the start of the next message is unknown' }]
      : []),
  ]
}

function octets(at: number, length: number): string {
  return length === 1 ? `octet ${at}` : `octets ${at} to ${at + length - 1}`
}

/** The octets around a fault, with marks below the octets at fault. */
function dump(bytes: Uint8Array, offset: number, fault: Span): string[] {
  const first = Math.max(0, Math.floor(fault.at / ROW) - 1)
  const last = Math.min(Math.ceil(bytes.length / ROW), first + 5)
  const margin = `${offset + bytes.length}`.length
  const rows: string[] = []
  for (let at = first * ROW; at < last * ROW; at += ROW) {
    const row = bytes.subarray(at, at + ROW)
    rows.push(`${`${offset + at}`.padStart(margin)}  ${spacedHex(row)}`)
    const marks = Array.from(row, (_, i) => (at + i >= fault.at && at + i < fault.at + fault.length ? '^^' : '  '))
    if (marks.includes('^^')) rows.push(`${' '.repeat(margin)}  ${marks.join(' ').trimEnd()}`)
  }
  const left = bytes.length - last * ROW
  return left > 0 ? [...rows, `${' '.repeat(margin)}  and ${left} more`] : rows
}

function tree(branches: readonly Branch[], width: number, paint: Paint, before = ''): string[] {
  const column = Math.max(...branches.filter(({ fields }) => !fields).map(({ label }) => label.length))
  return branches.flatMap(({ label, value, rows, fields }, i) => {
    const isLast = i === branches.length - 1
    const [first, rest] = [`${before}${isLast ? '└─ ' : '├─ '}`, `${before}${isLast ? '   ' : '│  '}`]
    if (fields) return [paint('gray', first) + label, ...tree(fields, width, paint, rest)]
    const room = Math.max(20, width - first.length - column - 2)
    return (rows ?? wrap(safe(value ?? ''), room)).map((line, number) => {
      const [branch, name] = number === 0 ? [first, label] : [rest, '']
      return `${paint('gray', branch)}${name.padEnd(column)}  ${line}`
    })
  })
}

/** Replaces characters of a peer's text that a terminal would act on. */
function safe(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')
}
