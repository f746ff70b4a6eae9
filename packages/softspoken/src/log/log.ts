/** The log on standard output: a coloured line for each event on a terminal, JSON everywhere else. */
import { isatty } from 'node:tty'
import { type Logger, pino } from 'pino'
import { escapeControls } from './escape-controls.ts'
import { LineOutput, type Write } from './line-output.ts'
import { nonBlockingWriter } from './non-blocking.ts'
import { terminalLine } from './terminal-line.ts'

export interface Log {
  readonly log: Logger
  /** Where its lines go. */
  readonly output: LineOutput
}

export function makeLog(level: string): Log {
  const made = logTo(nonBlockingWriter(1), level, isatty(1))
  process.on('exit', () => {
    made.output.flush()
    if (made.output.stuck) process.kill(process.pid, 'SIGKILL') // Node would wait for a write that may never return
  })
  return made
}

export function logTo(write: Write, level: string, isTerminal: boolean): Log {
  const colours = !process.env.NO_COLOR // https://no-color.org: an empty one counts as none
  const format = isTerminal ? (line: string) => terminalLine(JSON.parse(line), colours) : escapeControls
  const output = new LineOutput(write, (lines, reason) => log.error({ lines, reason }, 'log lines lost'))
  const log = pino({ level, base: null }, { write: line => output.write(format(line)) })
  return { log, output }
}
