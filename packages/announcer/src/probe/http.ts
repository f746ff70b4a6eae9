/** A health check: does this URL answer as it should? */
import type { IncomingMessage, RequestOptions, request } from 'node:http'
import { only } from '../check-options.ts'
import type { Check } from '../health-gate.ts'

/** Options of `http()`: what the answer must be, and whom to trust and be over TLS. */
export interface HttpProbe {
  /** What the status must be. Default: any from 200 to 299. Redirections are not followed. */
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
 * GETs the URL over a connection of its own, so that each check goes the whole way.
 * @throws RangeError or TypeError naming the option, the value and what is allowed; what Node says of a bad certificate.
 */
export function http(url: string, probe: HttpProbe = {}): Check {
  only(probe, ['status', 'body', ...tlsOptions, 'verify'], 'http')
  const { status, body, ca, cert, key, verify } = probe
  const { protocol } = new URL(url)
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new RangeError(`http: '${url}' is not allowed, it must begin with http: or https:`)
  const useless = [...tlsOptions, 'verify'].find(name => protocol === 'http:' && name in probe)
  if (useless !== undefined) throw new TypeError(`http.${useless}: not allowed with ${url}, which has no certificate`)
  if ((cert === undefined) !== (key === undefined)) throw new TypeError('http.cert and http.key: both, or neither')
  if (verify !== undefined && verify !== 'none')
    throw new RangeError(`http.verify: ${verify} is not allowed, it must be 'none' or left out`)
  if (verify === 'none' && ca !== undefined)
    throw new TypeError("http.ca: not allowed beside verify 'none', which would not ask it")
  const tls = protocol === 'https:' && {
    secureContext: process.getBuiltinModule('node:tls').createSecureContext(pem({ ca, cert, key })),
    rejectUnauthorized: verify !== 'none',
  }
  // Loaded by whoever has such a probe: it takes Node a while, and all others start the sooner.
  const { request: ask } = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http')
  return async signal => {
    const response = await answer(ask, url, { agent: false, signal, ...tls })
    try {
      const { statusCode = 0 } = response
      const isRight = status === undefined ? statusCode >= 200 && statusCode < 300 : statusCode === status
      if (!isRight) throw new Error(`${url} answered ${statusCode}`)
      if (body === undefined) return
      const text = await beginning(response)
      const matches = typeof body === 'string' ? text.includes(body) : text.search(body) >= 0
      if (!matches) throw new Error(`${url} answered ${statusCode}, but not ${body}`)
    } finally {
      response.destroy()
    }
  }
}

const tlsOptions = ['ca', 'cert', 'key'] as const

function answer(ask: typeof request, url: string, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((answered, failed) => {
    ask(url, options, answered).on('error', failed).end()
  })
}

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
    Object.entries(given).flatMap(([name, text]) =>
      text === undefined ? [] : [[name, typeof text === 'string' ? text : Buffer.from(text)]],
    ),
  )
}
