/** Keeps the Lease of an election in Kubernetes (coordination.k8s.io/v1), without a client library: HTTP and JSON are enough. */
import { type LeaseRecord, type LeaseStore, LeaseStoreError, type StoredLease } from '../election/lease-store.ts'
import { type Answer, failureOf, isMissingLease } from './api-answer.ts'
import { ApiClient, type KubernetesLeaseStatus } from './api-client.ts'
import { firstAnswer } from './first-answer.ts'
import { isMap } from './json.ts'
import { type LeaseObject, leaseBody, parseLease } from './lease-object.ts'
import { configure, type KubernetesLeaseConfig, type KubernetesLeaseOptions } from './options.ts'
import { readWatch } from './watch-events.ts'

/** The store that `kubernetesLease()` makes. */
export interface KubernetesLease extends LeaseStore {
  /** Reads configuration and credentials now, for a check before the start. Rejects with a `LeaseStoreError`. */
  load(): Promise<KubernetesLeaseStatus>
  /** Whether the Node is cordoned (`spec.unschedulable`). Rejects with a `LeaseStoreError`. */
  isCordoned(nodeName: string, signal: AbortSignal): Promise<boolean>
  /** Sets labels of the Node; null removes one. Rejects with a `LeaseStoreError`. */
  labelNode(nodeName: string, labels: Readonly<Record<string, string | null>>, signal: AbortSignal): Promise<void>
  /** For status and metrics. */
  status(): KubernetesLeaseStatus
}

const WATCH = 60 // seconds of one watch
const ANY = '0' // a watch from any version begins with the Lease, and without an event if there is none
const REMEMBERED = 8 // versions of the Lease: an event of a watch may arrive after the answer with a newer version

/**
 * A Lease in Kubernetes. Nothing is read or connected before the first request. Each request is sent once: the election
 * decides when to try again. An update keeps all fields of the Lease that are not the election's, such as annotations.
 * @throws OptionError
 */
export function kubernetesLease(options: KubernetesLeaseOptions = {}): KubernetesLease {
  return new KubernetesLeaseStore(configure(options))
}

class KubernetesLeaseStore implements KubernetesLease {
  readonly #config: KubernetesLeaseConfig
  readonly #client: ApiClient
  readonly #collection: string
  readonly #path: string
  readonly #seen = new Map<string, LeaseObject>()
  #watchFrom = ANY

  constructor(config: KubernetesLeaseConfig) {
    this.#config = config
    this.#client = new ApiClient(config)
    this.#collection = `/apis/coordination.k8s.io/v1/namespaces/${config.lease.namespace}/leases`
    this.#path = `${this.#collection}/${config.lease.name}`
  }

  status(): KubernetesLeaseStatus {
    return this.#client.status()
  }
  async load(): Promise<KubernetesLeaseStatus> {
    await this.#client.load()
    return this.status()
  }

  async isCordoned(nodeName: string, signal: AbortSignal): Promise<boolean> {
    const answer = await this.#client.request({ method: 'GET', path: nodePath(nodeName) }, signal)
    const { status, place, body } = answer
    if (status < 200 || status >= 300) throw failureOf(answer)
    if (!isMap(body) || body.kind !== 'Node' || !isMap(body.spec))
      throw new LeaseStoreError('bad-answer', `${place} answered with something else than the Node`)
    return body.spec.unschedulable === true
  }

  async labelNode(
    nodeName: string,
    labels: Readonly<Record<string, string | null>>,
    signal: AbortSignal,
  ): Promise<void> {
    const body = JSON.stringify({ metadata: { labels } })
    const answer = await this.#client.request({ method: 'PATCH', path: nodePath(nodeName), body }, signal)
    if (answer.status < 200 || answer.status >= 300) throw failureOf(answer)
  }

  async get(signal: AbortSignal): Promise<StoredLease | undefined> {
    const answer = await this.#client.request({ method: 'GET', path: this.#path }, signal)
    return isMissingLease(answer) ? undefined : this.#leaseOf(answer).stored
  }

  async create(record: LeaseRecord, signal: AbortSignal): Promise<StoredLease> {
    const body = leaseBody(record, this.#config.lease)
    return this.#leaseOf(await this.#client.request({ method: 'POST', path: this.#collection, body }, signal)).stored
  }

  async update(record: LeaseRecord, version: string, signal: AbortSignal): Promise<StoredLease> {
    return this.#put(await this.#bodyFor(record, version, signal), signal)
  }

  async release(record: LeaseRecord, version: string, signal: AbortSignal): Promise<StoredLease> {
    const body = await this.#bodyFor(record, version, signal)
    const servers = [undefined, ...this.#config.releaseServers]
    // All write the same version, so at most one of them succeeds.
    return firstAnswer(servers, this.#config.clock, isConflict, signal, (server, signal) =>
      this.#put(body, signal, server),
    )
  }

  async watch(onLease: (lease: StoredLease | undefined) => void, signal: AbortSignal): Promise<void> {
    const { lease } = this.#config
    // Without a version or with allowWatchBookmarks, an API server on etcd before 3.4.25 fails if no Lease has changed lately.
    const query = `?watch=1&fieldSelector=metadata.name%3D${lease.name}&resourceVersion=${this.#watchFrom}&timeoutSeconds=${WATCH}`
    const changed = (lease: LeaseObject | undefined): void => {
      // An event may arrive after the answer with the same version, or a later one.
      if (signal.aborted || (lease && this.#seen.has(lease.stored.version))) return
      if (lease === undefined) this.#watchFrom = ANY
      onLease(lease && this.#remember(lease).stored)
    }
    try {
      await this.#client.stream(`${this.#collection}${query}`, WATCH, signal, async response => {
        if ((await readWatch(response, lease, changed)) === 'gone') this.#watchFrom = ANY
      })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  async #put(body: string, signal: AbortSignal, server?: string): Promise<StoredLease> {
    return this.#leaseOf(await this.#client.request({ method: 'PUT', path: this.#path, body, server }, signal)).stored
  }

  /** An update replaces the whole object, so it needs the object of this version. */
  async #bodyFor(record: LeaseRecord, version: string, signal: AbortSignal): Promise<string> {
    if (!this.#seen.has(version)) await this.get(signal)
    const base = this.#seen.get(version)
    if (base === undefined) throw new LeaseStoreError('conflict', `the Lease has another version than ${version}`)
    return leaseBody(record, this.#config.lease, base.object)
  }

  /** @throws LeaseStoreError */
  #leaseOf(answer: Answer): LeaseObject {
    if (answer.status < 200 || answer.status >= 300) throw failureOf(answer)
    return this.#remember(parseLease(answer.body, this.#config.lease, answer.place))
  }

  #remember(lease: LeaseObject): LeaseObject {
    const { version } = lease.stored
    this.#watchFrom = version
    this.#seen.delete(version)
    this.#seen.set(version, lease)
    const [oldest] = this.#seen.keys()
    if (oldest !== undefined && this.#seen.size > REMEMBERED) this.#seen.delete(oldest)
    return lease
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof LeaseStoreError && error.reason === 'conflict'
}

function nodePath(name: string): string {
  return `/api/v1/nodes/${encodeURIComponent(name)}`
}
