/** A capture in any supported format; its first octets show which one. */
import { Connections, type ReadOptions } from './connection.ts'
import { type Entry, InputError, type Skipped } from './entry.ts'
import { Input } from './input.ts'
import { isMrt, MrtReader } from './mrt.ts'
import { isPcap, isPcapng, type Packet, PcapngReader, PcapReader } from './pcap.ts'

/** Octets that are enough to recognise the format. */
const SIGNATURE = 28

interface Reader<record> {
  /** Undefined until the whole next record has arrived. @throws InputError if the record is malformed. */
  next(): record | undefined
  /** @throws InputError if the file ends within a record. */
  end(): void
}

/** Takes the file in chunks of any size, and then its end; the entries do not depend on the chunks. */
export class Capture {
  readonly #input = new Input()
  readonly #skipped: Skipped
  /** The TCP connections, with the segments that they keep for later. */
  readonly connections: Connections
  #packets: Reader<Packet> | undefined
  #messages: Reader<Entry> | undefined

  constructor(options: ReadOptions, skipped: Skipped) {
    this.#skipped = skipped
    this.connections = new Connections(options, skipped)
  }

  /** Octets of the file that are kept for later. */
  get held(): number {
    return this.#input.held
  }

  /** @throws InputError if the format is unknown or the file is malformed. The entries before that place come first. */
  *push(chunk: Uint8Array): Generator<Entry> {
    this.#input.push(chunk)
    if (this.#input.held >= SIGNATURE) yield* this.#read()
  }

  /** @throws InputError as push() does, and if the file ends within a record. */
  *end(): Generator<Entry> {
    yield* this.#read()
    this.#packets?.end()
    this.#messages?.end()
    yield* this.connections.end()
  }

  *#read(): Generator<Entry> {
    if (this.#packets === undefined && this.#messages === undefined) this.#begin()
    const { connections } = this
    for (let packet = this.#packets?.next(); packet !== undefined; packet = this.#packets?.next())
      yield* connections.push(packet)
    for (let message = this.#messages?.next(); message !== undefined; message = this.#messages?.next()) yield message
  }

  #begin(): void {
    const start = this.#input.peek(Math.min(this.#input.held, SIGNATURE)) ?? new Uint8Array()
    if (isPcap(start)) this.#packets = new PcapReader(this.#input)
    else if (isPcapng(start)) this.#packets = new PcapngReader(this.#input, this.#skipped)
    else if (isMrt(start)) this.#messages = new MrtReader(this.#input, this.#skipped)
    else throw new InputError(unknownFormat(start))
  }
}

function unknownFormat(start: Uint8Array): string {
  const hex = Buffer.from(start.subarray(0, 3)).toString('hex')
  if (start.length === 0) return 'the file is empty'
  if (hex.startsWith('1f8b')) return 'the file is compressed with gzip more than once; decompress it with gunzip first'
  if (hex === '425a68') return 'the file is compressed with bzip2; decompress it with bunzip2 first'
  return 'the file is not a pcap, pcapng or MRT file'
}
