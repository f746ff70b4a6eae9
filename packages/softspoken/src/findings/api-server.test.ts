import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeLeaseServer, writeKubeconfig } from '@softspoken/test-support/fake-lease-server'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { withHealth } from '../config/election-options.ts'
import type { ProgramOptions } from '../config/options.ts'
import { apiServerFindings } from './api-server.ts'

let server: FakeLeaseServer
const folder = mkdtempSync(join(tmpdir(), 'api-server-findings-'))
beforeAll(async () => {
  server = await FakeLeaseServer.listening()
})
afterEach(() => {
  server.denied.clear()
  server.fault = undefined
  server.objects.clear()
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})
const options = (given: Partial<ProgramOptions> = {}): ProgramOptions =>
  withHealth({
    ...{ prefix: ['198.51.100.10/32'], mode: 'leader', nodeName: 'node-1', logLevel: 'info' },
    ...{ kubeconfig: server.kubeconfig(folder), ...given },
  })

describe('apiServerFindings()', () => {
  it('sees that the certificate is not for the VIP, and that all rights are there', async () => {
    const { lines, warnings } = await apiServerFindings(options())
    expect(lines).toEqual([
      expect.stringMatching(
        /^Certificate: that of 127\.0\.0\.1:\d+ is not for 198\.51\.100\.10, and ends on 2126-10-28$/,
      ),
      'Rights: the credentials may do all that the Lease needs',
      'Pools: none of Cilium, none of MetalLB',
    ])
    expect(warnings).toEqual([expect.stringContaining(' is not for 198.51.100.10, ')])
    expect(server.lease('kube-system/plndr-cp-lock'), 'nothing is written').toBeUndefined()
  })
  it('asks for each right with the name of the Lease and of the Node', async () => {
    server.requests.length = 0
    server.denied.add('get nodes')
    const { warnings } = await apiServerFindings(options({ drainOnCordon: true, lease: 'vips/lock' }))
    expect(warnings.at(-1)).toMatch(/ may not get the Node node-1, which drainOnCordon needs; /)
    const reviews = server.requests.filter(({ method }) => method === 'POST')
    const asked = reviews.map(({ body }) => Object.values((body as { spec: object }).spec)[0])
    const lease = { group: 'coordination.k8s.io', resource: 'leases', namespace: 'vips' }
    expect(asked).toHaveLength(6)
    expect(asked).toEqual(
      expect.arrayContaining([
        { ...lease, verb: 'create' },
        { ...lease, verb: 'watch', name: 'lock' },
        { group: '', resource: 'nodes', verb: 'get', name: 'node-1' },
      ]),
    )
  })
  it('asks for no right without an election', async () => {
    const { lines } = await apiServerFindings(options({ mode: 'all-nodes', health: 'kubernetes' }))
    expect(lines).toEqual([expect.stringMatching(/^Certificate: /), expect.stringMatching(/^Pools: /)])
    expect(await apiServerFindings(options({ mode: 'all-nodes' }))).toEqual({ lines: [], warnings: [] })
  })
  it('warns of a VIP in a pool of Cilium or of MetalLB', async () => {
    const pool = (name: string, spec: object) => ({ metadata: { name }, spec })
    server.objects.set('/apis/cilium.io/v2alpha1/ciliumloadbalancerippools', {
      items: [
        pool('blue', { blocks: [{ cidr: '198.51.100.0/24' }, { start: '2001:db8::10' }] }),
        pool('green', { blocks: [{ start: '198.51.100.11', stop: '198.51.100.20' }, { cidr: 5 }] }),
        pool('old', { cidrs: [{ cidr: '198.51.100.8/29' }] }),
        pool('off', { blocks: [{ cidr: '198.51.100.0/24' }], disabled: true }),
        {},
      ],
    })
    server.objects.set('/apis/metallb.io/v1beta1/ipaddresspools', {
      items: [pool('red', { addresses: ['198.51.100.1 - 198.51.100.10', '203.0.113.0/24'] })],
    })
    const prefix = ['198.51.100.10/32', '2001:db8::10/128']
    const { lines, warnings } = await apiServerFindings(options({ prefix }))
    expect(lines.at(-1)).toBe('Pools: 5 of Cilium, 1 of MetalLB')
    expect(warnings.filter(warning => warning.includes('lies in'))).toEqual([
      expect.stringContaining('198.51.100.10 lies in 198.51.100.0/24 of the CiliumLoadBalancerIPPool blue, so Cilium'),
      expect.stringContaining('2001:db8::10 lies in 2001:db8::10-2001:db8::10 of the CiliumLoadBalancerIPPool blue, '),
      expect.stringContaining('198.51.100.10 lies in 198.51.100.8/29 of the CiliumLoadBalancerIPPool old, '),
      expect.stringContaining(
        '198.51.100.10 lies in 198.51.100.1 - 198.51.100.10 of the IPAddressPool red, so MetalLB',
      ),
    ])
  })
  it('shows the text of a hostile pool as one short line', async () => {
    const pool = (name: unknown, ...addresses: unknown[]) => ({ metadata: { name }, spec: { addresses } })
    const objects = [pool('\u001b[2J\n', '198.51.100.0/24'), pool({ toString: 1 }, { toString: 1 }, '198.51.100.0/28')]
    server.objects.set('/apis/metallb.io/v1beta1/ipaddresspools', {
      items: [...objects, pool('x'.repeat(999), '198.51.100.0/25')],
    })
    const { lines, warnings } = await apiServerFindings(options())
    expect(lines.at(-1)).toBe('Pools: none of Cilium, 3 of MetalLB')
    const [escaped, , long] = warnings.filter(warning => warning.includes('lies in'))
    expect(escaped).toContain(' of the IPAddressPool \ufffd[2J, so MetalLB')
    expect(long).toMatch(/ of the IPAddressPool x{200} …, so MetalLB/)
  })
  it('says that pools may not be read, without a warning', async () => {
    server.fault = ({ path }) => (path.includes('pools') ? 'forbidden' : undefined)
    const { lines, warnings } = await apiServerFindings(options())
    expect(lines.at(-1)).toMatch(/^Pools: those of Cilium may not be read .*, those of MetalLB may not be read /)
    expect(warnings).toHaveLength(1)
  })
  it('says why the rights are not known, without a warning', async () => {
    server.fault = 'server-error'
    const { lines, warnings } = await apiServerFindings(options())
    expect(lines[1]).toMatch(/^Rights: not known, 127\.0\.0\.1:\d+ answered 500/)
    expect(warnings).toHaveLength(1)
  })
  it.each([
    ['hang', 0.05],
    ['hang', 0],
    ['refuse', 0.05],
  ])('says why nothing is known of a server that would %s, within %d s', async (how, timeLimit) => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo // a TCP server's address has one
    if (how === 'refuse') silent.close()
    const kubeconfig = writeKubeconfig(mkdtempSync(join(folder, 'silent-')), `https://127.0.0.1:${port}`, {
      token: 'not-to-be-seen',
    })
    const { lines, warnings } = await apiServerFindings(options({ kubeconfig }), timeLimit)
    if (how === 'hang') silent.close()
    expect(warnings).toEqual([])
    expect(lines).toEqual([
      expect.stringMatching(/^Certificate: not known, .*(did not answer in time|ECONNREFUSED)/),
      expect.stringMatching(/^Rights: not known, /),
      expect.stringMatching(/^Pools: not known, /),
    ])
    expect(lines.join()).not.toContain('not-to-be-seen')
  })
})
