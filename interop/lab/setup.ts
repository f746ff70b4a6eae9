import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type {} from 'vitest' // what the augmentation below augments
import type { TestProject } from 'vitest/node'
import { engineAnswers } from './docker.ts'
import { removeLeftLabs } from './lab.ts'
import { type Suite, suite } from './suite.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Whether a Docker engine answers and the images are built. */
    engine: boolean
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const engine = await engineAnswers()
  if (engine) build()
  else skipOrFail('Interop is skipped: no Docker engine answers. Install one with interop/engine.sh, or start yours.')
  project.provide('engine', engine)
  // A test that timed out has not disposed of its lab.
  return async () => {
    if (engine) await removeLeftLabs()
  }
}

/** Returns quickly if all images are built: all of stable, and the daemons of another suite. */
export function build(from: Suite = suite): void {
  const script = fileURLToPath(new URL('../images/build.sh', import.meta.url))
  for (const one of new Set<Suite>(['trixie', from])) {
    const { status, error } = spawnSync(script, [one], { stdio: ['ignore', 'inherit', 'inherit'] })
    if (status !== 0) throw new Error("The routers' images could not be built; see above.", { cause: error })
  }
}

/** A developer without Docker can continue. In CI, a run without interop tests is an error. */
export function skipOrFail(text: string): void {
  if (process.env.CI === 'true') throw new Error(text)
  console.warn(text)
}
