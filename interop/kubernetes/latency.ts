/** A proxy between two programs of a namespace, whose data arrive later on request. */
import { fileURLToPath } from 'node:url'
import { type Namespace, start } from './network.ts'

export class Latency {
  readonly #child

  /** `port` is where it listens, and `to` the port that it connects to; both on the loopback. */
  constructor(namespace: Namespace, port: number, to: number) {
    const program = fileURLToPath(new URL('latency-program.ts', import.meta.url))
    this.#child = start(namespace, ['node', '--import', 'tsx', program, `${port}`, `${to}`], {
      stdio: ['pipe', 'ignore', 'inherit'],
    })
  }

  /** Milliseconds in each direction; 0 at the start. */
  set(milliseconds: number): void {
    this.#child.stdin?.write(`${milliseconds}\n`)
  }
  stop(): void {
    this.#child.kill()
  }
}
