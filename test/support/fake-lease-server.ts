/**
 * An API server that knows Leases (coordination.k8s.io/v1), access reviews and /readyz, with the rules of a real one: optimistic concurrency by
 * resourceVersion, the uid as a precondition, times with six digits, watches. It speaks TLS with the certificates in
 * test/fixtures/tls, and makes the faults that a test asks for.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'

/**
 * What goes wrong with a request:
 * - `hang`: no answer
 * - `slow`: the head of an answer, and never its end
 * - `reset`: the connection ends before the request is done
 * - `drop-after-write`: the connection ends after it is done
 * - `server-error`, `unauthorized`, `forbidden`: 500, 401, 403
 * - `wrong-uid`: 409, as if the Lease had been deleted and created again
 */
export type LeaseServerFault =
  | 'hang'
  | 'slow'
  | 'reset'
  | 'drop-after-write'
  | 'server-error'
  | 'unauthorized'
  | 'forbidden'
  | 'wrong-uid'

/** A request as the server received it. */
export interface ReceivedRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** Undefined if it is not JSON. */
  readonly body: unknown
  /** Common name of the client certificate. */
  readonly user: string | undefined
}

/** A Lease as the server keeps it. */
export interface LeaseJson {
  apiVersion?: string
  kind?: string
  metadata: Record<string, unknown> & { name: string; namespace?: string; uid?: string; resourceVersion?: string }
  spec: Record<string, unknown>
}

const tlsFolder = new URL('../fixtures/tls/', import.meta.url)

/** Path of a file in test/fixtures/tls. */
export function tlsFile(name: string): string {
  return fileURLToPath(new URL(name, tlsFolder))
}
const pem = (name: string) => readFileSync(new URL(name, tlsFolder), 'utf8')

/** Writes a kubeconfig with the test authority into the folder. */
export function writeKubeconfig(folder: string, server: string, user: object): string {
  const file = join(folder, 'kubeconfig')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': tlsFile('ca.pem') } }],
    users: [{ name: 'agent', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'agent' } }],
    'current-context': 'test',
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}

export class FakeLeaseServer implements AsyncDisposable {
  /** All requests so far. */
  readonly requests: ReceivedRequest[] = []
  /** The fault of a request; undefined: none. */
  fault: LeaseServerFault | ((request: ReceivedRequest) => LeaseServerFault | undefined) | undefined
  /** Tokens that are accepted. A client certificate of the test authority is always accepted. */
  readonly tokens = new Set<string>()
  /** The Nodes, by name. */
  readonly nodes = new Map<string, LeaseJson>()
  /** Objects of other kinds, by path. */
  readonly objects = new Map<string, object>()
  /** A watch from an earlier version than this one is answered with 410 Gone. */
  oldestVersion = 0
  /** What an access review denies, such as `get nodes`. */
  readonly denied = new Set<string>()
  /** The namespaces that exist. */
  readonly namespaces = new Set(['kube-system', 'default'])

