/** Starts a VIP agent on a node. What it runs is a command that the caller makes for each node. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type NodeName, start } from './network.ts'

export class Agent {
  readonly child: ChildProcess
  readonly #log: string

  constructor(node: NodeName, command: readonly string[], folder: string, env: NodeJS.ProcessEnv = {}) {
    mkdirSync(folder, { recursive: true })
    this.#log = join(folder, `agent-${node}.log`)
    const log = openSync(this.#log, 'a')
    this.child = start(node, command, { stdio: ['ignore', log, log], env: { ...process.env, ...env } })
  }

  /** Its log since the lab was made, with that of earlier agents on this node. */
  get log(): string {
    return readFileSync(this.#log, 'utf8')
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Resolves once it has ended. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.running) return
    const ended = once(this.child, 'exit')
    this.child.kill(signal)
    if (signal === 'SIGKILL') this.child.kill('SIGCONT')
    await ended
  }
}
