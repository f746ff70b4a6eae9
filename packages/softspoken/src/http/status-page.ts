/** The HTTP server. It listens before there is an announcer, and none of its failures affects a route. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Announcer, HealthGateOptions } from '@softspoken/announcer'
import { errorText } from '@softspoken/session/internal'
import { httpAddress, httpHosts } from './address.ts'
import { Connections, limits } from './connections.ts'
import { pathOf, refusedHost } from './host.ts'
import { type Answer, emptySite, type Shown, siteOf, text } from './site.ts'

const RETRY_MS = 2_000 // between two attempts to listen
const MAX_LOGGED = 16 // refused host names: a client can send any number of them

type Logger = NonNullable<HealthGateOptions['log']>
interface PageOptions {
  /** Names that a Host header may have, besides addresses and localhost. */
  readonly hosts?: readonly string[]
  readonly log?: Logger
  /** Lines of the log that could not be written. */
  readonly droppedLines?: () => number
}

/**
 * Serves the page, `/metrics`, `/healthz`, `/readyz`, `/status` and `/events` on an address and port such as
 * `127.0.0.1:9179` or `[::1]:9179`; port 0 takes a free one. Resolves after the first attempt to
 * listen. If that fails, it logs a warning, tries again every 2 s, and logs when it listens.
 * @throws OptionError for a wrong address or host name.
 */
export async function serve(address: string, options: PageOptions = {}): Promise<StatusPage> {
  const page = new StatusPage(address, options)
  await page.listen()
  return page
}

export class StatusPage implements AsyncDisposable {
  readonly connections: Connections
  readonly #address: string
  readonly #hosts: ReadonlySet<string>
  readonly #log: Logger | undefined
  readonly #droppedLines: () => number
  readonly #server: Server
  readonly #refused = new Set<string>()
  readonly #failed = new Set<string>()
  #site = emptySite()
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(address: string, { hosts = [], log, droppedLines = () => 0 }: PageOptions) {
    httpAddress(address)
    this.#address = address
    this.#hosts = httpHosts(hosts)
    this.#log = log
    this.#droppedLines = droppedLines
    const respond = (request: IncomingMessage, response: ServerResponse) =>
      void this.#respond(request, response).catch(() => request.socket.destroy())
    this.#server = createServer(limits, respond).on('checkContinue', respond)
    this.connections = new Connections(this.#server)
    this.#server.on('error', () => {}) // #try() handles those of listen(); those of accept() are ignored
  }

  /** Undefined while it does not listen. */
  get port(): number | undefined {
    return (this.#server.address() as AddressInfo | null)?.port // a TCP server's address has one
  }

  /**
   * Shows an announcer. Call it in the same step that creates the announcer and its gates: their events are
   * emitted in microtasks, so the page receives all of them.
   */
  attach(announcer: Announcer, { gates = {}, routes = {}, agent }: Partial<Shown> = {}): void {
    this.#site = siteOf(announcer, { gates, routes, agent }, this.#droppedLines)
  }

  /** Resolves after the first try. */
  async listen(): Promise<void> {
    const detail = await this.#try()
    if (detail === undefined) return
    this.#log?.warn({ address: this.#address, detail, retryIn: RETRY_MS / 1000 }, 'page cannot listen')
    this.#later()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#server.closeAllConnections()
    await new Promise(done => this.#server.close(done)) // if it does not listen, it calls back, too
  }

  #later(): void {
    if (this.#closed) return
    this.#timer = setTimeout(async () => {
      if ((await this.#try()) !== undefined) this.#later()
      else this.#log?.info({ address: this.#address }, 'page listens')
    }, RETRY_MS).unref()
  }
  /** Resolves with an error text if it cannot listen. */
  #try(): Promise<string | undefined> {
    const { host, port } = httpAddress(this.#address)
    return new Promise(done => {
      const ended = (error?: Error): void => {
        this.#server.off('error', ended).off('listening', ended)
        done(error?.message)
      }
      this.#server.once('error', ended).once('listening', ended).listen(port, host)
    })
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (!this.connections.begin(request.socket, response)) return
      const { status = 200, type, body } = await this.#answer(request)
      if (response.destroyed) return
      response.writeHead(status, {
        ...safe,
        'Content-Type': type,
        'Content-Length': body.length,
        ...(status === 405 && { Allow: 'GET, HEAD' }),
        ...(hasBody(request) && { Connection: 'close' }), // the body may have no end
      })
      response.end(body)
    } catch (error) {
      request.socket.destroy()
      this.#warn(pathOf(request.url ?? '/'), error)
    }
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { method, url = '/', headersDistinct } = request
    if ((headersDistinct.host?.length ?? 0) > 1) return text('there must be one Host header', 400)
    const refused = refusedHost(request, this.#hosts)
    if (refused !== undefined) return this.#refuse(refused)
    if (method !== 'GET' && method !== 'HEAD') return text('only GET and HEAD are allowed', 405)
    if (hasBody(request)) return text('a request must not have a body', 413)
    const path = pathOf(url)
    const make = this.#site.get(path)
    if (make === undefined) return text('not found', 404)
    try {
      return await make()
    } catch (error) {
      this.#warn(path, error)
      return text('an error, see the log', 500)
    }
  }
  #refuse(host: string): Answer {
    const name = host.slice(0, 255)
    if (!this.#refused.has(name) && this.#refused.size < MAX_LOGGED) {
      this.#refused.add(name)
      this.#log?.warn({ host: name }, 'host refused')
    }
    return text(
      `the host name '${name}' is not allowed: use an address or localhost, or allow the name with --http-host`,
      421,
    )
  }
  /** Once for each path. */
  #warn(path: string, error: unknown): void {
    if (this.#failed.has(path) || this.#failed.size >= MAX_LOGGED) return
    this.#failed.add(path)
    this.#log?.warn({ path, detail: errorText(error) }, 'page failed')
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Headers for browsers: load only our own files, in no frame, and keep nothing. */
const safe = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
}
