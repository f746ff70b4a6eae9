/**
 * What runs on a node beside the agent: on port 6443 the node's own API server (a proxy to the lab's), on port 8080 the service,
 * on port 8079 the switches: `GET /<service|api>/<on|off|hang|slow|401>`. A program of its own, because it runs in the node's namespace.
 */
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'

const [name = '', apiServer = ''] = process.argv.slice(2)

let service = 'on'
createHttpServer((request, answer) => {
  if (service === 'hang') return
  const codes: Readonly<Record<string, number>> = { off: 503, 401: 401 }
  const code = request.url === '/healthz' ? (codes[service] ?? 200) : 200
  answer.writeHead(code, { Connection: 'close' }).end(request.url === '/megabyte' ? Buffer.alloc(1_000_000) : name)
}).listen(8080, '::')

const sockets = new Set<Socket>()
let api = 'on'
const proxy = createServer({ allowHalfOpen: true }, near => {
  if (api === 'hang') return void keep(near)
  const far = keep(connect(6443, apiServer))
  keep(near).pipe(far)
  far.on('data', octets => setTimeout(() => near.write(octets), api === 'slow' ? 3000 : 0)).on('end', () => near.end())
})
proxy.listen(6443, '::')

createHttpServer(async (request, answer) => {
  const [, what, position = ''] = (request.url ?? '').split('/')
  if (what === 'service') service = position
  if (what === 'api') {
    api = position
    if (position !== 'slow') for (const socket of sockets) socket.resetAndDestroy()
    if (position === 'off') await new Promise(done => proxy.close(done))
    else if (!proxy.listening) await new Promise<void>(done => proxy.listen(6443, '::', done))
  }
  answer.end('done')
}).listen(8079, '127.0.0.1', () => console.log('ready'))

function keep(socket: Socket): Socket {
  sockets.add(socket)
  socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket))
  return socket
}
