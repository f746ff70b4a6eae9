/** Logs for whoever reads them: colours and one line each on a terminal, JSON for a machine. */
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

export function makeLog(level: string): Logger {
  const options = { level, base: null }
  if (!process.stdout.isTTY) return pino(options)
  return pino(options, pretty({ colorize: true, singleLine: true, translateTime: 'SYS:HH:MM:ss.l', sync: true }))
}
