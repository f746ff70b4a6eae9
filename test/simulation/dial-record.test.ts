/** A program that a supervisor restarts, in virtual time: each process has its own clock, and the files stay. */

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session, type SessionOptions } from '@softspoken/session'
import { MemorySocket, openMessage, ScriptedConnection, VirtualClock } from '@softspoken/session/testing'
import { settled } from '@softspoken/test-support/settled'
import { encode } from '@softspoken/wire'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

let directory: string
const file = () => join(directory, 'dial-192.0.2.2-179.json')
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'softspoken-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  syncBuiltinESMExports()
  rmSync(directory, { recursive: true, force: true })
})

describe('a process that is killed', () => {
  it('a process killed right after Established dials ever more rarely', async () => {
    const dials: number[] = []
    for (let lives = 0; lives < 7; lives++) {
      const { session, clock, peer } = life()
      await until(clock, () => peer() !== undefined)
      dials.push(wall.now + clock.now() / 1000)
      await establish(peer())
      expect(session.state).toBe('Established')
      await kill(clock, 5)
    }
    expect(gaps(dials)).toEqual([60, 120, 240, 300, 300, 300])
  })
  it('a process without a state directory dials each time it starts', async () => {
    const dials: number[] = []
    for (let lives = 0; lives < 3; lives++) {
      const { clock, peer } = life({ stateDirectory: undefined })
      await until(clock, () => peer() !== undefined)
      dials.push(wall.now + clock.now() / 1000)
      await establish(peer())
      await kill(clock, 5)
    }
    expect(gaps(dials)).toEqual([5, 5])
    expect(readdirSync(directory)).toEqual([])
  })
  it('a process killed before its dial is answered counts as a failure', async () => {
    const one = life()
    await pass(one.clock, 0)
    await kill(one.clock, 1)
    const two = life()
    expect(two.session.status().nextDialIn).toBe(59)
    expect(two.lines).toContainEqual({
      peer: '192.0.2.2',
      seconds: 59,
      failures: 1,
      text: 'the first dial waits',
    })
  })
  it('a process killed during a back-off waits for the rest, and counts once', async () => {
    const one = life()
    await pass(one.clock, 0)
    one.peer().send(openMessage(65099))
    await pass(one.clock, 10)
    await kill(one.clock, 5)
    for (const left of [45, 40, 35]) {
      const { session, clock } = life()
      expect(session.status().nextDialIn).toBe(left)
      await kill(clock, 5)
    }
  })
  it('a process killed in a stable session dials at once', async () => {
    const one = life()
    await pass(one.clock, 0)
    await establish(one.peer(), 3)
    for (let seconds = 0; seconds < 400; seconds += 1) {
      one.peer().send({ type: 'keepalive' })
      await pass(one.clock, 1)
    }
    await kill(one.clock, 1)
    const two = life()
    await pass(two.clock, 0)
    expect(two.session.status().counters.dials).toBe(1)
    two.peer().socket.reset()
    await pass(two.clock, 0)
    expect(await read()).toMatchObject({ transport: 1, protocol: 1, underway: 'none' })
  })
})

it('no dial begins before the record of it is written', async () => {
  const { clock, peer } = life()
  await clock.advance(0)
  expect(peer()).toBeUndefined()
  await written()
  await clock.advance(0)
  expect([peer(), await read()]).toMatchObject([{ closed: false }, { underway: 'unstable' }])
})

describe('a stopped session', () => {
  it('stop() deletes the file, and the next process dials at once', async () => {
    const one = life()
    await pass(one.clock, 0)
    one.peer().send(openMessage(65099)) // rejected, so that there is a back-off
    await pass(one.clock, 10)
    await written()
    expect(readdirSync(directory)).toEqual(['dial-192.0.2.2-179.json'])
    await one.session.stop()
    expect(readdirSync(directory)).toEqual([])
    const two = life()
    await pass(two.clock, 0)
    expect(two.session.status().counters.dials).toBe(1)
  })
  it('stop() with keepRecord keeps the file, and counts like a killed process', async () => {
    const one = life()
    await pass(one.clock, 0)
    await establish(one.peer())
    const stopped = one.session.stop('failed', { keepRecord: true })
    await pass(one.clock, 1)
    await stopped
    expect(one.peer().notification).toMatchObject({ code: 6, subcode: 2 })
    await kill(one.clock, 4)
    expect(life().session.status().nextDialIn).toBe(55)
  })
  it('stop() keeps the file of a session that is started again at once', async () => {
    const { session, clock } = life()
    await pass(clock, 0)
    await pass(clock, 10)
    const stopped = session.stop()
    session.start()
    await pass(clock, 1)
    await stopped
    expect(await read()).toMatchObject({ underway: 'unstable' })
  })
  it('stop() before the start keeps the file of another process', async () => {
    writeFileSync(file(), '{}')
    await new Session({ ...options, stateDirectory: directory }).stop()
    expect(readFileSync(file(), 'utf8')).toBe('{}')
  })
})

