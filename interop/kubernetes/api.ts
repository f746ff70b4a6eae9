/** etcd and kube-apiserver in the namespace `api`, and an administrator's requests to that server. */
import assert from 'node:assert/strict'
import type { ChildProcess, StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execInNamespace } from './exec.ts'
import type { Keys } from './keys.ts'
import { Latency } from './latency.ts'
import { API_ADDRESS, type Namespace, start } from './network.ts'
import { until } from './until.ts'

const PORT = 6443
const ETCD_PORT = 2379
const LATENCY_PORT = 2378
const READY = 180 // seconds, because a busy machine needs many

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** The API server of the control plane. Each node reaches it through a proxy of its own. */
export class ApiServer {
  readonly #keys: Keys
  readonly #folder: string
  readonly #etcd: ChildProcess
  #server: ChildProcess | undefined
  /** Between the API server and etcd. */
  readonly latency: Latency | undefined

  /** `hasLatency`: there is a proxy between it and etcd, which is slow on request. */
  static async start(keys: Keys, folder: string, { hasLatency = false } = {}): Promise<ApiServer> {
    const api = new ApiServer(keys, folder, hasLatency)
    api.startServer()
    await until(async () => (await api.request('GET', '/readyz')).status === 200, READY, 'kube-apiserver is ready')
    return api
  }

  private constructor(keys: Keys, folder: string, hasLatency: boolean) {
    this.#keys = keys
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
    this.latency = hasLatency ? new Latency('api', LATENCY_PORT, ETCD_PORT) : undefined
    const etcd = `http://127.0.0.1:${ETCD_PORT}`
    this.#etcd = start(
      'api',
      [
        ...['etcd', '--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync', '--log-level', 'warn'],
        ...[
          '--listen-client-urls',
          etcd,
          '--advertise-client-urls',
          etcd,
          '--listen-peer-urls',
          'http://127.0.0.1:2380',
        ],
      ],
      { stdio: this.#logOf('etcd') },
    )
  }
  #logOf(name: string): StdioOptions {
    return ['ignore', 'ignore', openSync(join(this.#folder, `${name}.log`), 'a')]
  }

  /** Starts kube-apiserver if it does not run. */
  startServer(): void {
    if (this.#server && isRunning(this.#server)) return
    const { file } = this.#keys
    this.#server = start(
      'api',
      [
        'kube-apiserver',
        ...[
          `--etcd-servers=http://127.0.0.1:${this.latency ? LATENCY_PORT : ETCD_PORT}`,
          `--advertise-address=${API_ADDRESS}`,
          '--bind-address=::',
          `--secure-port=${PORT}`,
        ],
        ...[`--tls-cert-file=${file('apiserver.crt')}`, `--tls-private-key-file=${file('apiserver.key')}`],
        ...[
          `--client-ca-file=${file('ca.crt')}`,
          `--token-auth-file=${file('tokens.csv')}`,
          '--authorization-mode=RBAC',
        ],
        ...['--service-account-issuer=https://kubernetes.default.svc', '--service-cluster-ip-range=2001:db8:96::/112'],
        ...[`--service-account-key-file=${file('sa.pub')}`, `--service-account-signing-key-file=${file('sa.key')}`],
        `--cert-dir=${join(this.#folder, 'certificates')}`,
      ],
      { stdio: this.#logOf('kube-apiserver') },
    )
  }

  async killServer(): Promise<void> {
    if (this.#server) await killed(this.#server)
  }

  async create(path: string, object: object): Promise<void> {
    const { status, body } = await this.request('POST', path, object)
    assert.equal(status, 201, JSON.stringify(body))
  }
  /** Sends a request with the administrator's certificate. */
  request(method: string, path: string, body?: unknown): Promise<Answer> {
    const { file } = this.#keys
    const credentials = ['--cert', file('admin.crt'), '--key', file('admin.key')]
    return request('api', `[${API_ADDRESS}]`, this.#keys, credentials, method, path, body)
  }

  /** Stops etcd as a frozen disk does: every write and every read of the API waits. */
  pauseEtcd(): void {
    this.#etcd.kill('SIGSTOP')
  }
  resumeEtcd(): void {
    this.#etcd.kill('SIGCONT')
  }

  async stop(): Promise<void> {
    this.#etcd.kill('SIGCONT')
    await this.killServer()
    await killed(this.#etcd)
    this.latency?.stop()
  }

  /** What the agents may do: create a Lease, and read, watch and update the one of this name. */
  async grant(): Promise<void> {
    const objects = JSON.parse(readFileSync(new URL('role.json', import.meta.url), 'utf8')) as { kind: string }[]
    for (const object of objects) {
      const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/${object.kind.toLowerCase()}s`
      await until(
        async () => [201, 409].includes((await this.request('POST', path, object)).status),
        READY,
        object.kind,
      )
    }
  }
}

async function killed(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}

/** Sends a request from a namespace to an API server. */
export async function request(
  namespace: Namespace,
  host: string,
  keys: Keys,
  credentials: readonly string[],
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const { stdout } = await execInNamespace(namespace, [
    ...['curl', '--silent', '--max-time', '5', '--write-out', '\n%{http_code}', '--request', method],
    ...['--cacert', keys.file('ca.crt'), ...credentials],
    ...(body === undefined ? [] : ['--header', `Content-Type: ${type}`, '--data', JSON.stringify(body)]),
    `https://${host}:${PORT}${path}`,
  ])
  const at = stdout.lastIndexOf('\n')
  return { status: Number(stdout.slice(at + 1)), body: parse(stdout.slice(0, at)) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
