/** Runs the `exec` command of a kubeconfig, which prints an ExecCredential (client.authentication.k8s.io), without a shell. */
import { type ClientCertificate, credentialsError, type ExecPlugin } from './access.ts'
import { isMap, parseJson } from './json.ts'
import { authorizationOf, isKeyOf } from './values.ts'

/** What the command printed. */
export interface ExecCredential {
  readonly authorization?: string
  readonly certificate?: ClientCertificate
  /** Milliseconds since 1970. Undefined if it is used until the API server refuses it. */
  readonly expiresAt?: number
}

const TIMEOUT = 30_000 // milliseconds; a command may ask a server of its own
const MAX_OUTPUT = 1 << 20 // octets
const LAST_OUTPUT = 200 // milliseconds after the end of the command, in which its output is read

/** @throws LeaseStoreError with reason `credentials` */
export async function runExecPlugin(plugin: ExecPlugin, timeout = TIMEOUT): Promise<ExecCredential> {
  return credentialIn(await outputOf(plugin, timeout), plugin)
}

/**
 * What a command printed. Its output and arguments may be secrets, so no error shows them.
 * @throws LeaseStoreError with reason `credentials`
 */
export function credentialIn(
  text: string,
  { from, apiVersion }: Pick<ExecPlugin, 'from' | 'apiVersion'>,
): ExecCredential {
  const output = parseJson(text)
  const wrong = (what: string) => credentialsError(`${from}: the command must print ${what}`)
  if (!isMap(output) || output.kind !== 'ExecCredential' || output.apiVersion !== apiVersion || !isMap(output.status))
    throw wrong(`an ExecCredential of ${apiVersion} with a status`)
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = output.status
  const authorization = typeof token === 'string' ? authorizationOf(token) : undefined
  const certificate = certificateOf(clientCertificateData, clientKeyData)
  if (token && authorization === undefined) throw wrong('a token without spaces')
  if ((clientCertificateData || clientKeyData) && certificate === undefined)
    throw wrong('a certificate in PEM as clientCertificateData, and its key as clientKeyData')
  if (authorization === undefined && certificate === undefined) throw wrong('a token, or a certificate and its key')
  const expiresAt = expirationTimestamp ? Date.parse(String(expirationTimestamp)) : undefined
  if (Number.isNaN(expiresAt)) throw wrong('expirationTimestamp as a time such as 2026-01-31T12:00:00Z')
  return {
    ...(authorization !== undefined && { authorization }),
    ...(certificate && { certificate }),
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

function outputOf({ from, command, args, env, apiVersion, spec }: ExecPlugin, timeout: number): Promise<string> {
  // Loaded here, because loading takes Node some time, and most configurations have no command.
  const { execFile } = process.getBuiltinModule('node:child_process')
  const signal = AbortSignal.timeout(timeout)
  const KUBERNETES_EXEC_INFO = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec })
  return new Promise((resolve, reject) => {
    const fail = (detail: string) => reject(credentialsError(`${from}: the command ${detail}`))
    try {
      const child = execFile(
        command,
        args,
        {
          env: { ...process.env, ...env, KUBERNETES_EXEC_INFO },
          signal,
          killSignal: 'SIGKILL',
          maxBuffer: MAX_OUTPUT,
          windowsHide: true,
        },
        (error, stdout) => {
          if (error === null) return resolve(stdout)
          if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return fail('printed more than 1 MiB')
          if (signal.aborted) return fail(`did not end within ${timeout / 1000} seconds`)
          if (typeof error.code === 'string') return fail(`cannot be started: ${error.code}`)
          fail(`ended with ${error.signal ?? `code ${error.code}`}; run it by hand to see why`)
        },
      )
      child.stdin?.on('error', () => {}).end()
      const pipes = [child.stdin, child.stdout, child.stderr]
      // A command that hangs does not keep a process alive that ends.
      for (const handle of [child, ...pipes]) (handle as Unreferable | null)?.unref()
      // One that leaves another process behind has ended all the same, although that process has its pipes.
      child.on('exit', () => setTimeout(() => pipes.map(pipe => pipe?.destroy()), LAST_OUTPUT).unref())
    } catch {
      fail('cannot be started') // such as a NUL in an argument
    }
  })
}

/** The pipes are sockets, which their types do not say. */
interface Unreferable {
  unref(): void
}

function certificateOf(certData: unknown, keyData: unknown): ClientCertificate | undefined {
  if (typeof certData !== 'string' || typeof keyData !== 'string') return undefined
  const [cert, key] = [Buffer.from(certData), Buffer.from(keyData)]
  return isKeyOf(key, cert) ? { cert, key } : undefined
}
