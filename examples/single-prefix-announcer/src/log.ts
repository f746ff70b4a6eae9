/** Logs for whoever reads them: colours and one line each on a terminal, JSON for a machine. */
import { type Logger, pino } from 'pino'

export async function makeLog(level: string): Promise<Logger> {
  const options = { level, base: null }
  if (!process.stdout.isTTY) return pino(options)
  const { default: pretty } = await import('pino-pretty') // for a person, who waits for it
  return pino(
    options,
    pretty({ colorize: true, translateTime: 'SYS:HH:MM:ss.l', sync: true, hideObject: true, messageFormat: oneLine }),
  )
}

/** `session down  peer=10.0.5.1 why="no answer within 10 s"` */
export function oneLine({ level: _level, time: _time, msg, ...fields }: Record<string, unknown>): string {
  return [`${msg} `, ...Object.entries(fields).map(([name, value]) => `${name}=${word(value)}`)].join(' ')
}
function word(value: unknown): string {
  if (Array.isArray(value) && value.every(item => typeof item !== 'object')) return value.join(',')
  if (typeof value === 'number') return String(Math.round(value * 10) / 10)
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value)
}
