/** What `check` shows of mode, election, API server and address. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeLeaseServer } from '@softspoken/test-support/fake-lease-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withHealth } from '../config/election-options.ts'
import type { ProgramOptions } from '../config/options.ts'
import { agentLines } from './agent-lines.ts'

let server: FakeLeaseServer
const folder = mkdtempSync(join(tmpdir(), 'agent-lines-'))
beforeAll(async () => {
  server = await FakeLeaseServer.listening()
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})
const options = (given: Partial<ProgramOptions>): ProgramOptions =>
  withHealth({
    ...{ prefix: ['198.51.100.10/32'], localAs: 64515, routerId: '10.0.5.11', logLevel: 'info', nodeName: 'Node-1' },
    ...{ peer: ['10.0.5.1'], peerAs: 65000, kernelDeadline: 'off', ...given },
  })

describe('agentLines()', () => {
  it('shows the Lease and the API server, and only reads', async () => {
    server.put('kube-system/plndr-cp-lock', { holderIdentity: 'node-2', leaseTransitions: 7, leaseDurationSeconds: 15 })
    const kubeconfig = server.kubeconfig(folder)
    expect(await agentLines(options({ mode: 'leader', kubeconfig }), 'lo')).toBe(
      [
        'Mode leader: the leader alone announces',
        'Election: this node campaigns as node-1; lease 15 s, renew deadline 10 s, retry period 2 s',
        `Lease: kube-system/plndr-cp-lock at ${server.url} has the holder node-2, epoch 7`,
        'MED: 1000000, and less by the epoch while this node leads',
        'Health: the API server is ready',
        'Address: 198.51.100.10/32 is added to lo',
        'Kernel deadline: off',
        '',
      ].join('\n'),
    )
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'GET'])
  })
  it('shows a hostile holder as one short line', async () => {
    server.put('kube-system/plndr-cp-lock', { holderIdentity: `\u001b[2J\nwarning: x${'y'.repeat(9999)}` })
    const text = await agentLines(options({ mode: 'leader', kubeconfig: server.kubeconfig(folder) }), 'lo')
    expect(text).toMatch(/ has the holder \ufffd\[2J warning: xy{185} …, epoch \d$/m)
  })
  it('has no line of a MED without BGP', async () => {
    const kubeconfig = server.kubeconfig(folder)
    const given: ProgramOptions = { prefix: ['203.0.113.100/32'], arp: true, logLevel: 'info', kernelDeadline: 'off' }
    const lines = await agentLines(withHealth({ ...given, kubeconfig }), 'eth0')
    expect(lines).toContain('Election: ')
    expect(lines).not.toContain('MED')
  })
  it('shows why they cannot be read now', async () => {
    server.fault = 'forbidden'
    const text = await agentLines(options({ mode: 'standby', kubeconfig: server.kubeconfig(folder) }), 'lo')
    server.fault = undefined
    expect(text).toMatch(/^Lease: kube-system\/plndr-cp-lock at .* cannot be read now: .* answered 403/m)
    expect(text).toMatch(/^Health: the API server cannot be read now: .* answered 403/m)
  })
  it('shows a directory that has no Lease yet', async () => {
    const leaseDirectory = join(folder, 'none')
    const text = await agentLines(options({ leaseDirectory, leaseProfile: 'fast' }), undefined)
    expect(text).toContain('Mode standby: every healthy node announces, the leader with the lowest MED\n')
    expect(text).toContain(`Lease: ${leaseDirectory} does not exist yet\n`)
    expect(text).toContain('lease 5 s, renew deadline 3 s, retry period 1 s')
  })
  it.each([
    [{}, 'Address: none is added; the route waits until an interface of this node has 198.51.100.10/32\n'],
    [{ requireAddress: false }, 'Address: none is added\n'],
  ])('shows that no address is added with %j', async (given, line) => {
    const text = await agentLines(options({ address: 'none', ...given }), undefined)
    expect(text).toContain('Mode all-nodes: every healthy node announces, with one MED\n')
    expect(text).toContain(line)
    expect(text).not.toContain('Election')
  })
})
