import type {} from 'vitest' // what the augmentation below augments
import type { TestProject } from 'vitest/node'
import { engineAnswers } from '../lab/docker.ts'
import { build, skipOrFail } from '../lab/setup.ts'
import { kubeApiserver } from './assets.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Whether a Docker engine answers, and there is a kube-apiserver. */
    kubernetes: boolean
  }
}

export default async function setup(project: TestProject): Promise<void> {
  project.provide('kubernetes', (await engineAnswers()) && hasApiserver())
}

/** Builds it if necessary. */
function hasApiserver(): boolean {
  try {
    kubeApiserver()
    build()
    return true
  } catch (error) {
    skipOrFail(`The tests of interop/kubernetes are skipped: ${error instanceof Error ? error.message : error}`)
    return false
  }
}
