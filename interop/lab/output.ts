import { type ChildProcess, spawn } from 'node:child_process'
import { dockerUnlessGone } from './docker.ts'
import { waitFor } from './wait-for.ts'

/** A command in a container, and the lines that it has printed so far. */
export class Output {
  #child: ChildProcess
  #stdout = ''
  #stderr = ''
  #container: string | undefined

  /** Runs docker with these arguments. `stop` removes the container; without one it ends only the docker command. */
  constructor(args: string[], container?: string) {
    this.#container = container
    this.#child = spawn('docker', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout?.setEncoding('utf8').on('data', text => (this.#stdout += text))
    this.#child.stderr?.setEncoding('utf8').on('data', text => (this.#stderr += text))
  }

  lines(): string[] {
    // The last piece is empty, or a line that is still incomplete.
    return this.#stdout.split('\n').slice(0, -1)
  }

  /** Resolves when the command has printed this text on standard error. */
  async started(text: string): Promise<void> {
    await waitFor(
      () => {
        if (this.#child.exitCode !== null) throw new Error(`The command ended at once: ${this.#stderr.trim()}`)
        return this.#stderr.includes(text) || this.#stderr
      },
      { until: found => found === true, within: 20, what: `"${text}" from ${this.#child.spawnargs.join(' ')}` },
    )
  }

  async stop(): Promise<void> {
    if (this.#container) await dockerUnlessGone('rm', '--force', this.#container)
    this.#child.kill()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
