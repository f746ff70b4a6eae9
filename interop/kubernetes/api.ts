/** etcd and kube-apiserver in the namespace `api`, and an administrator's requests to that server. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execInNamespace } from './exec.ts'
import type { Keys } from './keys.ts'
import { API_ADDRESS, type Namespace, start } from './network.ts'
import { until } from './until.ts'

const PORT = 6443
const READY = 60 // seconds

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** The API server of the control plane. Each node reaches it through a proxy of its own. */
export class ApiServer {
  readonly #keys: Keys
  readonly #etcd: ChildProcess
  readonly #server: ChildProcess

  static async start(keys: Keys, folder: string): Promise<ApiServer> {
    const api = new ApiServer(keys, folder)
    await until(async () => (await api.request('GET', '/readyz')).status === 200, READY, 'kube-apiserver is ready')
    return api
  }

  private constructor(keys: Keys, folder: string) {
    this.#keys = keys
    mkdirSync(folder, { recursive: true })
    const logOf = (name: string) => ['ignore', 'ignore', openSync(join(folder, `${name}.log`), 'a')] as const
    const etcd = 'http://127.0.0.1:2379'
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
      { stdio: [...logOf('etcd')] },
    )
    const { file } = keys
    this.#server = start(
      'api',
      [
        'kube-apiserver',
        ...[
          `--etcd-servers=${etcd}`,
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
        `--cert-dir=${join(folder, 'certificates')}`,
      ],
      { stdio: [...logOf('kube-apiserver')] },
    )
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
    for (const child of [this.#server, this.#etcd]) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }

  /** What the agents may do: create a Lease, and read, watch and update the one of this name. */
  async grant(): Promise<void> {
    const objects = JSON.parse(readFileSync(new URL('role.json', import.meta.url), 'utf8')) as { kind: string }[]
    for (const object of objects) {
      const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/${object.kind.toLowerCase()}s`
      await until(async () => [201, 409].includes((await this.request('POST', path, object)).status), 10, object.kind)
    }
  }
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
  const { stdout } = await execInNamespace(namespace, [
    ...['curl', '--silent', '--max-time', '5', '--write-out', '\n%{http_code}', '--request', method],
    ...['--cacert', keys.file('ca.crt'), ...credentials],
    ...(body === undefined ? [] : ['--header', 'Content-Type: application/json', '--data', JSON.stringify(body)]),
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
