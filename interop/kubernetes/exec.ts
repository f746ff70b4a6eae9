import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Namespace } from './network.ts'

const run = promisify(execFile)

/** Runs a command in a namespace until it ends. Its exit code does not matter. */
export async function execInNamespace(namespace: Namespace, command: readonly string[]): Promise<{ stdout: string }> {
  try {
    return await run('ip', ['netns', 'exec', namespace, ...command], { maxBuffer: 16 * 1024 * 1024 })
  } catch (error) {
    return { stdout: (error as { stdout?: string }).stdout ?? '' }
  }
}
