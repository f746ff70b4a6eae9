/**
 * Another VIP agent on a node, which shares the Lease with ours: a stand-in for kube-vip in BGP mode. It has the rules of client-go's
 * leader election (tools/leaderelection/leaderelection.go), and so no epoch that outlives the Lease. Its speaker is BIRD, and its
 * route has no MED. The leader alone has the address and the route.
 */
import type { KubernetesLab } from './lab.ts'
import { LEASE, LEASES, type Lease, type LeaseSpec } from './lease.ts'
import { ip, type NodeName } from './network.ts'
import { SecondSpeaker } from './second-speaker.ts'
import { pause } from './until.ts'

const [DURATION, RENEW_DEADLINE, RETRY_PERIOD] = [15, 10, 2] // seconds, as the profile `default`

export class OtherAgent {
  readonly #node: NodeName
  readonly #lab: KubernetesLab
  readonly #speaker: SecondSpeaker
  readonly #vip: string
  readonly #ended: Promise<void>
  #observed: { readonly record: string; readonly at: number } | undefined
  #leads = false
  #renewedAt = 0
  #isStopping = false

  constructor(node: NodeName, lab: KubernetesLab, vip: string) {
    this.#node = node
    this.#lab = lab
    this.#vip = vip
    this.#speaker = new SecondSpeaker(node, lab.folder, vip)
    this.#ended = this.#run()
  }

  get leads(): boolean {
    return this.#leads
  }
  isEstablished(): Promise<boolean> {
    return this.#speaker.isEstablished()
  }

  /** Ends as after a SIGTERM: a leader withdraws, and releases the Lease. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#ended
    if (this.#leads) {
      const { spec, metadata } = (await this.#read()) ?? {}
      await this.#lead(false)
      const now = timeText()
      const released = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now }
      await this.#write('PUT', LEASE, { ...spec, ...released }, metadata)
    }
    await this.#speaker[Symbol.asyncDispose]()
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      if (await this.#acquireOrRenew()) {
        this.#renewedAt = performance.now()
        if (!this.#leads) await this.#lead(true)
      } else if (this.#leads && performance.now() - this.#renewedAt > RENEW_DEADLINE * 1000) await this.#lead(false)
      await pause(RETRY_PERIOD)
    }
  }
  async #acquireOrRenew(): Promise<boolean> {
    const lease = await this.#read()
    const now = timeText()
    const ours = { holderIdentity: this.#node, leaseDurationSeconds: DURATION, renewTime: now }
    if (lease === undefined) return this.#write('POST', LEASES, { ...ours, acquireTime: now, leaseTransitions: 0 })
    const { spec, metadata } = lease
    const record = JSON.stringify(spec)
    if (this.#observed?.record !== record) this.#observed = { record, at: performance.now() }
    const isOurs = spec.holderIdentity === this.#node
    const ends = this.#observed.at + (spec.leaseDurationSeconds ?? 0) * 1000
    if (spec.holderIdentity && !isOurs && performance.now() < ends) return false
    const change = isOurs ? {} : { acquireTime: now, leaseTransitions: (spec.leaseTransitions ?? 0) + 1 }
    return this.#write('PUT', LEASE, { ...spec, ...ours, ...change }, metadata)
  }
  async #lead(leads: boolean): Promise<void> {
    this.#leads = leads
    if (leads) ip('-n', this.#node, 'address', 'replace', `${this.#vip}/32`, 'dev', 'lo')
    this.#speaker.announces(leads)
    if (leads) return
    // The address goes last, as with ours: what the router has sent before its change is still answered.
    await pause(1)
    ip('-n', this.#node, 'address', 'delete', `${this.#vip}/32`, 'dev', 'lo')
  }

  async #read(): Promise<Lease | undefined> {
    const { status, body } = await this.#lab.requestAt(this.#node, 'GET', LEASE)
    return status === 200 ? (body as Lease) : undefined
  }
  async #write(method: string, path: string, spec: LeaseSpec, metadata: object = {}): Promise<boolean> {
    const named = { name: 'plndr-cp-lock', namespace: 'kube-system' }
    const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { ...metadata, ...named }, spec }
    return (await this.#lab.requestAt(this.#node, method, path, body)).status < 300
  }
}

/** client-go's MicroTime has six digits. */
function timeText(): string {
  return new Date().toISOString().replace('Z', '000Z')
}
