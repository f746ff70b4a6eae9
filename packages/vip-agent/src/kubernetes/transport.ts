/** Connections to API servers with one set of credentials, over HTTP/1.1 and TLS. No redirect is followed, nothing is tried twice. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Agent, RequestOptions } from 'node:https'
import { canonicalAddress } from '@softspoken/session/internal'
import { LeaseStoreError } from '../election/lease-store.ts'
import { type Access, type ClientCertificate, credentialsError } from './access.ts'
import type { Answer } from './api-answer.ts'
import { parseJson, printable } from './json.ts'
import { isAddress, isLoopback } from './values.ts'

const MAX_BODY = 1 << 20 // octets; a Lease has some 700
const IDLE = 60_000 // milliseconds after which an idle connection is closed

/** What is sent to one server. */
export interface ApiRequest {
  readonly server: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH'
  /** With its query, from the root of the server's URL. */
  readonly path: string
  readonly body?: string
}

/** The head of an answer, and its body, of which one reader must read or end. */
export interface ApiResponse {
  /** The name of the server in sentences. */
  readonly place: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly octets: AsyncIterable<Buffer>
  /** The token that was sent. */
  readonly secret: string | undefined
}

/** What this node logs in with. */
export interface Login {
  readonly authorization?: string
  readonly certificate?: ClientCertificate
}

export class Transport {
  readonly #authorization: string | undefined
  readonly #agent: Agent
  readonly #vips: readonly string[]

  /** `vips`: canonical addresses that must not be dialled. @throws LeaseStoreError */
  constructor(access: Access, { authorization, certificate }: Login, vips: readonly string[]) {
    // Loaded here, because loading takes Node some time, and not every agent has an election of Kubernetes.
    const { Agent } = process.getBuiltinModule('node:https')
    const { createSecureContext, checkServerIdentity } = process.getBuiltinModule('node:tls')
    const { ca, serverName, insecure } = access
    this.#authorization = authorization
    this.#vips = vips
    try {
      this.#agent = new Agent({
        keepAlive: true,
        maxFreeSockets: 1,
        timeout: IDLE,
        secureContext: createSecureContext({ ...(ca && { ca }), ...certificate }),
        rejectUnauthorized: !insecure,
        // The name for the server (SNI) cannot be an address (RFC 6066 §3).
        ...(serverName !== undefined && !isAddress(serverName) && { servername: serverName }),
        checkServerIdentity: (host, cert) => {
          const problem = checkServerIdentity(serverName ?? host, cert)
          // kubeadm's certificates have no 127.0.0.1, but each API server's has this name.
          const byName =
            problem && serverName === undefined && isLoopback(host) && !checkServerIdentity('kubernetes', cert)
          return byName ? undefined : problem
        },
      })
    } catch (cause) {
      throw credentialsError('the certificates cannot be used for TLS', cause)
    }
  }

  /** Resolves when the head of the answer has arrived. @throws LeaseStoreError */
  async send({ server, method, path, body }: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    const { request } = process.getBuiltinModule('node:https')
    const place = placeOf(server)
    const headers = {
      Accept: 'application/json',
      'User-Agent': 'softspoken',
      ...(body !== undefined && { 'Content-Type': contentType(method), 'Content-Length': Buffer.byteLength(body) }),
      ...(this.#authorization !== undefined && { Authorization: this.#authorization }),
    }
    const options: RequestOptions = { method, headers, signal, agent: this.#agent }
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const fail = (reason: 'unreachable' | 'bad-answer', what: string) =>
        reject(new LeaseStoreError(reason, `${place} ${what}`))
      request(`${server}${path}`, options)
        .on('socket', socket => {
          // A host name may be that of a VIP, which may be on no node yet.
          if (socket.connecting)
            socket.on('lookup', (_error, address) => {
              if (address && this.#vips.includes(canonicalAddress(address))) socket.destroy(vipError(server))
            })
        })
        .on('response', resolve)
        .on('upgrade', (_, socket) => {
          socket.on('error', () => {}).destroy()
          fail('bad-answer', 'changed to another protocol')
        })
        .on('error', error => reject(connectionFailure(error, place)))
        .on('close', () => fail('unreachable', 'closed the connection without an answer'))
        .end(body)
    })
    const { statusCode: status = 0, headers: received } = response
    const secret = this.#authorization?.replace(/^\w+ /, '')
    return { place, status, headers: received, octets: octetsOf(response, place), secret }
  }
}

/** A PATCH has the fields that change, and null for one that goes (RFC 7396). */
function contentType(method: string): string {
  return method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
}

/** The connection is closed if the reader stops before the end. */
async function* octetsOf(response: IncomingMessage, place: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) yield chunk
  } catch (error) {
    throw connectionFailure(error, place)
  }
}

/** The whole answer. @throws LeaseStoreError */
export async function wholeAnswer({ place, status, headers, octets, secret }: ApiResponse): Promise<Answer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of octets) {
    chunks.push(chunk)
    length += chunk.length
    if (length > MAX_BODY) throw new LeaseStoreError('bad-answer', `${place} answered with more than 1 MiB`)
  }
  return { place, status, headers, body: parseJson(Buffer.concat(chunks).toString()), secret }
}

/** The name of a server in sentences. */
export function placeOf(server: string): string {
  return new URL(server).host
}

export function vipError(server: string): LeaseStoreError {
  return credentialsError(
    `the API server ${placeOf(server)} is a virtual IP of this agent, which needs the election first; give this node's own API server, such as https://127.0.0.1:6443`,
  )
}

/** A failed connection, by Node's code for it. */
function connectionFailure(error: unknown, place: string): LeaseStoreError {
  if (error instanceof LeaseStoreError) return error
  const { code = 'no code', message } = error as NodeJS.ErrnoException
  const failure = (reason: 'certificate' | 'bad-answer' | 'unreachable', detail: string) =>
    new LeaseStoreError(reason, `${place} ${detail}`, { cause: error })
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return failure(
      'certificate',
      `has a certificate with other names: ${printable(message)}; tls-server-name in the kubeconfig sets the name`,
    )
  if (/ALERT/.test(code)) return failure('certificate', `refused our certificate or TLS version: ${code}`)
  if (/^HPE_/.test(code)) return failure('bad-answer', `did not answer in HTTP: ${code}`)
  if (/^(ERR_SSL_|EPROTO)/.test(code)) return failure('bad-answer', `did not answer in TLS: ${code}`)
  if (/CERT|^UNABLE_TO_|^CRL_|^INVALID_|^ERR_TLS_/.test(code))
    return failure('certificate', `has a certificate that is not trusted: ${code}`)
  return failure('unreachable', `cannot be reached: ${code}`)
}
