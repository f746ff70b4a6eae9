/** The frames about the VIPs on the segment, as tcpdump sees them at a host that only listens. */
import { createInterface } from 'node:readline'
import { untilListening } from '../capture.ts'
import { start } from '../network.ts'

/** An answer to one host is sent to it alone, and is not seen. */
export interface Frame {
  /** When the kernel of the listening host got it, in milliseconds since the epoch. */
  readonly at: number
  readonly mac: string
  readonly kind: 'request' | 'reply' | 'advertisement' | 'arp-probe' | 'neighbor-probe'
  readonly vip: string
}

export class SegmentCapture implements Disposable {
  readonly frames: Frame[] = []
  readonly #child = start(
    'tap',
    // -p: what a switch would send to a host, and not what the bridge floods
    [
      'tcpdump',
      '-pnei',
      'eth0',
      '-tt',
      '-l',
      '--immediate-mode',
      'arp or (icmp6 and ip6[40] >= 135 and ip6[40] <= 136)',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )

  /** Resolves once it listens. */
  static async start(vips: readonly string[]): Promise<SegmentCapture> {
    const capture = new SegmentCapture(vips)
    await untilListening(capture.#child)
    return capture
  }

  private constructor(vips: readonly string[]) {
    createInterface(this.#child.stdout!).on('line', line => {
      const frame = frameIn(line)
      if (frame && vips.includes(frame.vip)) this.frames.push(frame)
    })
  }

  since(at: number): readonly Frame[] {
    return this.frames.filter(frame => frame.at >= at)
  }
  [Symbol.dispose](): void {
    this.#child.kill()
  }
}

const forms: readonly (readonly [kind: Frame['kind'], form: RegExp])[] = [
  ['arp-probe', /Request who-has (\S+) .*tell 0\.0\.0\.0,/],
  ['request', /Request who-has (\S+) .*tell \1,/],
  ['reply', / > ff:ff:ff:ff:ff:ff, .*Reply (\S+) is-at/],
  ['advertisement', / > ff02::1: .*neighbor advertisement, tgt is ([^,]+),/],
  ['neighbor-probe', / :: > .*neighbor solicitation, who has ([^,]+),/],
]

/** 1700000000.123456 02:00:5e:00:00:02 > ff:ff:ff:ff:ff:ff, ethertype ARP (0x0806), length 42: Request who-has … */
function frameIn(line: string): Frame | undefined {
  const [, seconds, mac = ''] = /^(\d+\.\d+) (\S+) > /.exec(line) ?? []
  for (const [kind, form] of forms) {
    const [, vip] = form.exec(line) ?? []
    if (vip !== undefined) return { at: Number(seconds) * 1000, mac, kind, vip }
  }
  return undefined
}
