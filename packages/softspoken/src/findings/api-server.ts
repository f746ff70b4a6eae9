/** The API server's certificate, our rights there, and the cluster's pools of addresses. Nothing is changed, and no question takes longer than its deadline. */
import type { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { hostRoute } from '@softspoken/announcer'
import { errorText } from '@softspoken/session/internal'
import { apiServerCheck, missingRights } from '@softspoken/vip-agent/internal'
import { apiServerOptions, leaseOptions } from '../config/agent-options.ts'
import { asksApiServer, electionOf } from '../config/election-options.ts'
import type { ProgramOptions } from '../config/options.ts'
import { certificateFindings } from './certificate.ts'
import { clusterPoolFindings } from './cluster-pools.ts'
import type { Findings } from './finding.ts'
import { neededRights, rightsFindings } from './rights.ts'

/** What is not known is a line and no warning: the API server may not run yet. `timeLimit`: seconds of each question. */
export async function apiServerFindings(options: ProgramOptions, timeLimit = 5): Promise<Findings> {
  if (!asksApiServer(options)) return { lines: [], warnings: [] }
  const signal = AbortSignal.timeout(timeLimit * 1000)
  const found = await Promise.all([
    known('Certificate', () => certificate(options, signal)),
    ...(electionOf(options) === 'kubernetes' ? [known('Rights', () => rights(options, signal))] : []),
    known('Pools', () => clusterPoolFindings(options, signal)),
  ])
  return { lines: found.flatMap(({ lines }) => lines), warnings: found.flatMap(({ warnings }) => warnings) }
}

async function known(name: string, look: () => Promise<Findings>): Promise<Findings> {
  try {
    return await look()
  } catch (error) {
    return { lines: [`${name}: not known, ${errorText(error)}`], warnings: [] }
  }
}

async function rights(options: ProgramOptions, signal: AbortSignal): Promise<Findings> {
  return rightsFindings(await missingRights(leaseOptions(options), neededRights(options), signal), options)
}

async function certificate(options: ProgramOptions, signal: AbortSignal): Promise<Findings> {
  const { server } = await apiServerCheck(apiServerOptions(options)).load()
  if (server === undefined) throw new Error('the URL of the API server is not known')
  const { host, hostname, port } = new URL(server)
  const found = await certificateOf(hostname.replace(/^\[|\]$/g, ''), Number(port || 443), signal)
  const vips = options.prefix.map(prefix => hostRoute(prefix).address)
  return certificateFindings(found, host, vips, Date.now())
}

/**
 * The certificate that a client of an address gets: it names no host (SNI, RFC 6066 §3). It is looked at and not trusted, so
 * nothing is sent on the connection.
 */
function certificateOf(host: string, port: number, signal: AbortSignal): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false })
    const end = (): void => void socket.destroy(new Error(`${host} did not answer in time`))
    signal.addEventListener('abort', end, { once: true })
    socket
      .once('secureConnect', () => {
        const found = socket.getPeerX509Certificate()
        if (found) resolve(found)
        else reject(new Error(`${host} has no certificate`))
        socket.destroy()
      })
      .on('error', reject)
      .once('close', () => signal.removeEventListener('abort', end))
    if (signal.aborted) end() // while the credentials were read
  })
}
