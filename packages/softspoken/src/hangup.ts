/** Whether this process was started so that it survives the end of its terminal. */
import { constants, readFileSync } from 'node:fs'

/**
 * True under nohup(1) and `trap '' HUP`. Node resets the signal when it starts, so this looks for other traces: the
 * parent ignores the signal, the shell names nohup as the command, or nohup has replaced standard input by a write-only file.
 * `readFile` is replaced by a test.
 */
export function hangupIgnored(command = process.env._ ?? '', readFile = read): boolean {
  if (/(^|\/)nohup$/.test(command)) return true
  const [, mask = '0'] = /^SigIgn:\s*(\w+)/m.exec(readFile(`/proc/${process.ppid}/status`)) ?? []
  if (BigInt(`0x${mask}`) & 1n) return true // SIGHUP is number 1
  const [, flags = '0'] = /^flags:\s*(\d+)/m.exec(readFile('/proc/self/fdinfo/0')) ?? []
  return (Number.parseInt(flags, 8) & (constants.O_WRONLY | constants.O_RDWR)) === constants.O_WRONLY
}
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // another system, or no /proc here
  }
}
