import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The docker command failed. The message has its output. */
export class DockerError extends Error {
  override name = 'DockerError'
}

/** Runs the docker command and resolves with its standard output. */
export async function docker(...args: string[]): Promise<string> {
  try {
    const { stdout } = await run('docker', args, { maxBuffer: 64 * 1024 * 1024, timeout: 60_000 })
    return stdout.trimEnd()
  } catch (cause) {
    throw new DockerError(`docker ${args[0]}: ${outputOf(cause)}`, { cause })
  }
}

/** A removal, which accepts that the thing is gone: a container with --rm ends itself, and two processes may remove one lab. */
export async function dockerUnlessGone(...args: string[]): Promise<void> {
  try {
    await docker(...args)
  } catch (error) {
    if (!(error instanceof DockerError && /no such|not found|already in progress/i.test(error.message))) throw error
  }
}

export async function engineAnswers(): Promise<boolean> {
  try {
    await run('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 })
    return true
  } catch {
    return false
  }
}

/** What a failed command printed. Some, such as birdc, print their errors on standard output. */
function outputOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
  return [stderr.trim(), stdout.trim()].filter(Boolean).join('\n') || error.message
}
