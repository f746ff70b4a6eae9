/** A capture of any format that is read here, told apart by its first octets. */
import { gunzipSync } from 'node:zlib'
import { type ReadOptions, readConnections } from './connection.ts'
import { type Entry, InputError, type PassedOver } from './entry.ts'
import { isMrt, readMrt } from './mrt.ts'
import { isPcap, isPcapng, readPcap, readPcapng } from './pcap.ts'

/** @throws InputError where the file is of no known format, or ends before it should, after what came before that. */
export function* readCapture(file: Uint8Array, options: ReadOptions, passedOver: PassedOver): Generator<Entry> {
  if (startsWith(file, '1f8b')) yield* readCapture(unzip(file), options, passedOver)
  else if (isPcap(file)) yield* readConnections(readPcap(file), options, passedOver)
  else if (isPcapng(file)) yield* readConnections(readPcapng(file), options, passedOver)
  else if (isMrt(file)) yield* readMrt(file, passedOver)
  else if (startsWith(file, '425a68'))
    throw new InputError('the file is packed with bzip2; unpack it with bunzip2 first')
  else throw new InputError('the file is no pcap, pcapng or MRT file')
}

function unzip(file: Uint8Array): Uint8Array {
  try {
    return gunzipSync(file)
  } catch (error) {
    throw new InputError(`the file is no sound gzip: ${error instanceof Error ? error.message : error}`)
  }
}
function startsWith(file: Uint8Array, hex: string): boolean {
  return Buffer.from(file.subarray(0, hex.length / 2)).toString('hex') === hex
}
