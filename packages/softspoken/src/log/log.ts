/** The log on standard output: colours and one line each on a terminal, JSON for a machine. */
import { isatty } from 'node:tty'
import { type Logger, pino } from 'pino'
import { escapeControls } from './escape-controls.ts'
import { LineOutput } from './line-output.ts'
import { nonBlockingWriter } from './non-blocking.ts'

export interface Log {
  readonly log: Logger
  /** Where its lines go. */
  readonly output: LineOutput
}

export async function makeLog(level: string): Promise<Log> {
  const inWords = isatty(1) ? await forTerminal() : (line: string) => line
  const output = new LineOutput(nonBlockingWriter(1), (lines, why) => log.error({ lines, why }, 'log lines lost'))
  const log = pino({ level, base: null }, { write: line => output.write(inWords(escapeControls(line))) })
  process.on('exit', () => {
    output.flush()
    if (output.stuck) process.kill(process.pid, 'SIGKILL') // Node would wait for a write that may never return
  })
  return { log, output }
}

/** Loaded for a person, who waits for it. */
async function forTerminal(): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty')
  return prettyFactory({ colorize: true, translateTime: 'SYS:HH:MM:ss.l', hideObject: true, messageFormat: oneLine })
}

/** `session down  peer=10.0.5.1 detail="no answer within 10 s"` */
export function oneLine({ level: _level, time: _time, msg, ...fields }: Record<string, unknown>): string {
  const words = [`${msg} `, ...Object.entries(fields).map(([name, value]) => `${name}=${word(value)}`)]
  return escapeControls(words.join(' '))
}
function word(value: unknown): string {
  if (Array.isArray(value) && value.every(item => typeof item !== 'object')) return value.join(',')
  if (typeof value === 'number') return String(Math.round(value * 10) / 10)
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value)
}
