/** The sessions of scale.ts: how long until all of them stand, and what they cost while they do. */

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Session } from '@softspoken/session'
import { MemorySocket } from '@softspoken/session/testing'
import { monotonic, sendToParent } from './children.ts'
import { addressOf, passive } from './scale-plan.ts'

export interface ScaleReport {
  /** Milliseconds until all of them were established, each time. */
  readonly established: readonly number[]
  /** CPU seconds of each ten seconds. */
  readonly cpu: readonly number[]
  /** MiB, with garbage collected: of the process, and what the sessions added to the heap. */
  readonly rss: number
  readonly heap: number
  /** Sessions that were lost after they were established. */
  readonly downs: number
}

const TIMES = 3
const WINDOWS = 6
const WINDOW = 10 // seconds
const [through, count, port] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]

const before = heap()
const established: number[] = []
let sessions: readonly Session[] = []
for (let i = 0; i < TIMES; i++) {
  await Promise.all(sessions.map(session => session.stop()))
  sessions = Array.from({ length: count }, (_, n) => (through === 'memory' ? inMemory(n) : overLoopback(n)))
  const began = monotonic()
  await Promise.all(sessions.map(session => once(session.start(), 'established')))
  established.push(monotonic() - began)
}
let downs = 0
for (const session of sessions) session.on('down', () => downs++)

await sleep(WINDOW * 1000) // the first keepalives lie close together
const cpu: number[] = []
for (let i = 0; i < WINDOWS; i++) {
  const from = process.cpuUsage()
  await sleep(WINDOW * 1000)
  const { user, system } = process.cpuUsage(from)
  cpu.push((user + system) / 1e6)
}
sendToParent({
  established,
  cpu,
  heap: heap() - before,
  rss: process.memoryUsage.rss() / 2 ** 20,
  downs,
} satisfies ScaleReport)
process.exit() // they would say goodbye one by one

function overLoopback(n: number): Session {
  return new Session({
    local: { as: 64515, id: '10.0.5.11', address: addressOf(n) },
    peer: { as: 65000, address: '127.0.0.1', port },
    holdTime: 9,
  })
}
function inMemory(n: number): Session {
  const far = passive(n)
  return new Session({
    local: { as: 64515, id: '10.0.5.11' },
    peer: { as: 65000, address: '127.0.0.1' },
    holdTime: 9,
    dial: () => {
      const [near, theirs] = MemorySocket.pair()
      near.once('connect', () => far.accept(theirs))
      near.emitConnect()
      return near
    },
  })
}
function heap(): number {
  globalThis.gc?.() // children.ts asks for it
  return process.memoryUsage().heapUsed / 2 ** 20
}