describe('the file of an earlier process', () => {
  it.each([
    ['a hold time', { holdTime: 30 }],
    ['a BGP Identifier', { local: { as: 65001, id: '192.0.2.9' } }],
    ['an AS number of ours', { local: { as: 65009, id: '192.0.2.1' } }],
    ['an AS number of the peer', { peer: { as: 65099, address: '192.0.2.2' } }],
  ])('a change of %s leaves only backOff.minInterval of the record', async (_, change) => {
    const one = life()
    await pass(one.clock, 0)
    await kill(one.clock, 1)
    const two = life(change)
    expect(two.session.status().nextDialIn).toBe(4)
    await pass(two.clock, 4)
    expect(two.session.status().counters.dials).toBe(1)
  })
  it('the record of one peer does not delay another peer or port', async () => {
    const one = life()
    await pass(one.clock, 0)
    await kill(one.clock, 1)
    for (const peer of [
      { as: 65002, address: '192.0.2.3' },
      { as: 65002, address: '192.0.2.2', port: 1179 },
    ]) {
      const other = life({ peer })
      await pass(other.clock, 0)
      expect(other.session.status().counters.dials).toBe(1)
    }
  })
  it('a record of exactly an hour still counts', async () => {
    const one = life({ backOff: { protocolInitial: 3600 } })
    await pass(one.clock, 0)
    await kill(one.clock, 0)
    writeFileSync(file(), JSON.stringify({ ...(await read()), underway: 'none', protocol: 2 }))
    wall.now += 3600
    const two = life({ backOff: { protocolInitial: 3600 } })
    await pass(two.clock, 0)
    expect(await read()).toMatchObject({ protocol: 2 })
  })
  it('a record without a dial is read, too', async () => {
    const one = life()
    await pass(one.clock, 0)
    await kill(one.clock, 1)
    const { dialledAt: _, ...saved } = (await read()) as { dialledAt: number }
    writeFileSync(file(), JSON.stringify(saved))
    const two = life()
    expect([two.session.status().nextDialIn, two.lines.length]).toEqual([59, 1])
  })
  it('a session that is started again does not read the file again', async () => {
    const one = life()
    await pass(one.clock, 0)
    await kill(one.clock, 1)
    const saved = readFileSync(file(), 'utf8')
    rmSync(file())
    const two = life()
    const stopped = two.session.stop()
    await pass(two.clock, 1)
    await stopped
    writeFileSync(file(), saved)
    two.session.start()
    await pass(two.clock, 0)
    expect(two.session.status().counters.dials).toBe(1)
  })
  it.each([
    ['from the future', -1],
    ['older than an hour', 3601],
  ])('a record %s is ignored', async (_, age) => {
    const one = life()
    await pass(one.clock, 0)
    await kill(one.clock, age)
    const two = life()
    await pass(two.clock, 0)
    expect([two.session.status().counters.dials, two.lines]).toEqual([1, []])
  })
  it('a record delays a dial by at most the longest back-off', async () => {
    const one = life()
    await pass(one.clock, 0)
    await kill(one.clock, 0)
    const endless = JSON.stringify({ ...(await read()), underway: 'none', wait: 1e12, protocol: 1e9 })
    writeFileSync(file(), endless)
    expect(life().session.status().nextDialIn).toBe(300)
    writeFileSync(file(), endless)
    expect(life({ backOff: { administrative: 1000 } }).session.status().nextDialIn).toBe(1000)
  })
  it('a passive session does not change the file', async () => {
    writeFileSync(file(), 'kept')
    const { session, clock } = life({ passive: true })
    await pass(clock, 10)
    await session.stop()
    expect(readFileSync(file(), 'utf8')).toBe('kept')
  })
})

