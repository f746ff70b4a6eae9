/** Reads small files, and knows later whether one of them has changed: in place, by rename, or behind a link. */
import { readFile, stat } from 'node:fs/promises'
import { credentialsError } from './access.ts'

const MAX_FILE = 1 << 20 // octets; a kubeconfig with many clusters has some 100 KiB

export class WatchedFiles {
  readonly #states = new Map<string, string>()

  /**
   * `from` names the file in errors: the path itself may be a token that was pasted into the wrong field.
   * @throws LeaseStoreError
   */
  async read(path: string, from: string): Promise<Buffer> {
    try {
      const before = await stat(path, { bigint: true }) // it follows links, as those of a mounted Secret
      // Noted before the file is read: a change during the read is a change.
      this.#states.set(path, stateOf(before))
      // A pipe or a device would block or never end.
      if (!before.isFile() || before.size > MAX_FILE)
        throw credentialsError(`${from} must be a regular file of at most 1 MiB`)
      return await readFile(path)
    } catch (error) {
      if (!this.#states.has(path)) this.#states.set(path, MISSING)
      const { code } = error as NodeJS.ErrnoException
      throw code === undefined ? error : credentialsError(`${from} cannot be read: ${code}`)
    }
  }

  /** Whether a file has changed since it was read, or since it could not be read. */
  async changed(): Promise<boolean> {
    const states = await Promise.all(
      [...this.#states].map(async ([path, before]) => {
        const now = await stat(path, { bigint: true }).then(stateOf, () => MISSING)
        return now !== before
      }),
    )
    return states.includes(true)
  }
}

const MISSING = 'missing'

function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: import('node:fs').BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}
