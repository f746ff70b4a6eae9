/** Runs the commands of docs/recipes/drill.md as the page has them, with the lab's names in the place of the page's. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { execInNamespace } from './exec.ts'
import { type Namespace, type NodeName, nodes, start } from './network.ts'

const page = readFileSync(new URL('../../docs/recipes/drill.md', import.meta.url), 'utf8')
/** The command of each row of the table, by what it checks. */
const commands = new Map(
  [...page.matchAll(/^\| \d+ \| ([^|]+) \| [^|]+ \| `([^`]+)` \|/gm)].map(([, check = '', command = '']) => [
    check,
    command,
  ]),
)
/** There is no kubelet here. */
const NOT_RUN = ['Pods']

export class Drill {
  readonly #kubeconfig: string
  readonly #names: Readonly<Record<string, string>>
  readonly #left: Set<string>

  /** `names`: what replaces a text of the page. `others`: rows that are about another kind of router. */
  constructor(kubeconfig: string, names: Readonly<Record<string, string>>, others: readonly string[]) {
    this.#kubeconfig = kubeconfig
    this.#names = names
    this.#left = new Set([...commands.keys()].filter(check => ![...NOT_RUN, ...others].includes(check)))
  }

  /** Runs the command of a row. Resolves with what it prints. `more` are further replacements. */
  async run(check: string, namespace: Namespace, more: Readonly<Record<string, string>> = {}): Promise<string> {
    const command = commands.get(check)
    assert.ok(command, `the page has a row '${check}'`)
    this.#left.delete(check)
    const line = this.#inLab(command, more)
    return (await execInNamespace(namespace, ['env', `KUBECONFIG=${this.#kubeconfig}`, 'sh', '-c', `${line} 2>&1`]))
      .stdout
  }
  /** Undefined while the Lease has no holder. */
  async holder(): Promise<NodeName | undefined> {
    const [, name] = /^plndr-cp-lock +(n\d) /m.exec(await this.run('holder', 'api')) ?? []
    return nodes.find(node => node === name)
  }
  /** The loop of the page, which prints a line for each request without an answer. */
  loop(namespace: Namespace): { readonly lines: readonly string[]; end(): void } {
    const [, script = ''] = /```sh\n(while [^`]*)```/.exec(page) ?? []
    assert.ok(script, 'the page has a loop')
    const child = start(namespace, ['sh', '-c', this.#inLab(script)], { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines: string[] = []
    if (child.stdout) createInterface(child.stdout).on('line', line => lines.push(line))
    return { lines, end: () => child.kill() }
  }
  /** Rejects if a row of the page was not run. */
  assertComplete(): void {
    assert.deepEqual([...this.#left], [])
  }

  #inLab(command: string, more: Readonly<Record<string, string>> = {}): string {
    const all = Object.entries({ ...this.#names, ...more })
    return all.reduce((text, [from, to]) => text.replaceAll(from, to), command)
  }
}
