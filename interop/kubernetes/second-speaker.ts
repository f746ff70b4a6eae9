/** Another BGP speaker on a node, with the address and the AS number of the agent. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execInNamespace } from './exec.ts'
import { address, type NodeName, start } from './network.ts'
import { NODE_AS, ROUTER_AS } from './router.ts'

export class SecondSpeaker implements AsyncDisposable {
  readonly #node: NodeName
  readonly #control: string
  readonly #child

  /** It announces `vip`, without a MED, while `announces(true)`. It dials about once a second after a failure. */
  constructor(node: NodeName, folder: string, vip: string) {
    this.#node = node
    mkdirSync(folder, { recursive: true })
    const configuration = join(folder, `speaker-${node}.conf`)
    this.#control = join(folder, `speaker-${node}.ctl`)
    writeFileSync(
      configuration,
      `
        router id ${address[node]};
        protocol device {}
        protocol static vip { disabled; ipv4; route ${vip}/32 via "lo"; }
        protocol bgp {
          local ${address[node]} as ${NODE_AS}; neighbor ${address.rt} as ${ROUTER_AS};
          connect delay time 1; connect retry time 1; error wait time 1, 2;
          ipv4 { import none; export where proto = "vip"; next hop self; };
        }
      `,
    )
    this.#child = start(node, ['bird', '-f', '-c', configuration, '-s', this.#control])
  }

  async isEstablished(): Promise<boolean> {
    return (await this.#ask('show', 'protocols')).includes('Established')
  }
  /** Begins or ends to announce. */
  announces(on: boolean): void {
    execFileSync('ip', ['netns', 'exec', this.#node, 'birdc', '-s', this.#control, on ? 'enable' : 'disable', 'vip'])
  }
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill()
    await once(this.#child, 'exit')
  }

  async #ask(...question: string[]): Promise<string> {
    return (await execInNamespace(this.#node, ['birdc', '-s', this.#control, ...question])).stdout
  }
}
