/** The client: asks the VIP every 50 ms, and prints `<start> <end> <name of the node, or why none answered>`, as parseAnswer reads it. */
import { get } from 'node:http'

const [url = ''] = process.argv.slice(2)
const PERIOD = 50 // ms
/** A SYN that is lost is sent again after 1 s (RFC 6298 §2), so it counts as lost. Less would count a busy machine. */
const TIMEOUT = 900 // ms

setInterval(() => {
  const begun = Date.now()
  const report = (result: string): void => {
    clearTimeout(timer)
    if (!reported) process.stdout.write(`${begun} ${Date.now()} ${result}\n`)
    reported = true
  }
  let reported = false
  const failed = ({ code, message }: NodeJS.ErrnoException): void => report(code ?? message.replaceAll(' ', '-'))
  const request = get(url, { agent: false }, answer => {
    let body = ''
    answer.setEncoding('utf8').on('data', part => (body += part))
    answer.on('end', () => report(body)).on('error', failed)
  })
  request.on('error', failed)
  // What has arrived in time is read first, also if this process was late.
  const timer = setTimeout(() => {
    setImmediate(() => {
      report('timeout')
      request.destroy()
    })
  }, TIMEOUT)
}, PERIOD)
