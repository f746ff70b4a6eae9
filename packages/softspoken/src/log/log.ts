/** The log on standard output: a coloured line for each event on a terminal, JSON everywhere else. */
import { isatty } from 'node:tty'
import { type Logger, pino } from 'pino'
import { escapeControls } from './escape-controls.ts'
import { LineOutput } from './line-output.ts'
import { nonBlockingWriter } from './non-blocking.ts'
import { terminalLine } from './terminal-line.ts'

export interface Log {
  readonly log: Logger
  /** Where its lines go. */
  readonly output: LineOutput
}

export function makeLog(level: string): Log {
  const colours = process.env.NO_COLOR === undefined || process.env.NO_COLOR === ''
  const format = isatty(1) ? (line: string) => terminalLine(JSON.parse(line), colours) : escapeControls
  const output = new LineOutput(nonBlockingWriter(1), (lines, reason) => log.error({ lines, reason }, 'log lines lost'))
  const log = pino({ level, base: null }, { write: line => output.write(format(line)) })
  process.on('exit', () => {
    output.flush()
    if (output.stuck) process.kill(process.pid, 'SIGKILL') // Node would wait for a write that may never return
  })
  return { log, output }
}
