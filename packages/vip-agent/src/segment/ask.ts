/** Asks a segment which hosts have an address. The questions are probes, which change no neighbour table and claim nothing. */
import { arpProbe, listAddresses, listInterfaces, neighborProbe, SegmentSocket } from '@softspoken/linux'
import { type Clock, realTime } from '@softspoken/session'
import { parseAddress } from '@softspoken/wire'
import { chooseInterface } from '../address/choose-interface.ts'
import { PROBES } from './budget.ts'

/** The system calls, which a test replaces. */
export type AskCalls = typeof systemCalls
const systemCalls = {
  listInterfaces,
  listAddresses,
  open: (index: number, address: Uint8Array): Pick<SegmentSocket, 'send' | 'receive' | 'close'> =>
    new SegmentSocket(index, [address]),
}

export interface SegmentAnswers {
  readonly interface: string
  /** This host has the address itself, on this interface. Its own kernel does not answer it. */
  readonly own?: string
  /** In the order of their first answers; `after` in milliseconds. */
  readonly answers: readonly { readonly mac: string; readonly after: number }[]
}

const WAIT = 1000 // milliseconds
const POLL = 10

/**
 * @param interfaceName As `AddressOptions.interface`, also `auto`.
 * @throws OptionError if there is no such interface; Error with `code` if this process may not send frames.
 */
export async function askSegment(
  address: string,
  interfaceName: string,
  calls: AskCalls = systemCalls,
  clock: Clock = realTime,
): Promise<SegmentAnswers> {
  const octets = parseAddress(address, 'address')
  const [interfaces, addresses] = [calls.listInterfaces(), calls.listAddresses()]
  const name = chooseInterface(interfaceName, [{ text: address, octets }], { interfaces, addresses })
  const { index = 0, mac, loopback, noArp } = interfaces.find(one => one.name === name) ?? {}
  if (mac === undefined || loopback || noArp) throw new Error(`${name} is no Ethernet interface`)
  const own = addresses.find(one => Buffer.compare(one.address, octets) === 0)?.interface
  const socket = calls.open(index, octets)
  const answers = new Map<string, number>()
  const pause = (milliseconds: number): Promise<void> => new Promise(done => clock.setTimeout(done, milliseconds))
  try {
    const start = clock.now()
    for (let probes = 0; clock.now() - start < WAIT; ) {
      if (probes < PROBES.count && clock.now() - start >= probes * PROBES.spacing) {
        socket.send(octets.length === 4 ? arpProbe(mac, octets) : neighborProbe(mac, octets))
        probes++
      }
      await pause(POLL)
      for (const claim of socket.receive())
        if (claim.kind === 'claim' && !answers.has(claim.mac)) answers.set(claim.mac, clock.now() - start)
    }
  } finally {
    socket.close()
  }
  const found = [...answers].map(([answering, after]) => ({ mac: answering, after }))
  return { interface: name, ...(own !== undefined && { own }), answers: found }
}