describe('a file that cannot be used causes one warning, and the peer is dialled', () => {
  const good = JSON.stringify({ localAs: 1, peerAs: 2, open: '', writtenAt: 1, transport: 0, protocol: 0, wait: 0 })
  it.each([
    ['no JSON', 'nonsense'],
    ['nothing in it', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '7'],
    ['another form', good],
    ['a negative count', JSON.stringify({ ...JSON.parse(good), underway: 'none', protocol: -1 })],
    ['a time that is no number', JSON.stringify({ ...JSON.parse(good), underway: 'none', writtenAt: 'now' })],
    ['too many octets', `${' '.repeat(5000)}${good}`],
    ['octets that are no text', '\u0000\uFFFF'],
  ])('a file with %s causes one warning, and is replaced', async (_, text) => {
    writeFileSync(file(), text)
    await dialsWithOneWarning()
    expect(await read()).toMatchObject({ protocol: 1 }) // it is replaced
  })
  it.each([
    ['localAs', -1],
    ['localAs', '65001'],
    ['peerAs', 1.5],
    ['open', 7],
    ['writtenAt', null],
    ['dialledAt', 'now'],
    ['transport', -1],
    ['protocol', 0.5],
    ['wait', '60'],
    ['underway', 'other'],
    ['underway', undefined],
  ])('a record whose %s is %j is not used, and causes one warning', async (name, value) => {
    const one = life()
    await pass(one.clock, 0)
    await kill(one.clock, 1)
    writeFileSync(file(), JSON.stringify({ ...(await read()), [name]: value }))
    const two = life()
    expect(two.session.status().nextDialIn).toBeUndefined()
    expect(two.lines).toEqual([expect.objectContaining({ error: 'it holds no dial record' })])
  })
  it('a record of 4096 octets is read, and a longer one is not', async () => {
    const one = life()
    await pass(one.clock, 0)
    await kill(one.clock, 1)
    const text = readFileSync(file(), 'utf8')
    writeFileSync(file(), text.padEnd(4097))
    const two = life()
    expect(two.lines).toEqual([expect.objectContaining({ error: 'it is not a small regular file' })])
    writeFileSync(file(), text.padEnd(4096))
    expect(life().session.status().nextDialIn).toBe(59)
  })
  it('a link to a good record is not followed', async () => {
    const one = life()
    await pass(one.clock, 0)
    await kill(one.clock, 1)
    renameSync(file(), join(directory, 'elsewhere'))
    symlinkSync(join(directory, 'elsewhere'), file())
    const two = life()
    expect([two.session.status().nextDialIn, two.lines]).toEqual([
      undefined,
      [expect.objectContaining({ text: 'dial record failed', error: expect.stringContaining('ELOOP') })],
    ])
  })
  it('a directory in place of the file causes one warning, and no other file stays', async () => {
    mkdirSync(join(file(), 'inner'), { recursive: true })
    await dialsWithOneWarning()
    expect(readdirSync(directory)).toEqual(['dial-192.0.2.2-179.json'])
  })
  it('a second failure causes a second warning once a write has succeeded', async () => {
    rmSync(directory, { recursive: true })
    const { clock, peer, lines } = life()
    const fails = async () => {
      await pass(clock, 60)
      peer().send(openMessage(65099))
      await pass(clock, 0)
      return lines.filter(({ text }) => text === 'dial record failed').length
    }
    expect(await fails()).toBe(1)
    mkdirSync(directory)
    await pass(clock, 60)
    expect(readdirSync(directory)).toEqual(['dial-192.0.2.2-179.json'])
    rmSync(directory, { recursive: true })
    peer().send(openMessage(65099))
    await pass(clock, 0)
    expect(lines.filter(({ text }) => text === 'dial record failed')).toHaveLength(2)
  })
  it('a session without a log survives a record that cannot be used', async () => {
    writeFileSync(file(), 'nonsense')
    const { clock, peer } = life({ log: undefined })
    await pass(clock, 0)
    await kill(clock, 1)
    expect([peer().closed, life({ log: undefined }).session.status().nextDialIn]).toEqual([false, 59])
  })
  it.each(['/dev/zero', '/nowhere'])('a link to %s in place of the file causes one warning', async target => {
    symlinkSync(target, file())
    await dialsWithOneWarning()
    expect(await read()).toMatchObject({ protocol: 1 })
  })
  it.each(['missing', 'file', 'file/inner', '/proc/self', '/proc/version'])(
    'a state directory %s that cannot be written causes one warning',
    async place => {
      writeFileSync(join(directory, 'file'), '')
      const stateDirectory = place.startsWith('/') ? place : join(directory, place)
      await dialsWithOneWarning({ stateDirectory })
    },
  )
  it('a directory that vanishes stops no NOTIFICATION and no Cease', async () => {
    const { session, clock, peer, lines } = life()
    await pass(clock, 0)
    await written()
    rmSync(directory, { recursive: true })
    peer().write(Buffer.alloc(19))
    await pass(clock, 0)
    expect(peer().notification).toMatchObject({ code: 1, subcode: 1 })
    await pass(clock, 60)
    peer().send(openMessage(65002))
    await pass(clock, 0)
    const stopped = session.stop()
    await pass(clock, 1)
    await stopped
    await written()
    expect(peer().notification).toMatchObject({ code: 6, subcode: 2 })
    expect(lines.filter(({ text }) => text === 'dial record failed')).toHaveLength(1)
  })
  it('a file that a killed process left half written is replaced', async () => {
    mkdirSync(directory, { recursive: true })
    writeFileSync(`${file()}.tmp`, 'half')
    const { clock, lines } = life()
    await pass(clock, 0)
    await written()
    expect([lines, readdirSync(directory)]).toEqual([[], ['dial-192.0.2.2-179.json']])
  })

  /** Through a dial, a failure and the next dial. */
  async function dialsWithOneWarning(change: Partial<SessionOptions> = {}): Promise<void> {
    const { session, clock, peer, lines } = life(change)
    await pass(clock, 0)
    peer().send(openMessage(65099))
    await pass(clock, 0)
    await written()
    expect(session.status()).toMatchObject({ nextDialIn: 60, counters: { dials: 1 } })
    const warnings = lines.filter(({ text }) => text === 'dial record failed')
    expect(warnings).toEqual([
      {
        peer: '192.0.2.2',
        file: expect.stringContaining('dial-192.0.2.2-179.json'),
        error: expect.not.stringContaining('nonsense'),
        text: 'dial record failed',
      },
    ])
  }
})

