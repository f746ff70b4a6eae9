import { type ChildProcess, spawn } from 'node:child_process'
import { dockerUnlessGone } from './docker.ts'
import { waitFor } from './wait-for.ts'

/** The lines that a command in a container has printed so far. */
export class Output {
  #child: ChildProcess
  #stdout = ''
  #stderr = ''
  #container: string | undefined

  /** Runs docker with these arguments; to stop it, `container` is removed, or else only the docker command is ended. */
  constructor(args: string[], container?: string) {
    this.#container = container
    this.#child = spawn('docker', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout?.setEncoding('utf8').on('data', text => (this.#stdout += text))
    this.#child.stderr?.setEncoding('utf8').on('data', text => (this.#stderr += text))
  }

  lines(): string[] {
    // The last piece is empty, or a line that is still being written.
    return this.#stdout.split('\n').slice(0, -1)
  }

  /** Resolves when the command has printed this on standard error. */
  async started(sign: string): Promise<void> {
    await waitFor(
      () => {
        if (this.#child.exitCode !== null) throw new Error(`The command ended at once: ${this.#stderr.trim()}`)
        return this.#stderr.includes(sign) || this.#stderr
      },
      { until: seen => seen === true, within: 20, what: `"${sign}" from ${this.#child.spawnargs.join(' ')}` },
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
