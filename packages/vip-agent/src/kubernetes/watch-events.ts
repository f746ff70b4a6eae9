/** The stream that a watch of the API server answers with: one JSON object on each line. */
import { LeaseStoreError } from '../election/lease-store.ts'
import { failureOf } from './api-answer.ts'
import { isMap, parseJson } from './json.ts'
import { type LeaseName, type LeaseObject, parseLease } from './lease-object.ts'
import type { ApiResponse } from './transport.ts'

const MAX_LINE = 1 << 20 // octets; a Lease has some 700

/** Cuts a stream of octets into lines. */
export class LineSplitter {
  #parts: Uint8Array[] = []
  #length = 0
  readonly #max: number

  constructor(max = MAX_LINE) {
    this.#max = max
  }

  /** The lines that end in this chunk, without their ends; undefined if a line is too long. */
  push(chunk: Uint8Array): string[] | undefined {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#add(chunk.subarray(start, end))
      if (this.#length > this.#max) return undefined
      lines.push(Buffer.concat(this.#parts).toString())
      this.#parts = []
      this.#length = 0
      start = end + 1
    }
    this.#add(chunk.subarray(start))
    return this.#length > this.#max ? undefined : lines
  }

  #add(part: Uint8Array): void {
    if (part.length > 0) this.#parts.push(part)
    this.#length += part.length
  }
}
const NEWLINE = 0x0a

/**
 * Calls back with each change, and with undefined if the Lease is deleted. It resolves when the stream ends, as each watch does
 * after its timeout, and with `gone` if the server does not have the changes since the version that was asked for.
 * @throws LeaseStoreError
 */
export async function readWatch(
  { place, octets, secret }: Pick<ApiResponse, 'place' | 'octets'> & Partial<Pick<ApiResponse, 'secret'>>,
  lease: LeaseName,
  onLease: (lease: LeaseObject | undefined) => void,
): Promise<'ended' | 'gone'> {
  const lines = new LineSplitter()
  const wrong = (what: string) => new LeaseStoreError('bad-answer', `${place} sent ${what} in a watch`)
  for await (const chunk of octets) {
    const complete = lines.push(chunk)
    if (complete === undefined) throw wrong('a line of more than 1 MiB')
    for (const line of complete) {
      const event = parseJson(line)
      if (!isMap(event) || typeof event.type !== 'string' || !isMap(event.object))
        throw wrong('something that is no event')
      const { type, object } = event
      if (type === 'ADDED' || type === 'MODIFIED') onLease(parseLease(object, lease, place))
      else if (type === 'DELETED') onLease(undefined)
      else if (type === 'ERROR') {
        if (object.code === 410) return 'gone'
        throw failureOf({ place, status: Number(object.code) || 500, headers: {}, body: object, secret })
      } else if (type !== 'BOOKMARK') throw wrong('an event of another type')
    }
  }
  return 'ended'
}