describe('a disk that hangs', () => {
  let hung: ReturnType<typeof hang>
  beforeEach(() => {
    hung = hang()
  })
  afterEach(() => hung.end())

  it('a disk that hangs delays dial and stop() by a second, but no message', async () => {
    const { session, clock, peer } = life()
    await clock.advance(0)
    await vi.waitFor(() => expect(hung.writes).toBe(1))
    await clock.advance(1)
    await settled()
    await establish(peer(), 9)
    await clock.advance(3)
    expect(peer().received.filter(({ type }) => type === 'keepalive').length).toBeGreaterThan(1)
    const stopped = session.stop('maintenance')
    await settled()
    expect(peer().notification).toMatchObject({ code: 6, subcode: 2 })
    await clock.advance(1)
    await stopped
    expect([clock.pendingTimers, hung.writes]).toEqual([0, 1])
  })
  it('a disk that hangs causes one warning, after ten seconds', async () => {
    const { clock, peer, lines } = life()
    await clock.advance(1)
    await settled()
    await establish(peer(), 9)
    for (let seconds = 0; seconds < 60; seconds++) {
      peer().send({ type: 'keepalive' })
      await clock.advance(1)
      if (seconds < 8) expect(lines).toEqual([])
    }
    expect(lines).toMatchObject([{ text: 'dial record failed', error: 'the disk has not answered for 10 seconds' }])
  })
  it('a disk that answers again gets the latest record of each session', async () => {
    const one = life()
    const two = life({ peer: { as: 65002, address: '192.0.2.3' } })
    for (const { clock, peer } of [one, two]) {
      await clock.advance(1)
      await settled()
      peer().send(openMessage(65099))
      await clock.advance(61)
      await settled()
      peer().send(openMessage(65099))
      await clock.advance(0)
    }
    await vi.waitFor(() => expect(hung.writes).toBe(1))
    await hung.end()
    expect(hung.writes).toBe(3) // the one that hung, and the latest of each session
    expect(await read()).toMatchObject({ protocol: 2, underway: 'none' })
  })
  it('a stopped session deletes its file after a write in progress, and dials no more', async () => {
    const { session, clock, peer } = life()
    await clock.advance(0)
    await vi.waitFor(() => expect(hung.writes).toBe(1))
    const stopped = session.stop()
    await clock.advance(1)
    await stopped
    await hung.end()
    await clock.advance(1)
    expect([readdirSync(directory), peer()]).toEqual([[], undefined])
  })
  it('a session that is stopped and started meanwhile dials once', async () => {
    const { session, clock, peers } = life()
    await clock.advance(0)
    await vi.waitFor(() => expect(hung.writes).toBe(1))
    void session.stop()
    await clock.advance(5)
    session.start()
    await clock.advance(0)
    await hung.end()
    await pass(clock, 1)
    expect([session.state, peers.length]).toEqual(['OpenSent', 1])
  })

  /** No write of a file ends before end(). */
  function hang() {
    let answer = (): void => {}
    const answered = new Promise<void>(done => {
      answer = done
    })
    const real = fs.writeFile
    const hung = {
      writes: 0,
      async end(): Promise<void> {
        answer()
        await written()
      },
    }
    vi.spyOn(fs, 'writeFile').mockImplementation(async (...given) => {
      hung.writes++
      await answered
      await real(...given)
    })
    syncBuiltinESMExports()
    return hung
  }
})

