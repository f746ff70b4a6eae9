/** `softspoken drain` and `softspoken resume`: create and remove the file of disabledBy, which a running agent looks at. */
import { existsSync } from 'node:fs'
import { lstat, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { drained, lookAt, MOST_SHOWN } from '@softspoken/vip-agent/internal'
import { RetryableError, UsageError } from '../config/usage-error.ts'

/** Readable for the user of the agent, whatever the umask of this one. */
const MODE = 0o644
/** A reason has 200 characters at most. */
const MOST_OCTETS = 1024
const CREATE_ONLY = 'wx' // never through a link, and never over another reason

/**
 * Creates the file, and resolves with a sentence. A node that is drained already keeps its time and its reason.
 * @throws UsageError for a reason that is too long; RetryableError if the file cannot be created.
 */
export async function drain(file: string, reason: string): Promise<string> {
  if ([...reason].length > MOST_SHOWN) throw new UsageError(`drain: the reason has more than ${MOST_SHOWN} characters`)
  let lost = ''
  try {
    await using handle = await open(file, CREATE_ONLY, MODE)
    await handle.chmod(MODE)
    await handle.writeFile(reason === '' ? '' : `${reason.replaceAll(/[\r\n]+/g, ' ')}\n`).catch(error => {
      lost = `; its reason cannot be written, ${codeOf(error)}` // on a full disk the file is there all the same
    })
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST') return `already ${await stateOf(file)}; nothing is changed (${file})`
    throw new RetryableError(`drain: ${await whyNot(file, code)}`)
  }
  return `${await stateOf(file)}${lost}. An agent with this file hands over and withdraws within seconds: softspoken status (${file})`
}

/**
 * Removes the file, and resolves with a sentence. What is no reason stays: it was named by mistake, such as a file of options.
 * @throws RetryableError if it cannot be removed.
 */
export async function resume(file: string): Promise<string> {
  let why: string | undefined
  try {
    why = await whyKept(file)
    if (why === undefined) await unlink(file)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') return `not drained: there is no ${file}; nothing is changed`
    throw new RetryableError(`resume: ${file} cannot be removed, ${code}`)
  }
  if (why !== undefined) throw new RetryableError(`resume: ${file} ${why}; remove it by hand`)
  return `in service: ${file} is removed. An agent with this file serves within seconds: softspoken status`
}

/** Undefined if it may be removed. */
async function whyKept(file: string): Promise<string | undefined> {
  const found = await lstat(file)
  if (found.isDirectory()) return 'is a directory'
  if (!found.isFile() && !found.isSymbolicLink()) return 'is no file'
  const look = await lookAt(file)
  const hasLines = look.exists && look.text.trimEnd().includes('\n')
  return found.size > MOST_OCTETS || hasLines ? 'has more in it than one line with a reason' : undefined
}
/** As the agent shows it. */
async function stateOf(file: string): Promise<string> {
  try {
    const found = await lookAt(file)
    return found.exists ? drained(found.since, found.text).detail : 'removed meanwhile'
  } catch {
    return 'drained' // the file could be created, or is there
  }
}
async function whyNot(file: string, code: string): Promise<string> {
  const folder = dirname(file)
  if (code === 'ENOENT' && !existsSync(folder)) return `the folder ${folder} does not exist, make it first`
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return `the folder ${folder} is not writable, ${code}`
  return `${file} cannot be created, ${code}`
}
function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? error) // fs throws no other
}
