/**
 * What must survive a restart of the process: when the peer was last dialled, and the failures that the back-off counts.
 * Otherwise a supervisor that restarts a crashing process dials the peer with each restart. There is one small file per
 * peer, in a directory that the caller names. stop() deletes it, so a file that is found belongs to a process that ended
 * in another way. A file that cannot be read or written is one warning, and changes nothing else. Only a dial waits for a
 * write, for a second at most: a disk that hangs delays neither a KEEPALIVE nor a withdrawal.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encode } from '@softspoken/wire'
import { delayAfter, type History, longestDelay, noHistory, recordFailure, resetFailures } from './backoff.ts'
import type { SessionConfig } from './config.ts'
import type { Machine } from './fsm.ts'
import { errorText } from './guard.ts'
import { ourOpen } from './open-check.ts'
import type { Logger } from './runtime.ts'

/** What was in progress at the time of writing: nothing, a dial or session, or a stable session (`backOff.resetAfter`). */
type Underway = 'none' | 'unstable' | 'stable'

/** The file, as JSON. Times are in milliseconds of the system's clock, because it also runs while no process does. */
interface Saved {
  readonly localAs: number
  readonly peerAs: number
  /** SHA-256 of our OPEN, which the peer accepted or refused. */
  readonly open: string
  readonly writtenAt: number
  readonly dialledAt?: number
  readonly transport: number
  readonly protocol: number
  /** From writtenAt until the next dial is allowed. */
  readonly wait: number
  readonly underway: Underway
}

const nothing = { underway: 'none', history: noHistory } as const
const MAX_FILE = 4096 // octets; ours have 300
const MAX_AGE = 3600_000 // milliseconds
const MAX_WRITE_TIME = 10_000 // milliseconds; a disk that works is faster

/** Resolves after the last write of any record. One write at a time: a disk that hangs must not block every thread of Node's pool. */
let writes: Promise<void> = Promise.resolve()
export function written(): Promise<void> {
  return writes
}

export class DialRecord {
  readonly #config: SessionConfig
  readonly #file: string
  readonly #log: Logger | undefined
  readonly #open: string
  #loaded = false
  #kept: { readonly underway: Underway; readonly history: History } = nothing
  /** The next content of the file. If `text` is undefined, the file is deleted. Only the latest counts. */
  #next: { readonly text: string | undefined; readonly since: number } | undefined
  /** When the current write was requested. */
  #writingSince: number | undefined
  #failing = false

  constructor(config: SessionConfig, directory: string, log: Logger | undefined) {
    const { address, port } = config.peer
    this.#config = config
    this.#file = join(directory, `dial-${encodeURIComponent(address)}-${port}.json`)
    this.#log = log
    const { createHash } = process.getBuiltinModule('node:crypto') // loaded only if there is a record: it has 1.3 MiB
    this.#open = createHash('sha256')
      .update(encode(ourOpen(config, true)))
      .digest('hex')
  }

