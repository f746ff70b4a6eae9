/** The frames of ARP and NDP on one interface: sends what it is told, and reports what it hears. It makes no decision. */
import {
  arpProbe,
  gratuitousArp,
  isReceiveBalanced,
  isRouter,
  isWireless,
  listInterfaces,
  neighborAdvertisement,
  neighborProbe,
  SegmentSocket,
} from '@softspoken/linux'
import type { Clock, Logger } from '@softspoken/session'
import { errorText } from '@softspoken/session/internal'
import { OptionError } from '@softspoken/wire'
import type { Vip } from '../address/choose-interface.ts'
import { checkSegmentInterface, neededInstead } from './check-interface.ts'

/** The system calls, which a test replaces. */
export interface SegmentCalls {
  readonly listInterfaces: typeof listInterfaces
  readonly isRouter: typeof isRouter
  readonly isWireless: typeof isWireless
  readonly isReceiveBalanced: typeof isReceiveBalanced
  open(
    interfaceIndex: number,
    addresses: readonly Uint8Array[],
  ): Pick<SegmentSocket, 'send' | 'receive' | 'whenReadable' | 'close'>
}
const systemCalls: SegmentCalls = {
  listInterfaces,
  isRouter,
  isWireless,
  isReceiveBalanced,
  open: (index, addresses) => new SegmentSocket(index, addresses),
}

export interface SegmentOptions {
  readonly interface: string
  readonly vips: readonly Vip[]
  readonly clock: Clock
  readonly log: Logger
  /** Another MAC address claims a VIP. */
  readonly heard: (mac: string) => void
  /** After each poll; one comes at least each second. */
  readonly polled: () => void
}

/** Milliseconds between two polls if no frame comes: a socket that failed is opened again. */
const POLL_INTERVAL = 1000
/** Of one poll: forged frames may have any number of MAC addresses. */
const MAX_MACS = 8

export class Segment {
  /** How many frames were sent. */
  framesSent = 0
  readonly #options: SegmentOptions
  readonly #calls: SegmentCalls
  readonly #addresses: readonly Uint8Array[]
  #mac: string | undefined
  #index: number | undefined
  #needed: string | undefined
  #isListening = false
  #socket: ReturnType<SegmentCalls['open']> | undefined
  #timer: unknown
  #isBroken = false

  /** @throws OptionError for an interface without a segment, or if this process may not send frames */
  constructor(options: SegmentOptions, calls: SegmentCalls = systemCalls) {
    this.#options = options
    this.#calls = calls
    this.#addresses = options.vips.map(({ octets }) => octets)
    checkSegmentInterface(options, calls)
    this.link()
    try {
      if (this.#index !== undefined) calls.open(this.#index, this.#addresses).close()
    } catch (error) {
      throw new OptionError('arp', true, `false, because this process may not send frames: ${errorText(error)}`)
    }
  }

  /** The interface now. One that has become a port of a bridge receives nothing, as without carrier. */
  link(): { readonly mac: string | undefined; readonly carrier: boolean } {
    const { interface: name, log } = this.#options
    const interfaces = this.#calls.listInterfaces()
    const found = interfaces.find(one => one.name === name)
    const needed = found && neededInstead(name, interfaces)
    if (needed !== undefined && needed !== this.#needed)
      log.error({ interface: name, detail: `it must be ${needed}` }, 'the interface cannot have VIPs any more')
    this.#needed = needed
    if (found?.index !== this.#index) this.#close() // it was removed and added again
    this.#index = found?.index
    this.#mac = found?.mac
    this.#open()
    return { mac: found?.mac, carrier: found?.carrier === true && needed === undefined }
  }

  listen(): void {
    this.#isListening = true
    this.#open()
    this.#pollAgain()
  }
  endListening(): void {
    this.#isListening = false
    this.#options.clock.clearTimeout(this.#timer)
    this.#close()
  }
  /** Reports what was received since the last poll. */
  poll(): void {
    if (!this.#isListening) return
    this.#open()
    const claims = this.#attempt(() => this.#socket?.receive()) ?? []
    const macs = new Set(claims.filter(({ kind, mac }) => kind === 'claim' && mac !== this.#mac).map(({ mac }) => mac))
    for (const mac of [...macs].slice(0, MAX_MACS)) this.#options.heard(mac)
    this.#options.polled()
  }

  /** One probe for each VIP. */
  probe(): void {
    this.#send((mac, { octets }) => [octets.length === 4 ? arpProbe(mac, octets) : neighborProbe(mac, octets)])
  }
  /** One announcement for each VIP. Some devices take a request only, or a reply only. */
  announce(): void {
    const router = this.#calls.isRouter(this.#options.interface)
    this.#send((mac, { octets }) =>
      octets.length === 4
        ? [gratuitousArp(mac, octets, 'request'), gratuitousArp(mac, octets, 'reply')]
        : [neighborAdvertisement(mac, octets, { router })],
    )
  }

  #send(framesOf: (mac: string, vip: Vip) => readonly Uint8Array[]): void {
    const mac = this.#mac
    if (mac === undefined) return
    this.#open()
    for (const frame of this.#options.vips.flatMap(vip => framesOf(mac, vip)))
      this.#attempt(() => {
        if (!this.#socket) return
        this.#socket.send(frame)
        this.framesSent++
      })
  }
  #open(): void {
    const index = this.#index
    if (this.#socket || index === undefined || !this.#isListening) return
    this.#socket = this.#attempt(() => this.#calls.open(index, this.#addresses))
    this.#socket?.whenReadable(() => this.poll())
  }
  #close(): void {
    this.#socket?.close()
    this.#socket = undefined
  }
  #pollAgain(): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#pollAgain()
      this.poll()
    }, POLL_INTERVAL)
  }
  /** An error is logged once, until a call works again. The burst and the next frames are the repetition. */
  #attempt<result>(run: () => result): result | undefined {
    try {
      const result = run()
      this.#isBroken = false
      return result
    } catch (error) {
      const { interface: name, log } = this.#options
      if (!this.#isBroken) log.error({ interface: name, error: errorText(error) }, 'frames cannot be sent or received')
      this.#isBroken = true
      return undefined
    }
  }
}
