/** Runs one scenario in a lab of its own, and prints its result as JSON: its figures, or its failure with the last log lines. */
import { setTimeout as pause } from 'node:timers/promises'

const LIMIT = 400 // seconds; the longest takes two minutes on a busy machine

interface AnyLab extends AsyncDisposable {
  readonly agents: ReadonlyMap<string, { readonly log: string }>
}

export async function runScenario<lab extends AnyLab>(
  title: string,
  create: () => Promise<lab>,
  run: (lab: lab) => Promise<unknown>,
): Promise<void> {
  const began = performance.now()
  let agents: AnyLab['agents'] = new Map()
  try {
    await using lab = await create()
    ;({ agents } = lab)
    const figures = await Promise.race([run(lab), hangs()])
    print({ title, seconds: Math.round((performance.now() - began) / 1000), figures })
  } catch (error) {
    print({
      title,
      failure: describe(error),
      logs: [...agents].map(([node, { log }]) => lastLines(node, log)).join('\n'),
    })
  }
}

/** Rejects after the limit, so that one scenario that hangs does not take the others with it. */
async function hangs(): Promise<never> {
  await pause(LIMIT * 1000, undefined, { ref: false })
  throw new Error(`it did not end within ${LIMIT} s`)
}
function print(result: object): void {
  console.log(JSON.stringify(result))
}
/** With the line of the scenario. */
function describe(error: unknown): string {
  const [, line] = /(scenarios\/[\w-]+\.ts:\d+)/.exec((error as Error)?.stack ?? '') ?? []
  return line === undefined ? `${error}` : `${error} (${line})`
}
function lastLines(node: string, log: string): string {
  const lines = log.trim().split('\n').slice(-8)
  return [`--- ${node}`, ...lines.map(line => line.slice(0, 240))].join('\n')
}
