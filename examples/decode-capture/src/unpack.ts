/** The octets of a file, decompressed if it is a gzip, in chunks so that only one is in memory. */
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { bounds } from './bounds.ts'
import { InputError } from './entry.ts'

/**
 * A gzip of several members is one file. A gzip in a gzip is decompressed once.
 * @throws InputError if the gzip is damaged, or decompresses to more than `bounds` allow. The octets before that place come
 * first, except up to 16 KiB before a damage, which zlib withholds.
 */
export async function* unpacked(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = file[Symbol.asyncIterator]()
  const first = await atLeast(2, chunks)
  const all = joined(first, chunks)
  if (first[0] === 0x1f && first[1] === 0x8b) yield* gunzipped(all)
  else yield* all
}

async function* gunzipped(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip()
  pipeline(file, gunzip, () => {}) // an error of the file also ends gunzip
  let octets = 0
  try {
    for await (const chunk of gunzip as AsyncIterable<Uint8Array>) {
      octets += chunk.length
      if (octets > bounds.unpackedRatio * gunzip.bytesWritten + bounds.unpackedSlack)
        throw new InputError(
          `the gzip decompresses to more than ${bounds.unpackedRatio} times its size; if you trust it, decompress it with gunzip first`,
        )
      yield chunk
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && `${error.code}`.startsWith('Z_'))
      throw new InputError(`the gzip is damaged: ${error.message}`)
    throw error
  }
}

/** At least so many octets from the start of the file, or the whole file if it is shorter. */
async function atLeast(octets: number, chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let start: Uint8Array = new Uint8Array()
  while (start.length < octets) {
    const next = await chunks.next()
    if (next.done) break
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value])
  }
  return start
}

async function* joined(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (first.length > 0) yield first
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}
