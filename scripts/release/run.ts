import { execFileSync } from 'node:child_process'

export const root = new URL('../..', import.meta.url).pathname

/**
 * What the command prints on standard output.
 * @throws Error with both outputs if it fails
 */
export function run(
  command: string,
  words: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
): string {
  try {
    return execFileSync(command, words, {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
      timeout: 300_000,
      maxBuffer: 64 * 1024 * 1024,
    })
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string }
    throw new Error([message.split('\n')[0], stdout, stderr].join('\n'))
  }
}