it('the file is small, and has no TCP MD5 key', async () => {
  const { clock } = life({ tcpMd5Key: 'sesame' })
  await pass(clock, 0)
  await written()
  const text = readFileSync(file(), 'utf8')
  expect(text).not.toContain('sesame')
  expect(text.length).toBeLessThan(1000)
  expect(statSync(file()).mode & 0o777, 'for its owner only').toBe(0o600)
})
it('a link-local peer has a file of its own', async () => {
  const { clock } = life({ peer: { as: 65002, address: 'fe80::1%eth0' } })
  await pass(clock, 0)
  await written()
  expect(readdirSync(directory)).toEqual(['dial-fe80%3A%3A1%25eth0-179.json'])
})
it('an incoming connection without an octet writes no record', async () => {
  const { session, clock, peer } = life()
  await pass(clock, 0)
  peer().socket.reset()
  await pass(clock, 0)
  await written()
  const before = readFileSync(file(), 'utf8')
  rmSync(file())
  const [near] = MemorySocket.pair()
  session.accept(near)
  await pass(clock, 1)
  await written()
  expect([session.state, readdirSync(directory), before]).toEqual(['OpenSent', [], expect.any(String)])
})

// ---- the stage

const options: SessionOptions = {
  local: { as: 65001, id: '192.0.2.1' },
  peer: { as: 65002, address: '192.0.2.2' },
}
/** The system's clock, in seconds; each process continues where the last one ended. */
const wall = { now: 1_700_000_000 }

/** A process that has just been started. */
function life(change: { [name in keyof SessionOptions]?: SessionOptions[name] | undefined } = {}) {
  const clock = new VirtualClock()
  vi.spyOn(Date, 'now').mockImplementation(() => wall.now * 1000 + clock.now())
  const lines: { text: string; [field: string]: unknown }[] = []
  const quiet = (): void => {}
  const warn = (fields: object, text: string) => void lines.push({ ...fields, text })
  const peers: ScriptedConnection[] = []
  const { stateDirectory = directory, log, ...rest } = change
  const kept = 'stateDirectory' in change && change.stateDirectory === undefined ? {} : { stateDirectory }
  const session = new Session({
    ...options,
    ...(rest as Partial<SessionOptions>),
    ...kept,
    clock,
    random: () => 1,
    ...(!('log' in change && log === undefined) && {
      log: {
        debug: quiet,
        info: quiet,
        error: quiet,
        warn: (fields: object, text: string) => (text === 'session down' ? quiet() : warn(fields, text)),
      },
    }),
    dial: () => {
      const [near, far] = MemorySocket.pair()
      peers.push(new ScriptedConnection(far))
      near.emitConnect()
      return near
    },
  }).start()
  const peer = (): ScriptedConnection => peers.at(-1)! // asked for after a dial
  return { session, clock, peer, peers, lines }
}
/** Ends a process: its clock stops. The next process starts `seconds` later. */
async function kill(clock: VirtualClock, seconds: number): Promise<void> {
  await written()
  wall.now += clock.now() / 1000 + seconds
}
/** Waits until all records are written, however long the disk takes. */
async function written(): Promise<void> {
  await new Session({ ...options, stateDirectory: directory, clock: new VirtualClock() }).stop()
}
/** Time passes, and records are written: a dial waits for its record. */
async function pass(clock: VirtualClock, seconds: number): Promise<void> {
  await clock.advance(seconds)
  await written()
  await clock.advance(0)
}
async function until(clock: VirtualClock, done: () => boolean): Promise<void> {
  for (let seconds = 0; !done() && seconds < 1000; seconds++) await pass(clock, 1)
  await settled()
}
async function establish(peer: ScriptedConnection, holdTime = 90): Promise<void> {
  peer.write(encode(openMessage(65002, { holdTime })), encode({ type: 'keepalive' }))
  await settled()
}
async function read(): Promise<object> {
  await written()
  return JSON.parse(readFileSync(file(), 'utf8'))
}
function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((time, i) => Math.round(time - times[i]!)) // one is before each
}
