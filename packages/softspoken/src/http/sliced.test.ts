/** Sliced on one end of a pair in memory, instead of a socket. */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { expect, it } from 'vitest'
import { Sliced } from './sliced.ts'

/** What Sliced uses of a socket. Its octets wait until release() is called. */
class FakeSocket extends Duplex {
  readonly remoteAddress = '192.0.2.1'
  readonly timeouts: number[] = []
  written = ''
  release = (): void => {}
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.release = () => {
      this.written += chunk
      done()
    }
  }
  setTimeout(milliseconds: number): this {
    this.timeouts.push(milliseconds)
    return this
  }
}
function sliced() {
  const socket = new FakeSocket()
  const connection = new Sliced(socket as unknown as Socket)
  const pieces: string[] = []
  const events: string[] = []
  for (const name of ['end', 'timeout', 'close', 'finish']) connection.on(name, () => events.push(name))
  return { socket, connection, pieces, events, read: () => connection.on('data', piece => pieces.push(String(piece))) }
}
/** As many turns of the event loop as any of these steps needs. */
async function turns(count = 20): Promise<void> {
  for (let at = 0; at < count; at++) await new Promise(setImmediate)
}

it('a chunk arrives in pieces of 1024 octets, one in a turn of the event loop', async () => {
  const { socket, pieces, read } = sliced()
  read()
  socket.push(`${'a'.repeat(1024)}${'b'.repeat(1024)}${'c'.repeat(10)}`)
  let most = 0
  for (let turn = 0; turn < 20; turn++) {
    const before = pieces.length
    await turns(1)
    most = Math.max(most, pieces.length - before)
  }
  expect(pieces).toEqual(['a'.repeat(1024), 'b'.repeat(1024), 'c'.repeat(10)])
  expect(most).toBe(1)
})

it('a chunk of exactly one piece is one piece', async () => {
  const { socket, pieces, read } = sliced()
  read()
  socket.push('a'.repeat(1024))
  await turns()
  expect(pieces).toEqual(['a'.repeat(1024)])
})

it('the next chunk is read only after the last piece of this one', async () => {
  const { socket, pieces, read } = sliced()
  read()
  socket.push('a'.repeat(3000))
  socket.push('b')
  await turns()
  expect(pieces.map(({ length }) => length)).toEqual([1024, 1024, 952, 1])
})

it('nothing is read before the reader wants it', async () => {
  const { socket, pieces } = sliced()
  socket.push('a')
  await turns()
  expect([pieces, socket.readableLength]).toEqual([[], 1])
})

it('the end of the client is an end, and the answer can still be written', async () => {
  const { socket, connection, events, read } = sliced()
  read()
  socket.push(null)
  await turns()
  expect([events, connection.writable]).toEqual([['end'], true])
})

it('what is written waits for the socket, and is counted', async () => {
  const { socket, connection } = sliced()
  const done: string[] = []
  connection.write('one', () => done.push('one'))
  connection.write('three', () => done.push('three'))
  await turns()
  expect([connection.queued, done]).toEqual([3 + 5 + 3, []]) // `one` is in both until the socket has written it
  socket.release()
  await turns()
  expect([socket.written, done]).toEqual(['one', ['one']])
})

it('destroySoon() closes after everything is written', async () => {
  const { socket, connection, events } = sliced()
  connection.write('one')
  connection.destroySoon()
  await turns()
  expect(events).toEqual([])
  socket.release()
  await turns()
  expect([events, socket.written, socket.writableFinished, socket.destroyed]).toEqual([
    ['finish', 'close'],
    'one',
    true,
    true,
  ])
})

it('the timeout is the one of the socket', () => {
  const { socket, connection, events } = sliced()
  expect(connection.setTimeout(5000)).toBe(connection)
  expect(socket.timeouts).toEqual([5000])
  socket.emit('timeout')
  expect(events).toEqual(['timeout'])
  expect(connection.remoteAddress).toBe('192.0.2.1')
})

it.each<[string, (socket: FakeSocket) => void]>([
  ['a reset by the client', socket => void socket.destroy(new Error('ECONNRESET'))],
  ['a close by the client', socket => void socket.destroy()],
])('%s closes it without an error of the program', async (_, end) => {
  const { socket, connection, events } = sliced()
  end(socket)
  await turns()
  expect([connection.destroyed, events]).toEqual([true, ['close']])
})

it('no piece arrives after it was destroyed, and the socket is closed', async () => {
  const { socket, connection, pieces, read } = sliced()
  read()
  socket.push('a'.repeat(3000))
  while (pieces.length === 0) await turns(1)
  connection.destroy()
  await turns()
  expect([pieces.length, socket.destroyed]).toEqual([1, true])
})
