/** The connections that the nodes open to the router's BGP port, as tcpdump sees them at the router. */
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { address, type NodeName, nodes, start } from './network.ts'

/** One try, which the kernel may send again. `at` is in seconds. */
export interface Dial {
  readonly at: number
  readonly node: NodeName
  readonly port: number
}

/** Resolves once tcpdump captures. What it says before may be a warning. */
export async function untilListening({ stderr }: ChildProcess): Promise<void> {
  for await (const line of createInterface(stderr!)) if (line.includes('listening on')) return
  throw new Error('tcpdump ended at once')
}

export class DialCapture implements Disposable {
  readonly #all: Dial[] = []
  readonly #child = start(
    'rt',
    ['tcpdump', '-ni', 'br0', '-tt', '-l', '--immediate-mode', 'tcp[13] & 0x12 == 0x02 and dst port 179'], // SYN without ACK
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )

  /** Resolves once it listens. */
  static async start(): Promise<DialCapture> {
    const capture = new DialCapture()
    await untilListening(capture.#child)
    return capture
  }

  private constructor() {
    createInterface(this.#child.stdout!).on('line', line => {
      // 1700000000.123456 IP 203.0.113.11.40000 > 203.0.113.1.179: Flags [S], …
      const [, at, from, port] = /^([\d.]+) IP ([\d.]+)\.(\d+) > /.exec(line) ?? []
      const node = nodes.find(name => address[name] === from)
      const dial = { at: Number(at), port: Number(port) }
      const isNew = !this.#all.some(one => one.node === node && one.port === dial.port && dial.at - one.at < 60)
      if (node !== undefined && isNew) this.#all.push({ ...dial, node })
    })
  }

  of(node: NodeName): readonly Dial[] {
    return this.#all.filter(dial => dial.node === node)
  }
  /** The shortest time between two dials of a node, in seconds. */
  shortestInterval(node: NodeName): number {
    const times = this.of(node).map(({ at }) => at)
    return Math.min(...times.slice(1).map((at, i) => at - times[i]!))
  }

  [Symbol.dispose](): void {
    this.#child.kill()
  }
}
