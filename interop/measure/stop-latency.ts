/**
 * Measures the time from SIGTERM until a peer on loopback has the withdrawal, for the program as npm installs it and as the
 * image has it, beside the shortest program that writes to a socket at SIGTERM. They run in turns. Needs `npx --yes pnpm@12 bundle`.
 *
 *     npx --yes pnpm@12 bench:stop-latency               twenty stops of each
 *     npx --yes pnpm@12 bench:stop-latency --write       also writes the figures into docs/failover.md
 *     npx --yes pnpm@12 bench:stop-latency --node PATH   with another Node
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { intoMarkers, measuredBy, table } from '@softspoken/test-support/page-markers'
import { encode } from '@softspoken/wire'
import { imageFolder } from './image-folder.ts'

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    node: { type: 'string', default: process.execPath },
  },
})
const TURNS = 20
/** The peer's part of the start of a session. */
const answers = [
  { type: 'open', version: 4, as: 65001, holdTime: 90, id: '203.0.113.1', capabilities: [] },
  { type: 'keepalive' },
] as const
const IDLE = 1500 // milliseconds before the signal

const server = createServer()
await once(server.listen(0, '127.0.0.1'), 'listening')
const { port } = server.address() as AddressInfo // a TCP server's address has one

const shortest = `const socket = require('node:net').connect(${port}, '127.0.0.1', () => socket.write('up'))
  process.on('SIGTERM', () => socket.write('end')); socket.on('close', () => process.exit())`
const flags = Object.entries({
  ...{ prefix: '198.51.100.10/32', 'local-as': 65010, 'router-id': '203.0.113.2', 'next-hop': '203.0.113.2' },
  ...{ peer: '127.0.0.1', 'peer-as': 65001, port, 'drain-time': 0, address: 'none', 'require-address': false },
}).map(([name, value]) => `--${name}=${value}`)
const bundle = fileURLToPath(new URL('../../packages/softspoken/dist/softspoken.cjs', import.meta.url))
const kinds = {
  'a program that only writes to a socket': ['--eval', shortest],
  'the program, as npm installs it': [bundle, 'announce', ...flags],
  'the program, as the image has it': [imageFolder(values.node), 'announce', ...flags],
}

const rows: string[][] = []
const took = new Map(Object.keys(kinds).map(kind => [kind, [] as number[]]))
for (let turn = 0; turn < TURNS; turn++)
  for (const [kind, command] of Object.entries(kinds)) took.get(kind)?.push(await stop(command))
server.close()
for (const [kind, all] of took) {
  const sorted = all.toSorted((a, b) => a - b)
  rows.push([kind, ...[0, 0.5, 1].map(part => `${sorted[Math.round(part * (TURNS - 1))]?.toFixed(2)} ms`)])
}
const report = [
  measuredBy(
    'bench:stop-latency --write',
    `Node ${execFileSync(values.node, ['--version'], { encoding: 'utf8' }).trim()}; ${TURNS} stops of each`,
  ),
  table(['from SIGTERM until the peer has the octets', 'shortest', 'median', 'longest'], rows),
].join('\n\n')
console.log(report)
if (values.write) {
  const page = new URL('../../docs/failover.md', import.meta.url)
  writeFileSync(page, intoMarkers(readFileSync(page, 'utf8'), report, 'stopped'))
}

/** Milliseconds of one stop. */
async function stop(command: readonly string[]): Promise<number> {
  const connected = once(server, 'connection')
  const child = spawn(values.node, command, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'exit')
  const [socket] = (await connected) as [Socket]
  socket.on('error', () => {})
  await once(socket, 'data')
  for (const message of answers) socket.write(encode(message))
  await pause(IDLE) // the route has been sent
  const withdrawn = once(socket, 'data')
  const at = performance.now()
  child.kill('SIGTERM')
  await withdrawn
  const milliseconds = performance.now() - at
  socket.destroy()
  await ended
  return milliseconds
}
