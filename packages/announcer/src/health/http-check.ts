/** A health check: does this URL answer as it should? */
import type { IncomingMessage, RequestOptions, request } from 'node:http'
import { assertInteger, rejectUnknown } from '@softspoken/session/internal'
import { OptionError } from '@softspoken/wire'
import type { Check } from './options.ts'
import { untilAborted } from './until-aborted.ts'

/** Options of `httpCheck()`: what the answer must be, and whom to trust and be over TLS. */
export interface HttpCheckOptions {
  /** What the status must be, 200 to 599. Default: any from 200 to 299. Redirections are not followed. */
  status?: number
  /** What the body must contain, or match, within its first 64 KiB. Default: anything, and it is not read. */
  body?: string | RegExp
  /** Authorities to trust instead of those that Node knows, in PEM. */
  ca?: string | Uint8Array
  /** Our certificate and its key, in PEM: both or neither. */
  cert?: string | Uint8Array
  key?: string | Uint8Array
  /** `'none'` takes any certificate, so whoever answers is believed. Default: it is verified. */
  verify?: 'none'
}

const MOST = 65_536 // octets of a body that are looked at

/**
 * GETs the URL over a connection of its own, so that each check goes the whole way. What fails names the URL's origin and
 * path alone: a user, a password and a query are secrets.
 * @throws OptionError; and what Node throws for a bad certificate.
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
  if (status !== undefined) assertInteger(status, 200, 599, 'httpCheck.status') // no other ends an answer
  if (body !== undefined && typeof body !== 'string' && !(body instanceof RegExp))
    throw new OptionError('httpCheck.body', body, 'a string or a regular expression')
  const tls = isTls && {
    secureContext: process.getBuiltinModule('node:tls').createSecureContext(certificates),
    rejectUnauthorized: verify !== 'none',
  }
  // Loaded by whoever has such a probe: it takes Node a while, and all others start the sooner.
  const { request: ask } = process.getBuiltinModule(isTls ? 'node:https' : 'node:http')
  return signal =>
    untilAborted(signal, async () => {
      const response = await answer(ask, target, { agent: false, signal, ...tls })
      try {
        const { statusCode = 0 } = response
        const isRight = status === undefined ? statusCode >= 200 && statusCode < 300 : statusCode === status
        if (!isRight)
          throw new Error(
            `${place} answered ${statusCode}${adviceFor(statusCode, cert !== undefined || target.username !== '')}`,
          )
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

/** The error does not show what was given: it may hold a password. */
function parse(url: string): URL {
  const target = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
  if (target?.protocol === 'http:' || target?.protocol === 'https:') return target
  throw secret('url', 'a URL that begins with http:// or https://, such as https://127.0.0.1:6443/livez')
}

/** An error without the value: it is or may hold a secret. */
function secret(name: string, allowed: string): OptionError {
  const option = `httpCheck.${name}`
  return new OptionError(option, undefined, allowed, `${option}: it must be ${allowed}`)
}

/** Resolves with the head of an answer. Each way in which there is none rejects. */
function answer(ask: typeof request, url: URL, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((answered, failed) => {
    const place = `${url.origin}${url.pathname}`
    ask(url, options)
      .on('response', answered)
      .on('upgrade', ({ statusCode }, socket) => {
        socket.on('error', () => {}).destroy()
        failed(new Error(`${place} answered ${statusCode}, and speaks another protocol from there on`))
      })
      .on('error', error => failed(inWords(error)))
      .on('close', () => failed(new Error(`${place} closed the connection without an answer`)))
      .end()
  })
}

/** What to check, for the answers that a person alone can change. */
function adviceFor(statusCode: number, hasCredentials: boolean): string {
  if (statusCode !== 401 && statusCode !== 403) return ''
  const credentials = hasCredentials
    ? 'check what our credentials may do there'
    : 'credentials (cert and key) are missing'
  return `: ${credentials}, or it must allow anonymous requests (kube-apiserver: --anonymous-auth)`
}
function inWords(error: Error & { readonly code?: string }): Error {
  const { code = '' } = error
  const advice = unknownAuthority.includes(code)
    ? ': give the authority of its certificate as ca'
    : /^ERR_SSL_.*ALERT/.test(code)
      ? ': the service ended TLS, check our certificate (cert and key) and what it takes'
      : ''
  return advice === '' ? error : new Error(`${error.message.trim()}${advice}`, { cause: error })
}
const unknownAuthority = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]

async function beginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= MOST) break
  }
  return Buffer.concat(chunks).subarray(0, MOST).toString()
}

/** Node's types want absent options absent, and Buffers. */
function pem(given: { [name in (typeof tlsOptions)[number]]: string | Uint8Array | undefined }): object {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, text]) => {
      if (text === undefined) return []
      if (typeof text !== 'string' && !(text instanceof Uint8Array))
        throw secret(name, 'PEM, as a string or a Uint8Array')
      return [[name, typeof text === 'string' ? text : Buffer.from(text)]]
    }),
  )
}
