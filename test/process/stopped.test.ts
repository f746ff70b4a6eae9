/** A real process, really stopped: what it says first when it goes on. */

import { spawn } from 'node:child_process'
import { createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openMessage } from '@softspoken/session/testing'
import { Decoder, encode, type Message } from '@softspoken/wire'
import { expect, test } from 'vitest'

const program = fileURLToPath(new URL('leaseholder.ts', import.meta.url))
const TTL = 3.5 // seconds; longer than a keepalive takes to fall due, which at hold time 9 is 2.25 to 3

test('a process stopped beyond its lease withdraws before it sends anything else', {
  timeout: 60_000,
}, async () => {
  await using router = new Router()
  const options = {
    local: { as: 65001, id: '192.0.2.1', address: '127.0.0.1' },
    peers: [{ as: 65000, address: '127.0.0.1', port: await router.port() }],
    nextHop: '192.0.2.1',
    holdTime: 9,
  }
  const child = spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(options), `${TTL}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    await until(() => router.heard.some(message => message.type === 'update'), 30, 'the route')
    child.kill('SIGSTOP')
    const stopped = performance.now()
    await until(() => performance.now() - stopped > (TTL + 0.5) * 1000, 10, 'the lease to run out')
    const before = router.heard.length
    child.kill('SIGCONT')
    await until(() => router.heard.length > before, 5, 'a word')
    expect(router.heard[before]).toMatchObject({ type: 'update', withdrawn: ['198.51.100.10/32'] })
    await until(() => router.heard.length > before + 1, 10, 'the session to go on')
    expect(router.heard[before + 1]).toMatchObject({ type: 'keepalive' })
  } finally {
    child.kill('SIGKILL')
  }
})

/** Takes one session, and keeps all it hears. */
class Router implements AsyncDisposable {
  readonly heard: Message[] = []
  readonly #server = createServer(socket => this.#serve(socket))
  #socket: Socket | undefined

  async port(): Promise<number> {
    await new Promise<void>(done => this.#server.listen(0, '127.0.0.1', done))
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('not a TCP server')
    return address.port
  }
  #serve(socket: Socket): void {
    this.#socket = socket
    const decoder = new Decoder()
    socket.on('error', () => {}) // the child is killed in the end
    socket.on('data', chunk => {
      for (const result of decoder.push(chunk)) {
        if (!result.ok) throw new Error(`the router heard what cannot be read: ${result.detail}`)
        this.heard.push(result.value)
        if (result.value.type === 'open') socket.write(encode(openMessage(65000, { holdTime: 9 })))
        if (result.value.type === 'keepalive') socket.write(encode({ type: 'keepalive' }))
      }
    })
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.destroy()
    await new Promise(done => this.#server.close(done))
  }
}

async function until(happened: () => boolean, seconds: number, what: string): Promise<void> {
  const deadline = performance.now() + seconds * 1000
  while (!happened()) {
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s for ${what}`)
    await pause(20)
  }
}