  readonly #leases = new Map<string, LeaseJson>()
  readonly #watches = new Set<{
    readonly namespace: string
    readonly name: string
    readonly response: ServerResponse
  }>()
  readonly #sockets = new Set<Socket>()
  readonly #waiting = new Set<() => void>()
  readonly #events: { readonly key: string; readonly version: number; readonly line: string }[] = []
  #version = 100
  #port = 0
  #server: Server | undefined

  static async listening(): Promise<FakeLeaseServer> {
    const server = new FakeLeaseServer()
    await server.start()
    return server
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`
  }
  /** Connections that are open. */
  get connections(): number {
    return this.#sockets.size
  }

  /** Listens again, on the same port. */
  async start(): Promise<void> {
    const server = createServer(
      {
        cert: pem('server.pem'),
        key: pem('server-key.pem'),
        ca: pem('ca.pem'),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => void this.#receive(request, response),
    )
    server.keepAliveTimeout = 0 // a connection stays open until the client or the test ends it
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
    })
    server.on('tlsClientError', () => {})
    await new Promise<void>(done => server.listen(this.#port, '127.0.0.1', done))
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  /** Ends all connections, and refuses new ones until start(). */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.#watches.clear()
    const closed = new Promise(done => {
      if (server) server.close(done)
      else done(undefined)
    })
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Writes a kubeconfig for this server into the folder; its user has the test client's certificate, or what is given. */
  kubeconfig(
    folder: string,
    user: object = { 'client-certificate': tlsFile('client.pem'), 'client-key': tlsFile('client-key.pem') },
  ): string {
    return writeKubeconfig(folder, this.url, user)
  }

  /** Resolves when `count` requests have been received, with the last of them. */
  async received(count: number): Promise<ReceivedRequest> {
    while (this.requests.length < count) await new Promise<void>(done => this.#waiting.add(done))
    return this.requests[count - 1]!
  }

  /** The Lease `<namespace>/<name>`. */
  lease(lease: string): LeaseJson | undefined {
    return this.#leases.get(lease)
  }
  /** As if another program wrote this Lease: it is created, or these fields are replaced. */
  put(lease: string, spec: Record<string, unknown>, metadata: Record<string, unknown> = {}): LeaseJson {
    const before = this.#leases.get(lease)
    const [namespace = '', name = ''] = lease.split('/')
    return this.#store({
      metadata: { ...before?.metadata, ...metadata, namespace, name },
      spec: { ...before?.spec, ...spec },
    })
  }
  /** As if another program deleted it. */
  delete(lease: string): void {
    const deleted = this.#leases.get(lease)
    this.#leases.delete(lease)
    if (deleted)
      this.#tell('DELETED', { ...deleted, metadata: { ...deleted.metadata, resourceVersion: this.#nextVersion() } })
  }
  /** Ends all watches, as each one ends after its timeout. */
  endWatches(): void {
    for (const { response } of this.#watches) response.end()
    this.#watches.clear()
  }
  /** Sends this line to all watches. */
  sendToWatches(line: string): void {
    for (const { response } of this.#watches) response.write(`${line}\n`)
  }

  async #receive(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk)
    } catch {
      return // the client has gone
    }
    const socket = message.socket as TLSSocket
    const text = Buffer.concat(chunks).toString()
    const request: ReceivedRequest = {
      method: message.method ?? '',
      path: message.url ?? '',
      headers: message.headers,
      body: json(text),
      user: socket.authorized ? String(socket.getPeerCertificate().subject.CN) : undefined,
    }
    const fault = typeof this.fault === 'function' ? this.fault(request) : this.fault
    this.requests.push(request)
    if (fault === 'reset') socket.destroy()
    else if (fault === 'slow') response.writeHead(200, { 'Content-Length': 1000 }).write('{')
    else if (fault !== 'hang') this.#answer(request, response, fault)
    for (const done of this.#waiting) done()
    this.#waiting.clear()
  }

  #answer(request: ReceivedRequest, response: ServerResponse, fault: LeaseServerFault | undefined): void {
    const { path, query } = split(request.path)
    const [, namespace = '', name] =
      /^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/([^/]+)\/leases(?:\/([^/]+))?$/.exec(path) ?? []
    const isHealth = path === '/readyz'
    const [, nodeName] = /^\/api\/v1\/nodes\/([^/]+)$/.exec(path) ?? []
    const isReview = request.method === 'POST' && path === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
    const object = this.objects.get(path)
    const refusal =
      this.#refusal(request, fault) ??
      (namespace === '' && !isHealth && !isReview && nodeName === undefined && object === undefined
        ? status(404, 'NotFound', 'the server could not find the requested resource')
        : undefined)
    if (refusal !== undefined) send(response, refusal)
    else if (isHealth) response.end('ok')
    else if (object) response.setHeader('Content-Type', 'application/json').end(JSON.stringify(object))
    else if (isReview) review(request.body, this.denied, response)
    else if (nodeName !== undefined)
      send(response, this.nodes.get(nodeName) ?? status(404, 'NotFound', `nodes "${nodeName}" not found`, 'nodes'))
    else if (request.method === 'GET' && query.get('watch') === '1') this.#watch(namespace, query, response)
    else {
      const count = this.#leases.size
      const answer = this.#perform(request, namespace, name)
      if (fault === 'drop-after-write') response.socket?.destroy()
      else send(response, answer, this.#leases.size > count)
    }
  }

  #refusal({ headers, user }: ReceivedRequest, fault: LeaseServerFault | undefined): StatusJson | undefined {
    const { authorization = '' } = headers
    const isKnown = user !== undefined || this.tokens.has(authorization.replace('Bearer ', ''))
    if (fault === 'unauthorized' || (!isKnown && authorization !== ''))
      return status(401, 'Unauthorized', 'Unauthorized')
    if (fault === 'forbidden' || !isKnown) return status(403, 'Forbidden', 'leases.coordination.k8s.io is forbidden')
    if (fault === 'server-error') return status(500, 'InternalError', 'etcdserver: request timed out')
    if (fault === 'wrong-uid') return status(409, 'Conflict', 'Precondition failed: UID in precondition')
    return undefined
  }

  #perform({ method, body }: ReceivedRequest, namespace: string, name: string | undefined): StatusJson | LeaseJson {
    const given = body as LeaseJson
    const key = `${namespace}/${name ?? given.metadata.name}`
    const before = this.#leases.get(key)
    const quoted = `leases.coordination.k8s.io "${name ?? given.metadata.name}"`
    if (method === 'GET' && name !== undefined)
      return before ?? status(404, 'NotFound', `${quoted} not found`, 'leases')
    if (method === 'POST' && name === undefined) {
      if (!this.namespaces.has(namespace))
        return status(404, 'NotFound', `namespaces "${namespace}" not found`, 'namespaces')
      if (before) return status(409, 'AlreadyExists', `${quoted} already exists`)
    } else if (method === 'PUT' && name !== undefined) {
      const { resourceVersion, uid, name: named } = given.metadata
      if (named !== name) return status(400, 'BadRequest', 'the name of the object does not match the name on the URL')
      if (!resourceVersion) return status(422, 'Invalid', `${quoted} is invalid: metadata.resourceVersion`)
      if (uid !== undefined && uid !== before?.metadata.uid)
        return status(409, 'Conflict', 'Precondition failed: UID in precondition')
      if (before && before.metadata.resourceVersion !== resourceVersion)
        return status(409, 'Conflict', `Operation cannot be fulfilled on ${quoted}: the object has been modified`)
    } else return status(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource')
    return (
      problemOf(given.spec) ??
      this.#store({ ...given, metadata: { ...given.metadata, namespace, uid: before?.metadata.uid ?? randomUUID() } })
    )
  }

  #watch(namespace: string, query: URLSearchParams, response: ServerResponse): void {
    const name = query.get('fieldSelector')?.replace('metadata.name=', '') ?? ''
    response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders()
    const key = `${namespace}/${name}`
    const from = Number(query.get('resourceVersion') ?? 0)
    const object = this.#leases.get(key)
    if (from < this.oldestVersion && from > 0)
      response.write(event('ERROR', status(410, 'Expired', 'too old resource version')))
    else if (from > 0)
      for (const past of this.#events) if (past.key === key && past.version > from) response.write(past.line)
    if (from === 0 && object) response.write(event('ADDED', object))
    const watch = { namespace, name, response }
    this.#watches.add(watch)
    response.on('close', () => this.#watches.delete(watch))
  }

  #store(object: LeaseJson): LeaseJson {
    const { namespace = '', name } = object.metadata
    const key = `${namespace}/${name}`
    const isNew = !this.#leases.has(key)
    const managedFields = [{ manager: 'unknown', operation: 'Update' }]
    const metadata = {
      uid: randomUUID() as string,
      ...object.metadata,
      managedFields,
      resourceVersion: this.#nextVersion(),
    }
    const stored = { ...object, kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata }
    this.#leases.set(key, stored)
    this.#tell(isNew ? 'ADDED' : 'MODIFIED', stored)
    return stored
  }

  #tell(type: string, object: LeaseJson): void {
    const line = event(type, object)
    const key = `${object.metadata.namespace}/${object.metadata.name}`
    this.#events.push({ key, version: this.#version, line })
    for (const { namespace, name, response } of this.#watches)
      if (namespace === object.metadata.namespace && name === object.metadata.name) response.write(line)
  }
  #nextVersion(): string {
    return String(++this.#version)
  }
}

interface StatusJson {
  readonly kind: 'Status'
  readonly code: number
  readonly reason: string
  readonly message: string
}
function status(code: number, reason: string, message: string, kind?: string): StatusJson {
  const details = kind && { details: { kind } }
  return { kind: 'Status', ...{ apiVersion: 'v1', metadata: {}, status: 'Failure' }, code, reason, message, ...details }
}

/** What a real server finds wrong with a spec. */
function problemOf(spec: Record<string, unknown>): StatusJson | undefined {
  for (const name of ['acquireTime', 'renewTime'])
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(String(spec[name])))
      return status(400, 'BadRequest', `Lease in version "v1" cannot be handled as a Lease: parsing time ${spec[name]}`)
  if (!Number.isInteger(spec.leaseDurationSeconds)) return status(400, 'BadRequest', 'json: cannot unmarshal number')
  if (Number(spec.leaseDurationSeconds) <= 0)
    return status(422, 'Invalid', 'spec.leaseDurationSeconds: must be greater than 0')
  if (Number(spec.leaseTransitions) < 0)
    return status(422, 'Invalid', 'spec.leaseTransitions: must be greater than or equal to 0')
  return undefined
}

function review(body: unknown, denied: ReadonlySet<string>, response: ServerResponse): void {
  const { spec } = body as { spec: { resourceAttributes: { verb: string; resource: string } } }
  const { verb, resource } = spec.resourceAttributes
  const answer = { ...(body as object), status: { allowed: !denied.has(`${verb} ${resource}`) } }
  response.writeHead(201, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
}
function send(response: ServerResponse, body: StatusJson | LeaseJson, isNew = false): void {
  const code = 'code' in body ? body.code : isNew ? 201 : 200
  response.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}
function event(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`
}
function split(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const { pathname, searchParams } = new URL(url, 'https://localhost')
  return { path: pathname, query: searchParams }
}
function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
