import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { DockerError } from './docker.ts'

/** Seconds between two looks. A look through `docker exec` takes about as long itself. */
const INTERVAL = 0.1

type Seen<T> = Exclude<T, undefined | null | false>

interface Wait<T> {
  /** The bound, in seconds. The last look begins after the bound, so that a slow look cannot miss what happens during it. */
  within: number
  /** What the test waits for, for the error message. */
  what: string
  /** Accepts a value. undefined, null and false are never accepted. Default: accepts any other value */
  until?: (value: Seen<T>) => boolean
}

/** Calls `look` until its value is accepted, and resolves with that value. A look that fails in docker is repeated. */
export async function waitFor<T>(look: () => T | Promise<T>, { within, what, until }: Wait<T>): Promise<Seen<T>> {
  const deadline = performance.now() + within * 1000
  let last = ''
  let late = false
  do {
    late = performance.now() >= deadline
    try {
      const value = await look()
      if (isSeen(value) && (until === undefined || until(value))) return value
      last = inspect(value, { depth: 6, breakLength: 120 })
    } catch (error) {
      if (!(error instanceof DockerError)) throw error
      last = error.message
    }
    await delay(INTERVAL * 1000)
  } while (!late)
  throw new Error(`Waited ${within} s for ${what}. Last seen: ${last}`)
}

function isSeen<T>(value: T): value is Seen<T> {
  return value !== undefined && value !== null && value !== false
}
