/** The client: asks the VIP every 50 ms, and prints `<start in ms since the epoch> <name of the node, or ->` for each answer. */
import { get } from 'node:http'

const [url = ''] = process.argv.slice(2)
const PERIOD = 50 // ms
const TIMEOUT = 400 // ms

setInterval(() => {
  const begun = Date.now()
  const report = (result: string): void => {
    clearTimeout(timer)
    if (!reported) process.stdout.write(`${begun} ${result}\n`)
    reported = true
  }
  let reported = false
  const request = get(url, { agent: false }, answer => {
    let body = ''
    answer.setEncoding('utf8').on('data', part => (body += part))
    answer.on('end', () => report(body)).on('error', () => report('-'))
  })
  request.on('error', () => report('-'))
  const timer = setTimeout(() => {
    report('-')
    request.destroy()
  }, TIMEOUT)
}, PERIOD)
