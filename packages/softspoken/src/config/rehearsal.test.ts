import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { OptionName, ProgramOptions } from './options.ts'
import { checkOptions, rehearse } from './rehearsal.ts'
import { UsageError } from './usage-error.ts'

const folder = mkdtempSync(join(tmpdir(), 'rehearsal-'))
afterAll(() => rmSync(folder, { recursive: true }))
const needed: ProgramOptions = {
  ...{ prefix: ['198.51.100.10/32'], localAs: 64515, routerId: '10.0.5.11', logLevel: 'info' },
  ...{ peer: ['203.0.113.1'], peerAs: 65000, nextHop: ['10.0.5.11'] },
}
/** Each option came from a flag of its name. */
const given = (options: object) =>
  Object.fromEntries(Object.keys(options).map(name => [name as OptionName, { value: undefined, from: `--${name}` }]))

describe('checkOptions()', () => {
  it('has no warning for options that can be used', async () => {
    expect(await checkOptions(needed, {})).toEqual([])
    const more = { http: '127.0.0.1:9179', httpHost: ['node-1'], health: 'tcp://127.0.0.1:6443', med: 7 }
    expect(await checkOptions({ ...needed, ...more }, {})).toEqual([])
    expect(await checkOptions({ prefix: ['203.0.113.100/32'], arp: true, logLevel: 'info' }, {}, true)).toEqual([])
  })
  it('does not need the options of BGP without BGP', async () => {
    const arp: ProgramOptions = { prefix: ['203.0.113.100/32'], arp: true, leaseDirectory: '/run', logLevel: 'info' }
    expect(await checkOptions(arp, {})).toEqual([])
  })
  it.each<[OptionName, Partial<ProgramOptions>]>([
    ['http', { http: '127.0.0.1' }],
    ['httpHost', { httpHost: ['node-1'] }],
    ['httpHost', { httpHost: ['node-1:9179'], http: '127.0.0.1:9179' }],
    ['claimInUse', { claimInUse: true }],
    ['renewDeadline', { mode: 'leader', leaseDirectory: '/run', leaseDuration: 1, renewDeadline: 2 }],
    ['healthRise', { health: 'tcp://127.0.0.1:6443', healthRise: 0 }],
    ['routerId', { routerId: '0.0.0.0' }],
    ['holdTime', { holdTime: 1 }],
    ['med', { med: 2 ** 32 }],
    ['nextHop', { nextHop: ['0.0.0.0'] }],
    ['prefix', { prefix: ['127.0.0.1/32'] }],
    ['prefix', { prefix: ['198.51.100.10/32', '127.0.0.1/32'] }],
  ])('refuses a wrong %s by the name that the user gave: %j', async (name, wrong) => {
    const options = { ...needed, ...wrong }
    await expect(checkOptions(options, given(options))).rejects.toBeInstanceOf(UsageError)
    await expect(checkOptions(options, given(options))).rejects.toThrow(new RegExp(`^--${name}\\b`))
  })
  it('names an option without a place by itself', async () => {
    await expect(checkOptions({ ...needed, httpHost: ['node-1'] }, {})).rejects.toThrow(
      'httpHost: not allowed without http',
    )
  })
  it('needs a kubeconfig for a Lease, but not in a Pod with a service account', async () => {
    const options: ProgramOptions = { ...needed, mode: 'leader' }
    await expect(checkOptions(options, {}, false)).rejects.toThrow(/^kubeconfig is missing/)
    expect(await checkOptions(options, {}, true)).toEqual([])
  })
  it('warns of an option that is not used', async () => {
    const options = { ...needed, apiServers: ['https://10.0.5.12:6443'] }
    expect(await checkOptions(options, given(options))).toEqual([expect.stringMatching(/^--apiServers: not used/)])
  })
})

describe('rehearse()', () => {
  it('warns of a file that cannot be read yet', async () => {
    const options = { ...needed, health: 'https://127.0.0.1:6443/livez', healthCa: '/none/ca.crt' }
    expect(await rehearse(options, given(options))).toEqual([
      expect.stringMatching(/\/none\/ca\.crt.*; the health check fails until it can be/),
    ])
  })
  it('warns of what is not used, then of the health check and the API server', async () => {
    const ofApiServer = { apiServers: ['https://10.0.5.12:6443'], kubeconfig: '/none/conf' }
    const options = {
      ...needed,
      ...ofApiServer,
      health: ['kubernetes', 'https://127.0.0.1:1/'],
      healthCa: '/none/ca.crt',
    }
    expect(await rehearse(options, given(options))).toEqual([
      expect.stringMatching(/^--apiServers: not used/),
      expect.stringContaining('the health check fails until'),
      expect.stringContaining('the API server is not asked'),
    ])
  })
  it('refuses a file with wrong content by the option that names it', async () => {
    const ca = join(folder, 'ca.crt')
    writeFileSync(ca, 'no certificate')
    const options = { ...needed, health: 'https://127.0.0.1:6443/livez', healthCa: ca }
    await expect(rehearse(options, given(options))).rejects.toBeInstanceOf(UsageError)
    await expect(rehearse(options, given(options))).rejects.toThrow(/^--healthCa\b/)
  })
})
