import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type {} from 'vitest' // what the augmentation below augments
import type { TestProject } from 'vitest/node'
import { engineAnswers } from './docker.ts'
import { removeLeftLabs } from './lab.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Whether a Docker engine answers and the routers' images are built. */
    engine: boolean
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const engine = await engineAnswers()
  if (engine) build()
  else explain('Interop is not run: no Docker engine answers. Get one with interop/engine.sh, or start yours.')
  project.provide('engine', engine)
  // A test that ran out of time was never left, so its lab was not disposed of.
  return async () => {
    if (engine) await removeLeftLabs()
  }
}

/** Returns quickly when there is nothing to build. */
export function build(): void {
  const script = fileURLToPath(new URL('../images/build.sh', import.meta.url))
  const { status, error } = spawnSync(script, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error("The routers' images could not be built; see above.", { cause: error })
}

/** A developer without Docker can go on; a CI run without interop would prove less than it says. */
function explain(text: string): void {
  if (process.env.CI === 'true') throw new Error(text)
  console.warn(text)
}
