/**
 * The configuration and credentials in use. They are read again if a file of them has changed, and after the API server has
 * refused them. If they cannot be read then, for example because another program is just writing them, the last ones are used.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Clock, Logger } from '@softspoken/session'
import { errorText } from '@softspoken/session/internal'
import type { Access } from './access.ts'
import { type ExecCredential, runExecPlugin } from './exec-plugin.ts'
import { type Login, Transport } from './transport.ts'
import { certificatesIn } from './values.ts'
import { WatchedFiles } from './watched-files.ts'

/** What a request needs. */
export interface Connector {
  readonly access: Access
  readonly login: Login
  readonly transport: Transport
  /** When our certificate ends. */
  readonly certificateEnd: Date | undefined
}

export interface CredentialsOptions {
  readonly read: (files: WatchedFiles) => Promise<Access>
  /** Canonical addresses that must not be dialled. */
  readonly vips: readonly string[]
  readonly clock: Clock
  readonly log: Logger | undefined
}

const PATIENCE = 250 // milliseconds that a request waits for the disk or a command if it has credentials
const RENEW_BEFORE = 60_000 // milliseconds before its end at which the credential of a command is replaced

export class Credentials {
  readonly #options: CredentialsOptions
  #files = new WatchedFiles()
  #exec: ExecCredential | undefined
  #last: Connector | undefined
  #isRefused = false
  #refreshing: Promise<Connector> | undefined
  #failure = ''

  constructor(options: CredentialsOptions) {
    this.#options = options
  }

  /** The last ones that were read; undefined before the first request. */
  get last(): Connector | undefined {
    return this.#last
  }

  /** The API server has refused them: they are read again before the next request. */
  refuse(): void {
    this.#isRefused = true
  }

  /** @throws LeaseStoreError with reason `credentials` */
  current(): Promise<Connector> {
    // One at a time: on a disk that hangs, each look holds a thread of Node.
    this.#refreshing ??= this.#refresh()
      .catch(error => this.#failed(error))
      .finally(() => {
        this.#refreshing = undefined
      })
    return this.#last === undefined ? this.#refreshing : this.#newOrLast(this.#refreshing, this.#last)
  }

  /** A disk or a command that hangs must not cost the lease while the last credentials may still be valid. */
  async #newOrLast(refreshing: Promise<Connector>, last: Connector): Promise<Connector> {
    const { clock } = this.#options
    let timer: unknown
    const patience = new Promise<Connector>(resolve => {
      timer = clock.setTimeout(() => resolve(last), PATIENCE)
    })
    try {
      return await Promise.race([refreshing, patience])
    } catch {
      return last
    } finally {
      clock.clearTimeout(timer)
    }
  }

  /** Logged once, also if no request waits for it any more. The first failure is that of the request. */
  #failed(error: unknown): never {
    const text = errorText(error)
    if (this.#last && text !== this.#failure)
      this.#options.log?.warn({ error: text }, 'the credentials for the API server cannot be read again')
    this.#failure = text
    throw error
  }

  async #refresh(): Promise<Connector> {
    const { read, vips, log } = this.#options
    const isRefused = this.#isRefused
    const last = this.#last
    const isStale = last === undefined || isRefused || (await this.#files.changed())
    const files = isStale ? new WatchedFiles() : this.#files
    const access = isStale ? await read(files) : last.access
    const login = access.exec === undefined ? access : await this.#runExec(access.exec, isStale)
    // Only after a read that succeeds: until then, each request tries again.
    this.#files = files
    this.#failure = ''
    if (isRefused) this.#isRefused = false
    if (last !== undefined && isDeepStrictEqual([access, login], [last.access, last.login])) return last
    const transport = new Transport(access, login, vips)
    this.#last = { access, login, transport, certificateEnd: endOf(login) }
    const { server, insecure } = access
    if (last !== undefined) log?.info({ server }, 'the credentials for the API server have been read again')
    if (insecure) log?.warn({ server }, 'the certificate of the API server is not verified')
    return this.#last
  }

  async #runExec(exec: NonNullable<Access['exec']>, isStale: boolean): Promise<ExecCredential> {
    const left = (this.#exec?.expiresAt ?? Number.POSITIVE_INFINITY) - Date.now()
    if (this.#exec === undefined || isStale || left < RENEW_BEFORE) this.#exec = await runExecPlugin(exec)
    return this.#exec
  }
}

function endOf({ certificate }: Login): Date | undefined {
  const first = certificate && certificatesIn(certificate.cert)?.[0]
  return first && new Date(first.validTo)
}
