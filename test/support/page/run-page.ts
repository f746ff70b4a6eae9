/** Runs the commands of a page as its reader does, and compares what they print with the page. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { goesOn, matchesOutput } from './output.ts'
import { makeSandbox } from './sandbox.ts'
import { type Step, stepsOf } from './steps.ts'
import { Terminals } from './terminals.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

interface Options {
  /**
   * The words that start a program where a command runs, such as `['docker', 'exec', '-it', id]`. The argument is the paragraph
   * before the command. Default: a sandbox on this host, with the repository as the folder and `softspoken` on the PATH
   */
  enter?: (before: string) => readonly string[]
  environment?: Readonly<Record<string, string>>
  /** Seconds within which a command ends and prints what the page shows. Until then it is run again. */
  within?: number
}

/** @param page The page's path in the repository */
export async function runPage(page: string, options: Options = {}): Promise<void> {
  await runText(readFileSync(join(root, page), 'utf8'), options, page)
}

/** @param page What an error names */
export async function runText(markdown: string, options: Options, page = 'page'): Promise<void> {
  const { enter, environment, within = 60 } = options
  const steps = stepsOf(markdown)
  if (steps.length === 0) throw new Error(`${page} has no commands`)
  using sandbox = enter === undefined ? await makeSandbox(root) : undefined
  using terminals = new Terminals(enter ?? (() => sandbox?.enter ?? []), { ...sandbox?.environment, ...environment })
  for (const step of steps) {
    const problem = await perform(step, terminals, within * 1000)
    if (problem) throw new Error(`${page}:${step.line}: ${problem}`)
  }
}

/** Milliseconds in which a command that has printed what the page shows may end. After that it goes on. */
const GRACE = 1000

/** Returns what went wrong. */
async function perform(step: Step, terminals: Terminals, limit: number): Promise<string | undefined> {
  const interrupts = step.action === 'interrupt'
  const terminal = interrupts ? terminals.busy() : terminals.free(step.before)
  if (terminal === undefined) return 'Ctrl-C, and no command goes on'
  const { output } = step
  const mayGoOn = output !== undefined && goesOn(output) && !interrupts
  const start = () => (interrupts ? terminal.interrupt() : terminal.type(step.code))
  const deadline = performance.now() + limit
  let matchedAt: number | undefined
  let problem: string | undefined
  start()
  while (true) {
    const now = performance.now()
    const { text, code } = terminal.read()
    const ended = code !== undefined
    const matches = output === undefined || matchesOutput(output, text)
    if (matches && ended && (output !== undefined || interrupts || code === 0)) return undefined
    if (matches) matchedAt ??= now
    if (mayGoOn && !ended && now > (matchedAt ?? now) + GRACE) return undefined
    const printed = `and it prints\n${text}\nexpected\n${output ?? 'exit code 0'}`
    if (ended) problem = `exit code ${code}, ${printed}`
    if ((ended && output === undefined) || now > deadline) return problem ?? `it goes on, ${printed}`
    await delay(ended ? 500 : 50)
    if (ended && !interrupts) start()
  }
}
