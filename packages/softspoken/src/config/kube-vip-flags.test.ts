import { describe, expect, it } from 'vitest'
import { fromKubeVipFlags } from './kube-vip-flags.ts'
import { UsageError } from './usage-error.ts'

/** What is left for us, and kube-vip's flags as variables. */
function read(...words: readonly string[]) {
  const { argv, env } = fromKubeVipFlags(words)
  return { argv, env }
}

describe('fromKubeVipFlags()', () => {
  it('reads a command of kube-vip, and leaves the words that are not its own', () => {
    const words = ['daemonset', '--controlplane', '--vip', '198.51.100.10', '--localAS=64515', '--med', '7']
    expect(read(...words)).toEqual({
      argv: ['daemonset', '--med', '7'],
      env: { cp_enable: 'true', vip_address: '198.51.100.10', bgp_as: '64515' },
    })
  })
  it('takes all that follows the first equals sign as the value', () => {
    expect(read('--peerPass=a=b\nc', '--leaderElection=false').env).toEqual({
      bgp_peerpass: 'a=b\nc',
      vip_leaderelection: 'false',
    })
    expect(read('--peerPass=--x').env).toEqual({ bgp_peerpass: '--x' })
    expect(read('--vip=').env).toEqual({ vip_address: '' })
  })
  it.each([
    ['--arp', '--interface', 'eth0'],
    ['--multihop', '2', '--port', '179'],
    ['--address', 'none'],
    ['--address=none'],
    ['--address'],
    ['--address', '--arp=true'],
    ['--vips', '198.51.100.10'],
    ['x--vip', '198.51.100.10'],
    ['vip', '198.51.100.10', '--'],
    [],
  ])('leaves %j, which can be flags of ours', (...words) => {
    expect(read(...words)).toEqual({ argv: words, env: {} })
  })
  it('takes a flag that both have for its own beside one that only kube-vip has', () => {
    expect(read('--arp', '--interface', 'eth0', '--leaderElection')).toEqual({
      argv: [],
      env: { vip_arp: 'true', vip_interface: 'eth0', vip_leaderelection: 'true' },
    })
  })
  it.each([['198.51.100.10'], ['2001:db8::10'], ['vip.example']])('takes --address %s for its own', address => {
    expect(read('--address', address)).toEqual({ argv: [], env: { address } })
    expect(read(`--address=${address}`)).toEqual({ argv: [], env: { address } })
  })
  it('leaves our --address none beside flags of kube-vip', () => {
    const env = { vip_address: '198.51.100.10' }
    expect(read('--address', 'none', '--vip', '198.51.100.10')).toEqual({ argv: ['--address', 'none'], env })
    expect(read('--vip', '198.51.100.10', '--address=none')).toEqual({ argv: ['--address=none'], env })
    expect(read('--vip', '198.51.100.10', '--nodeName', 'none').env).toEqual({ ...env, vip_nodename: 'none' })
  })
  it('leaves what only looks like one of its flags', () => {
    const words = ['--vip!', 'x--vip', '--vip-x=1', '--unknown=1']
    expect(read('--controlplane', ...words)).toEqual({ argv: words, env: { cp_enable: 'true' } })
  })
  it('spells --inCluster as ours, with and without other flags of kube-vip', () => {
    expect(read('--inCluster')).toEqual({ argv: ['--in-cluster'], env: {} })
    expect(read('--inCluster', '--bgp')).toEqual({ argv: ['--in-cluster'], env: { bgp_enable: 'true' } })
  })
  it.each([
    [['--bgp', '--vip'], '--vip'],
    [['--vip', '--bgp'], '--vip'],
    [['--bgp', '--localAS', '--med=7'], '--localAS'],
  ])('refuses %j, a flag without its value', (words, flag) => {
    expect(() => read(...words)).toThrow(new UsageError(`${flag}: it has no value`))
  })
  it('refuses Services, unless they are switched off', () => {
    expect(() => read('--services')).toThrow(/^--services: this program announces no Services; .*; leave it out$/)
    expect(read('--services=false').env).toEqual({ svc_enable: 'false' })
  })
  it('names a variable as the user did', () => {
    const { nameOf } = fromKubeVipFlags(['--vip', '198.51.100.10'])
    expect([nameOf('vip_address'), nameOf('bgp_as')]).toEqual(['--vip', 'bgp_as'])
    expect(fromKubeVipFlags(['--med', '7']).nameOf('vip_address')).toBe('vip_address')
  })
})
