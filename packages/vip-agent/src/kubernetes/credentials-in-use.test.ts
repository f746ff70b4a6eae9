/** Which credentials a request gets while they are read again, in virtual time and without a server. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from '@softspoken/session'
import { VirtualClock } from '@softspoken/session/testing'
import { tlsFile } from '@softspoken/test-support/fake-lease-server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Access } from './access.ts'
import { Credentials } from './credentials.ts'

const [cert, key] = ['client.pem', 'client-key.pem'].map(name => readFileSync(tlsFile(name))) as [Buffer, Buffer]
const SERVER = 'https://192.0.2.1'
const withToken = (token: string): Access => ({ server: SERVER, insecure: false, authorization: `Bearer ${token}` })

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'credentials-in-use-'))
  writeFileSync(join(folder, 'config'), 'first')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Credentials that are read from one file, or as the test says. */
class Run {
  readonly clock = new VirtualClock()
  readonly lines: string[] = []
  reads = 0
  access: (text: string) => Promise<Access> | Access = withToken
  readonly credentials: Credentials

  readonly log: Logger

  constructor() {
    const note =
      (level: string) =>
      (fields: object, text: string): void =>
        void this.lines.push(`${level} ${text} ${JSON.stringify(fields)}`)
    this.log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
    this.credentials = new Credentials({
      read: async files => {
        this.reads++
        return this.access((await files.read(join(folder, 'config'), 'config')).toString())
      },
      ...{ vips: [], clock: this.clock, log: this.log },
    })
  }
  async current(): Promise<string | undefined> {
    return (await this.credentials.current()).login.authorization
  }
}
const again = `info the credentials for the API server have been read again {"server":"${SERVER}"}`
const failed = (error: string) => `warn the credentials for the API server cannot be read again {"error":"${error}"}`

describe('credentials', () => {
  it('are read once, and not before they are needed', async () => {
    const run = new Run()
    expect([run.credentials.last, run.reads]).toEqual([undefined, 0])
    const first = await run.credentials.current()
    expect(await run.credentials.current()).toBe(first)
    expect([run.credentials.last, run.reads, run.lines]).toEqual([first, 1, []])
  })
  it('are read again after their file has changed, and the connections are others', async () => {
    const run = new Run()
    const { transport } = await run.credentials.current()
    writeFileSync(join(folder, 'config'), 'second')
    const now = await run.credentials.current()
    expect([now.login.authorization, now.transport === transport]).toEqual(['Bearer second', false])
    expect([run.lines, run.clock.pendingTimers]).toEqual([[again], 0])
  })
  it('that are the same in a file that has changed keep their connections', async () => {
    const run = new Run()
    const first = await run.credentials.current()
    writeFileSync(join(folder, 'config'), 'first')
    expect(await run.credentials.current()).toBe(first)
    expect([run.reads, run.lines]).toEqual([2, []])
    await run.credentials.current()
    expect(run.reads).toBe(2)
  })
  it('that the API server refused are read again once', async () => {
    const run = new Run()
    await run.current()
    run.credentials.refuse()
    run.access = () => withToken('renewed')
    expect([await run.current(), await run.current(), run.reads]).toEqual(['Bearer renewed', 'Bearer renewed', 2])
  })
  it('that were refused are read with each request until a read succeeds', async () => {
    const run = new Run()
    await run.current()
    run.credentials.refuse()
    run.access = () => Promise.reject(new Error('half-written'))
    expect([await run.current(), await run.current(), run.reads]).toEqual(['Bearer first', 'Bearer first', 3])
    expect(run.lines).toEqual([failed('half-written')])
    run.access = () => withToken('renewed')
    expect([await run.current(), await run.current(), run.reads]).toEqual(['Bearer renewed', 'Bearer renewed', 4])
    expect(run.lines).toEqual([failed('half-written'), again])
  })
  it('that cannot be read at the start are the failure of the request, and no line', async () => {
    const run = new Run()
    run.access = () => Promise.reject(new Error('no such context'))
    await expect(run.credentials.current()).rejects.toThrow('no such context')
    await expect(run.credentials.current()).rejects.toThrow('no such context')
    expect([run.reads, run.lines, run.credentials.last]).toEqual([2, [], undefined])
  })
  it('another failure is another line', async () => {
    const run = new Run()
    await run.current()
    for (const error of ['one', 'one', 'two']) {
      run.access = () => Promise.reject(new Error(error))
      run.credentials.refuse()
      await run.current()
    }
    expect(run.lines).toEqual([failed('one'), failed('two')])
  })
  it('have the end of their certificate', async () => {
    const run = new Run()
    expect((await run.credentials.current()).certificateEnd).toBeUndefined()
    run.access = () => ({ server: SERVER, insecure: false, certificate: { cert, key } })
    run.credentials.refuse()
    expect((await run.credentials.current()).certificateEnd).toEqual(new Date('2126-10-28T10:09:42Z'))
  })
  it('of a server that is not verified are a warning', async () => {
    const run = new Run()
    run.access = () => ({ ...withToken('x'), insecure: true })
    await run.current()
    await run.current()
    expect(run.lines).toEqual([`warn the certificate of the API server is not verified {"server":"${SERVER}"}`])
  })
  it('that TLS cannot use are refused without their values', async () => {
    const run = new Run()
    run.access = () => ({ ...withToken('x'), certificate: { cert, key: Buffer.from('S3CR3T') } })
    await expect(run.credentials.current()).rejects.toMatchObject({
      reason: 'credentials',
      detail: 'the certificates cannot be used for TLS',
    })
  })
})

describe('a disk that hangs', () => {
  const access = withToken('first')
  const changed = withToken('second')

  it('a request waits for it 0.25 s, then has the last credentials', async () => {
    const clock = new VirtualClock()
    let finish = (_: Access): void => {}
    const reads = [Promise.resolve(access), new Promise<Access>(done => void (finish = done))]
    const credentials = new Credentials({ read: () => reads.shift()!, vips: [], clock, log: undefined })
    expect((await credentials.current()).access).toEqual(access)
    credentials.refuse()
    let waiting = 2
    const [current, other] = [1, 2].map(() => credentials.current().finally(() => waiting--))
    await clock.advance(0.24)
    expect(waiting).toBe(2)
    await clock.advance(0.01)
    expect([(await current)?.access, (await other)?.access]).toEqual([access, access])
    expect(reads).toHaveLength(0) // one read for both
    finish(changed)
    await clock.advance(0)
    expect((await credentials.current()).access).toEqual(changed)
    expect(clock.pendingTimers).toBe(0)
  })
  it('a failure after 0.25 s is one line in the log until a read works again', async () => {
    const { clock, log, lines } = new Run()
    let fail = (_: Error): void => {}
    const slow = () => new Promise<Access>((_, reject) => void (fail = reject))
    const reads = [async () => access, slow, slow, async () => changed, slow]
    const credentials = new Credentials({ read: () => reads.shift()!(), vips: [], clock, log })
    await credentials.current()
    for (const _ of reads.slice()) {
      credentials.refuse()
      const current = credentials.current()
      await clock.advance(0.25)
      fail(new Error('the command ended with code 1'))
      await current
      await clock.advance(0)
    }
    const failure = failed('the command ended with code 1')
    expect(lines).toEqual([failure, again, failure])
  })
})
