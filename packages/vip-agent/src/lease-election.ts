/**
 * An election by lease, with the rules that Kubernetes has: the holder renews; where it has not for `ttl`, somebody
 * else takes the lease, with the next epoch. Nobody compares clocks: a candidate waits for `ttl` on its own since it last
 * saw a renewal. So a holder that dies or freezes is followed, and one that wakes up finds that it was.
 */
import type { Election, Leadership } from './election.ts'

/** Where the lease is kept. Each of these is atomic: of two that take the same epoch, one fails. */
export interface Lease {
  /** Undefined where nobody ever held it. */
  read(): Promise<Term | undefined>
  /** False where another was faster. */
  take(epoch: number): Promise<boolean>
  /** False where there is a later term. */
  renew(epoch: number): Promise<boolean>
  release(epoch: number): Promise<void>
}

export interface Term {
  readonly epoch: number
  /** Another one after each renewal. What it says is nobody's business; undefined where the holder let go. */
  readonly renewal: number | undefined
}

/** Parts of `ttl`: five looks in it, and a holder gives up while a candidate still waits. */
const LOOK = 1 / 5
const GIVE_UP = 3 / 5

/** @throws RangeError where `ttl`, in seconds, is not from 5 to 3600. */
export function leaseElection(lease: Lease, ttl: number): Election {
  if (!(ttl >= 5 && ttl <= 3600)) throw new RangeError(`ttl: ${ttl} is not allowed, it must be from 5 to 3600`)
  return { ttl: ttl * GIVE_UP, campaign: signal => campaign(lease, ttl * 1000, signal) }
}

async function* campaign(lease: Lease, ttl: number, signal: AbortSignal): AsyncGenerator<Leadership> {
  let held: { readonly epoch: number; readonly until: number } | undefined
  let seen: (Term & { readonly at: number }) | undefined
  try {
    while (!signal.aborted) {
      // Before any look or write: however long that takes, a holder counts from its start, and a candidate as well.
      const now = performance.now()
      const until = now + ttl * GIVE_UP
      if (held) {
        // Asked twice: a process may be stopped before the renewal, and within it.
        const isKept = now < held.until && (await lease.renew(held.epoch)) && performance.now() < held.until
        held = isKept ? { epoch: held.epoch, until } : undefined
      } else {
        const term = await lease.read()
        if (term?.epoch !== seen?.epoch || term?.renewal !== seen?.renewal)
          seen = term && { ...term, at: performance.now() }
        const isFree = seen?.renewal === undefined || now >= seen.at + ttl
        const epoch = (seen?.epoch ?? 0) + 1
        // Where it took so long that the word would outlive the lease, it is nobody's until that is over.
        const isOurs = isFree && (await lease.take(epoch)) && performance.now() < now + ttl * (1 - GIVE_UP)
        if (isOurs) held = { epoch, until }
      }
      yield held ? { leader: true, epoch: held.epoch } : { leader: false }
      await pause(ttl * LOOK, signal)
    }
  } finally {
    if (held) await lease.release(held.epoch)
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(done => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      done()
    }
    const timer = setTimeout(end, milliseconds)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