  /** The history that an earlier process left, on the clock of `now`. Call it once, before keep(). */
  load(now: number, jitter: number): History | undefined {
    if (this.#loaded) return undefined
    this.#loaded = true
    const saved = this.#find()
    if (saved === undefined) return undefined
    const history = recall(saved, this.#config, this.#open, Date.now(), now, jitter)
    const seconds = ((history.retryAt ?? now) - now) / 1000
    // Written now and not at the dial: otherwise the next start would count the failure again, or wait less.
    if (saved.underway !== 'none') this.#write(history, 'none', now)
    this.#kept = { underway: 'none', history }
    if (seconds > 0)
      this.#log?.warn(
        { peer: this.#config.peer.address, seconds, failures: history.transport + history.protocol },
        'the first dial waits',
      )
    return history
  }

  /** Writes the record if it has changed, except for a stopped session: see clear(). */
  keep(machine: Machine, now: number): void {
    const { history, state, since } = machine
    if (!this.#loaded || isStopped(machine)) return
    const pending = this.#writingSince ?? this.#next?.since ?? now
    if (now - pending >= MAX_WRITE_TIME) this.#fail(`the disk has not answered for ${MAX_WRITE_TIME / 1000} seconds`)
    const stable = state === 'Established' && now - since >= this.#config.backOff.resetAfter * 1000
    const underway = state === 'Idle' || state === 'Active' ? 'none' : stable ? 'stable' : 'unstable'
    const kept = this.#kept
    // A connection that the peer made is written when it is Established.
    if (
      history === kept.history &&
      (underway === kept.underway || (underway === 'unstable' && state !== 'Established'))
    )
      return
    this.#kept = { underway, history }
    this.#write(stable ? resetFailures(history) : history, underway, now)
  }

  /** Deletes the record after an orderly end, unless the session has been started again. */
  clear(machine: Machine, now: number): void {
    if (!this.#loaded || !isStopped(machine)) return
    this.#kept = nothing
    this.#replace(undefined, now)
  }

  #write({ transport, protocol, dialledAt, retryAt }: History, underway: Underway, now: number): void {
    const writtenAt = Date.now()
    const { local, peer } = this.#config
    const saved: Saved = {
      localAs: local.as,
      peerAs: peer.as,
      open: this.#open,
      writtenAt,
      ...(dialledAt !== undefined && { dialledAt: writtenAt - (now - dialledAt) }),
      transport,
      protocol,
      wait: Math.max(0, (retryAt ?? now) - now),
      underway,
    }
    this.#replace(`${JSON.stringify(saved)}\n`, now)
  }

  #replace(text: string | undefined, now: number): void {
    const queued = this.#next !== undefined
    this.#next = { text, since: this.#next?.since ?? now }
    if (!queued) writes = writes.then(() => this.#replaceNow())
  }

  async #replaceNow(): Promise<void> {
    const next = this.#next
    if (next === undefined) return
    this.#next = undefined
    this.#writingSince = next.since
    try {
      if (next.text === undefined) await rm(this.#file, { force: true })
      else await replaceFile(this.#file, next.text)
      this.#failing = false
    } catch (error) {
      this.#fail(errorText(error))
    }
    this.#writingSince = undefined
  }

  #find(): Saved | undefined {
    try {
      const text = readSmall(this.#file)
      if (text === undefined) return undefined
      const saved = parse(text)
      if (isSaved(saved)) return saved
      throw new Error('it holds no dial record')
    } catch (error) {
      this.#fail(errorText(error))
      return undefined
    }
  }

  /** One warning, until a write succeeds. */
  #fail(error: string): void {
    if (!this.#failing)
      this.#log?.warn({ peer: this.#config.peer.address, file: this.#file, error }, 'dial record failed')
    this.#failing = true
  }
}

/** What still counts: the last dial of this address in any case, the failures only if our OPEN is the same. */
function recall(saved: Saved, config: SessionConfig, open: string, wall: number, now: number, jitter: number): History {
  const { local, peer, backOff } = config
  const recent = (at: number) => at <= wall && wall - at <= MAX_AGE // a clock may have been set back
  const { dialledAt = Number.NaN } = saved
  const minimal = { ...noHistory, ...(recent(dialledAt) && { dialledAt: now - (wall - dialledAt) }) }
  const same = saved.open === open && saved.localAs === local.as && saved.peerAs === peer.as
  if (!same || !recent(saved.writtenAt)) return minimal
  const before = { ...minimal, transport: saved.transport, protocol: saved.protocol }
  // For the peer, a process that vanishes is a session that failed.
  const failureClass = saved.underway === 'stable' ? 'transport' : 'protocol'
  const history = saved.underway === 'none' ? before : recordFailure(before, failureClass)
  const rest = saved.underway === 'none' ? saved.wait : delayAfter(history, failureClass, backOff, jitter) * 1000
  const left = Math.min(rest, longestDelay(backOff) * 1000) - (wall - saved.writtenAt)
  return left > 0 ? { ...history, retryAt: now + left } : history
}

function isStopped({ state, timers }: Machine): boolean {
  return state === 'Idle' && timers.idleHoldTimer === undefined
}

/** Undefined if it is not JSON. The parser's message is dropped, because it quotes the file. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
function isSaved(value: unknown): value is Saved {
  if (typeof value !== 'object' || value === null) return false
  const { localAs, peerAs, open, writtenAt, dialledAt, transport, protocol, wait, underway } = value as Partial<Saved>
  const isCount = (count: unknown) => Number.isSafeInteger(count) && (count as number) >= 0
  return (
    [localAs, peerAs, transport, protocol].every(isCount) &&
    [writtenAt, wait, dialledAt ?? 0].every(time => Number.isFinite(time)) &&
    typeof open === 'string' &&
    ['none', 'unstable', 'stable'].includes(underway as Underway)
  )
}

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants // some systems lack the last two

/** Reads a small regular file. A link, a pipe or a device is refused, because it could block or never end. Undefined if there is none. */
function readSmall(file: string): string | undefined {
  let fd: number
  try {
    fd = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { size } = fstatSync(fd)
    if (!fstatSync(fd).isFile() || size > MAX_FILE) throw new Error('it is not a small regular file')
    const octets = Buffer.alloc(MAX_FILE)
    return octets.toString('utf8', 0, readSync(fd, octets))
  } finally {
    closeSync(fd)
  }
}

/** Replaces the whole file or nothing. It is not flushed to the disk, because the system writes it even if the process dies. */
async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.tmp`
  await rm(temporary, { force: true }) // left by a process that was killed while it wrote
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600 })
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}
