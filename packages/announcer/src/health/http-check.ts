/** A health check that requests a URL. */
import type { IncomingMessage, request as Request, RequestOptions } from 'node:http'
import type { SecureContext, SecureContextOptions } from 'node:tls'
import { assertInteger, omitUndefined, rejectUnknown } from '@softspoken/session/internal'
import { OptionError } from '@softspoken/wire'
import type { Check } from './options.ts'
import { untilAborted } from './until-aborted.ts'

/** Options of `httpCheck()`: what the answer must be, and certificates for TLS. */
export interface HttpCheckOptions {
  /** The status that passes, 200 to 599. Default: any from 200 to 299. Redirections are not followed. */
  status?: number
  /** What the first 64 KiB of the body must contain or match. Default: the body is not read. */
  body?: string | RegExp
  /** Certificate authorities to trust, in PEM. Default: those of Node. */
  ca?: string | Uint8Array
  /** Our certificate, in PEM; together with `key`. */
  cert?: string | Uint8Array
  /** The key of `cert`, in PEM. */
  key?: string | Uint8Array
  /** `'none'` accepts any certificate, so that any host may answer. Default: the certificate is verified. */
  verify?: 'none'
}

const MAX_BODY = 65_536 // octets of a body that are read

/**
 * Sends GET over a new connection, so that each check tests connection and TLS too. Errors show the origin and path of the URL
 * only: user, password and query are secrets.
 * @throws OptionError
 */
export function httpCheck(url: string, options: HttpCheckOptions = {}): Check {
  rejectUnknown(options, ['status', 'body', ...tlsOptions, 'verify'], 'httpCheck')
  const { status, body, ca, cert, key, verify } = options
  const target = parse(url)
  const place = `${target.origin}${target.pathname}`
  const isTls = target.protocol === 'https:'
  const useless = [...tlsOptions, 'verify'].find(name => !isTls && name in options)
  if (useless !== undefined) throw secret(useless, `left out: ${place} has no certificate`)
  const certificates = pem({ ca, cert, key })
  if ((cert === undefined) !== (key === undefined))
    throw secret(cert === undefined ? 'cert' : 'key', 'given, because cert and key go together')
  if (verify !== undefined && verify !== 'none') throw new OptionError('httpCheck.verify', verify, "'none' or left out")
  if (verify === 'none' && ca !== undefined) throw secret('ca', "left out beside verify 'none', which does not use it")
  if (status !== undefined) assertInteger(status, 200, 599, 'httpCheck.status') // an answer ends with a status of 200 or more
  if (body !== undefined && typeof body !== 'string' && !(body instanceof RegExp))
    throw new OptionError('httpCheck.body', body, 'a string or a regular expression')
  const tls = isTls && {
    secureContext: secureContext(certificates),
    rejectUnauthorized: verify !== 'none',
  }
  // Loaded here, because loading takes Node some time, and programs without such a check start sooner.
  const { request } = process.getBuiltinModule(isTls ? 'node:https' : 'node:http')
  return signal =>
    untilAborted(signal, async () => {
      const response = await answer(request, target, place, { agent: false, signal, ...tls })
      try {
        const { statusCode = 0 } = response
        const isRight = status === undefined ? statusCode >= 200 && statusCode < 300 : statusCode === status
        if (!isRight) throw wrongStatus(place, statusCode, cert !== undefined || target.username !== '')
        if (body === undefined) return
        const text = await beginning(response)
        const matches = typeof body === 'string' ? text.includes(body) : text.search(body) >= 0
        if (!matches) throw new Error(`${place} answered ${statusCode}, but not ${body}`)
      } finally {
        response.destroy()
      }
    })
}

const tlsOptions = ['ca', 'cert', 'key'] as const

/** The error does not show the URL: it may hold a password. */
function parse(url: string): URL {
  const target = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
  if (target?.protocol === 'http:' || target?.protocol === 'https:') return target
  throw secret('url', 'a URL that begins with http:// or https://, such as https://127.0.0.1:6443/livez')
}

/** An error without the value, which may hold a secret. */
function secret(name: string, allowed: string): OptionError {
  return new OptionError(`httpCheck.${name}`, undefined, allowed, `it must be ${allowed}`)
}

/** Resolves when the head of the answer has arrived. Rejects if the connection ends in any way without one. */
function answer(send: typeof Request, url: URL, place: string, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((answered, failed) => {
    send(url, options)
      .on('response', answered)
      .on('upgrade', ({ statusCode }, socket) => {
        socket.on('error', () => {}).destroy()
        failed(new Error(`${place} answered ${statusCode}, and changed to another protocol`))
      })
      .on('error', error => failed(withAdvice(error)))
      .on('close', () => failed(new Error(`${place} closed the connection without an answer`)))
      .end()
  })
}

function wrongStatus(place: string, statusCode: number, hasCredentials: boolean): Error {
  const error = new Error(`${place} answered ${statusCode}${adviceFor(statusCode, hasCredentials)}`)
  // Such an answer stays the same until a person changes a configuration.
  return [401, 403, 404].includes(statusCode) ? Object.assign(error, { reason: 'misconfigured' }) : error
}
function adviceFor(statusCode: number, hasCredentials: boolean): string {
  if (statusCode !== 401 && statusCode !== 403) return ''
  const credentials = hasCredentials
    ? 'check the permissions of our credentials'
    : 'credentials (cert and key) are missing'
  return `: ${credentials}, or it must allow anonymous requests (kube-apiserver: --anonymous-auth)`
}
function withAdvice(error: Error & { readonly code?: string }): Error {
  const { code = '' } = error
  const advice = /^UNABLE_TO_(VERIFY_LEAF|GET_ISSUER)|SELF_SIGNED_CERT/.test(code)
    ? ': set ca to the authority of its certificate'
    : /^ERR_SSL_.*ALERT/.test(code)
      ? ': the service ended TLS, check our certificate (cert and key) and which it accepts'
      : ''
  return advice === '' ? error : new Error(`${error.message.trim()}${advice}`, { cause: error })
}

async function beginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= MAX_BODY) break
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY).toString()
}

/** @throws OptionError for PEM that Node cannot read, with Node's error as its cause. */
function secureContext(given: SecureContextOptions): SecureContext {
  const { createSecureContext } = process.getBuiltinModule('node:tls')
  let name: (typeof tlsOptions)[number] = 'key'
  try {
    for (name of tlsOptions) if (name !== 'key') createSecureContext({ [name]: given[name] })
    return createSecureContext(given)
  } catch (cause) {
    throw Object.assign(secret(name, name === 'key' ? 'the key of cert, in PEM' : 'valid PEM'), { cause })
  }
}

/** Node's types need undefined options to be absent, and Buffers. */
function pem(given: { [name in (typeof tlsOptions)[number]]: string | Uint8Array | undefined }): object {
  return Object.fromEntries(
    Object.entries(omitUndefined(given)).map(([name, text]) => {
      if (typeof text !== 'string' && !(text instanceof Uint8Array))
        throw secret(name, 'PEM, as a string or a Uint8Array')
      const octets = Buffer.from(text)
      if (!octets.includes('-----BEGIN ')) throw secret(name, "PEM, with a line '-----BEGIN …'")
      return [name, octets]
    }),
  )
}
