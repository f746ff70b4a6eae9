/** Sends requests to the API server with the current credentials, each once and with a deadline. */
import { LeaseStoreError } from '../election/lease-store.ts'
import { type Answer, failureOf } from './api-answer.ts'
import { Credentials } from './credentials.ts'
import { withDeadline } from './deadline.ts'
import { readKubeconfig } from './kubeconfig.ts'
import { isVip, type KubernetesLeaseConfig } from './options.ts'
import { readServiceAccount, serviceAccountFolder } from './service-account.ts'
import { type ApiRequest, type ApiResponse, placeOf, vipError, wholeAnswer } from './transport.ts'

/** What `KubernetesLease.status()` returns. */
export interface KubernetesLeaseStatus {
  /** URL of the API server; undefined until the configuration has been read. */
  readonly server?: string
  /** When our client certificate ends; undefined if we have none. */
  readonly certificateEnd?: Date
}

/** Without a server: this node's own. */
type Request = Omit<ApiRequest, 'server'> & { readonly server?: string | undefined }

export class ApiClient {
  readonly #config: KubernetesLeaseConfig
  readonly #credentials: Credentials

  constructor(config: KubernetesLeaseConfig) {
    const { kubeconfig, context, vips, clock, log } = config
    this.#config = config
    this.#credentials = new Credentials({
      read: files =>
        kubeconfig === undefined
          ? readServiceAccount(process.env, serviceAccountFolder, files)
          : readKubeconfig(kubeconfig, context, files),
      vips,
      clock,
      log,
    })
  }

  /** The name of the server in sentences. */
  #place(): string {
    const { server } = this.status()
    return server === undefined ? 'the API server' : placeOf(server)
  }

  status(): KubernetesLeaseStatus {
    const { last } = this.#credentials
    const server = this.#config.server ?? last?.access.server
    const certificateEnd = last?.certificateEnd
    return { ...(server !== undefined && { server }), ...(certificateEnd && { certificateEnd }) }
  }

  /** Reads configuration and credentials. @throws LeaseStoreError */
  load(): Promise<void> {
    const { signal } = new AbortController()
    return this.#withDeadline(this.#config.requestTimeout, signal, async () => {
      const { access } = await this.#credentials.current()
      this.#serverOf(access.server)
    })
  }

  /** The whole answer, of any status but 401. @throws LeaseStoreError */
  request(request: Request, signal: AbortSignal): Promise<Answer> {
    return this.#withDeadline(this.#config.requestTimeout, signal, async signal => {
      return wholeAnswer(await this.#send(request, signal))
    })
  }

  /**
   * Gives `read` an answer with status 200, whose body may arrive for `seconds` and the time of one request.
   * @throws LeaseStoreError
   */
  stream(
    path: string,
    seconds: number,
    signal: AbortSignal,
    read: (response: ApiResponse) => Promise<void>,
  ): Promise<void> {
    const { requestTimeout } = this.#config
    return this.#withDeadline(seconds * 1000 + requestTimeout, signal, async signal => {
      const response = await this.#withDeadline(requestTimeout, signal, () =>
        this.#send({ method: 'GET', path }, signal),
      )
      if (response.status !== 200) throw failureOf(await wholeAnswer(response))
      await read(response)
    })
  }

  async #send(request: Request, signal: AbortSignal): Promise<ApiResponse> {
    const { access, transport } = await this.#credentials.current()
    const server = request.server ?? this.#serverOf(access.server)
    try {
      const response = await transport.send({ ...request, server }, signal)
      if (response.status !== 401) return response
      throw failureOf(await wholeAnswer(response))
    } catch (error) {
      // They may have been replaced since they were read: a renewed certificate, or a token that is valid for an hour.
      if (error instanceof LeaseStoreError && (error.reason === 'unauthorized' || error.reason === 'certificate'))
        this.#credentials.refuse()
      throw error
    }
  }

  #serverOf(configured: string): string {
    const server = this.#config.server ?? configured
    if (isVip(server, this.#config.vips)) throw vipError(server)
    return server
  }

  #withDeadline<result>(
    milliseconds: number,
    signal: AbortSignal,
    run: (signal: AbortSignal) => Promise<result>,
  ): Promise<result> {
    return withDeadline(this.#config.clock, milliseconds, signal, () => this.#place(), run)
  }
}
