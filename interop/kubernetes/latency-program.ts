/** `latency-program.ts <port> <to>`: forwards connections; data arrive later by the milliseconds of the last line on standard input. */
import { connect, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

const [port, to] = process.argv.slice(2).map(Number) as [number, number] // both are given
let latency = 0
createInterface(process.stdin).on('line', line => {
  latency = Number(line)
})
createServer({ allowHalfOpen: true }, near => {
  const far = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true })
  forward(near, far)
  forward(far, near)
}).listen(port, '127.0.0.1')

/** In order, also when the latency gets shorter. */
function forward(from: Socket, to: Socket): void {
  let last = Promise.resolve()
  const later = (action: () => void): void => {
    const due = performance.now() + latency
    last = last.then(() => pause(Math.max(0, due - performance.now()))).then(action)
  }
  from
    .on('data', octets => later(() => to.write(octets)))
    .on('end', () => later(() => to.end()))
    .on('error', () => to.destroy())
}
