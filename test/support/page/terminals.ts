/** The terminals of a page's reader: a command that goes on keeps its terminal, and the next command gets another one. */
import { Terminal } from './terminal.ts'

export class Terminals {
  readonly #enter: (before: string) => readonly string[]
  readonly #environment: Readonly<Record<string, string>>
  readonly #open: { words: string; terminal: Terminal }[] = []

  constructor(enter: (before: string) => readonly string[], environment: Readonly<Record<string, string>>) {
    this.#enter = enter
    this.#environment = environment
  }

  /** @param before The paragraph before the command */
  free(before: string): Terminal {
    const enter = this.#enter(before)
    const words = enter.join(' ')
    const found = this.#open.find(each => each.words === words && !each.terminal.busy)
    if (found) return found.terminal
    const terminal = new Terminal(enter, this.#environment)
    this.#open.push({ words, terminal })
    return terminal
  }

  /** The newest terminal with a command that goes on. */
  busy(): Terminal | undefined {
    return this.#open.findLast(({ terminal }) => terminal.busy)?.terminal
  }

  [Symbol.dispose](): void {
    for (const { terminal } of this.#open) terminal.stop()
  }
}
