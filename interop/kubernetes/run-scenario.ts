/** Runs one scenario in a lab of its own, and prints its result as JSON: its figures, or its failure with the last log lines. */
interface AnyLab extends AsyncDisposable {
  readonly agents: ReadonlyMap<string, { readonly log: string }>
}

export async function runScenario<lab extends AnyLab>(
  title: string,
  create: () => Promise<lab>,
  run: (lab: lab) => Promise<unknown>,
): Promise<void> {
  const began = performance.now()
  const lab = await create()
  try {
    const figures = await run(lab)
    console.log(JSON.stringify({ title, seconds: Math.round((performance.now() - began) / 1000), figures }))
  } catch (error) {
    const logs = [...lab.agents].map(([node, { log }]) => `--- ${node}\n${log.split('\n').slice(-15).join('\n')}`)
    console.log(JSON.stringify({ title, failure: `${error}`, logs: logs.join('\n') }))
  } finally {
    await lab[Symbol.asyncDispose]()
  }
}
