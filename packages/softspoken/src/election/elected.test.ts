import { describe, expect, it, vi } from 'vitest'
import type { ProgramOptions } from '../config/options.ts'
import { elect } from './elected.ts'

const options: ProgramOptions = {
  ...{ prefix: ['2001:db8::10/128', '198.51.100.10/32'], mode: 'leader', nodeName: 'Node-1', logLevel: 'info' },
  ...{ leaseDuration: 30, renewDeadline: 20, retryPeriod: 4, kubeconfig: '/none' },
}
const { signal } = new AbortController()

/** An election by Kubernetes, whose requests go nowhere. */
function byKubernetes(more: Partial<ProgramOptions> = {}) {
  const elected = elect({ ...options, ...more })
  const requests = { isCordoned: vi.fn(async () => true), labelNode: vi.fn(async () => {}), status: () => ({}) }
  Object.assign(elected.store, requests)
  return { elected, requests }
}

describe('elect()', () => {
  it('names the Lease, and has the durations that were given', () => {
    const { elected } = byKubernetes()
    expect(elected.name).toBe('kube-system/plndr-cp-lock')
    expect(elected.election.leaseDuration).toBe(30)
    expect(byKubernetes({ lease: 'infra/vip' }).elected.name).toBe('infra/vip')
  })
  it('keeps the Lease in a directory without any request to Kubernetes', () => {
    const elected = elect({ ...options, leaseDirectory: '/run/lease' })
    expect(elected.name).toBe('/run/lease')
    expect(Object.keys(elected).sort()).toEqual(['election', 'name', 'requests', 'store'])
  })
  it('asks for the Node of this node, in lower case as kubelet has it', async () => {
    const { elected, requests } = byKubernetes()
    expect(await elected.isCordoned?.(signal)).toBe(true)
    expect(requests.isCordoned).toHaveBeenCalledWith('node-1', signal)
    expect(elected.apiServer?.()).toEqual({})
  })
  it('labels the Node with the first IPv4 VIP, as kube-vip does, and removes the label', async () => {
    const { elected, requests } = byKubernetes()
    await elected.labelNode?.(true, signal)
    expect(requests.labelNode).toHaveBeenLastCalledWith('node-1', { 'kube-vip.io/has-ip': '198.51.100.10' }, signal)
    await elected.labelNode?.(false, signal)
    expect(requests.labelNode).toHaveBeenLastCalledWith('node-1', { 'kube-vip.io/has-ip': null }, signal)
  })
})
