/** A capture of any format that is read here, told apart by its first octets. */
import { Connections, type ReadOptions } from './connection.ts'
import { type Entry, InputError, type PassedOver } from './entry.ts'
import { Input } from './input.ts'
import { isMrt, MrtReader } from './mrt.ts'
import { isPcap, isPcapng, type Packet, PcapngReader, PcapReader } from './pcap.ts'

/** Octets that tell the formats apart. */
const START = 28

interface Reader<record> {
  /** Undefined until all of the next record is here. @throws InputError if it makes no sense. */
  next(): record | undefined
  /** @throws InputError if the file ends within a record. */
  end(): void
}

/** Feed it the file in chunks, however cut, and then its end; what comes of them is the same. */
export class Capture {
  readonly #input = new Input()
  readonly #passedOver: PassedOver
  /** What all TCP connections keep for later. */
  readonly connections: Connections
  #packets: Reader<Packet> | undefined
  #messages: Reader<Entry> | undefined

  constructor(options: ReadOptions, passedOver: PassedOver) {
    this.#passedOver = passedOver
    this.connections = new Connections(options, passedOver)
  }

  /** Octets of the file that are kept for later. */
  get held(): number {
    return this.#input.held
  }

  /** @throws InputError if the file is of no known format, or makes no sense, after what came before that. */
  *push(chunk: Uint8Array): Generator<Entry> {
    this.#input.push(chunk)
    if (this.#input.held >= START) yield* this.#read()
  }

  /** @throws InputError as push(), and if the file ends before it should, after what came before that. */
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
    const start = this.#input.peek(Math.min(this.#input.held, START)) ?? new Uint8Array()
    if (isPcap(start)) this.#packets = new PcapReader(this.#input)
    else if (isPcapng(start)) this.#packets = new PcapngReader(this.#input, this.#passedOver)
    else if (isMrt(start)) this.#messages = new MrtReader(this.#input, this.#passedOver)
    else throw new InputError(whatElse(start))
  }
}

function whatElse(start: Uint8Array): string {
  const hex = Buffer.from(start.subarray(0, 3)).toString('hex')
  if (start.length === 0) return 'the file is empty'
  if (hex.startsWith('1f8b')) return 'the file is packed with gzip more than once; unpack it with gunzip first'
  if (hex === '425a68') return 'the file is packed with bzip2; unpack it with bunzip2 first'
  return 'the file is no pcap, pcapng or MRT file'
}
