import { VirtualClock } from '@softspoken/session/testing'
import { OptionError } from '@softspoken/wire'
import { describe, expect, test, vi } from 'vitest'
import { kubernetesLease } from './kubernetes-lease.ts'
import { configure, type KubernetesLeaseOptions } from './options.ts'

describe('kubernetesLease()', () => {
  test('the defaults are the Lease of kube-vip and requests of 4.5 s', () => {
    expect(configure({})).toMatchObject({
      lease: { namespace: 'kube-system', name: 'plndr-cp-lock' },
      requestTimeout: 4500,
      server: undefined,
      releaseServers: [],
    })
  })

  test('what is given is kept; addresses in one form, the time in milliseconds', () => {
    const clock = new VirtualClock()
    const given = { lease: 'a/b.c', kubeconfig: '/etc/kubeconfig', context: 'x', requestTimeout: 0.1, clock }
    const servers = {
      server: 'https://node1:6443',
      releaseServers: ['https://192.0.2.1', 'https://[2001:db8::2]:6443'],
    }
    expect(configure({ ...given, ...servers, vips: ['198.51.100.1/32', '2001:DB8:0::1/128', '192.0.2.9'] })).toEqual({
      ...{ ...given, ...servers, lease: { namespace: 'a', name: 'b.c' }, requestTimeout: 100, log: undefined },
      vips: ['198.51.100.1', '2001:db8::1', '192.0.2.9'],
    })
    expect(configure({ requestTimeout: 60 }).requestTimeout).toBe(60_000)
  })

  test('a log that throws changes nothing', () => {
    const warning = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const fail = () => {
      throw new Error('the disk is full')
    }
    const { log } = configure({ log: { debug: fail, info: fail, warn: fail, error: fail } })
    expect(() => log?.warn({}, 'a line')).not.toThrow()
    warning.mockRestore()
  })

  const label = 'a'.repeat(63)
  test.each([
    [`${label}/${label}`, true],
    [`${label}/${label}.${label}.${label}.${'b'.repeat(61)}`, true],
    ['0/1', true],
    ['a-b/c-d.e', true],
    [`${label}a/b`, false],
    [`a/${label}a`, false],
    [`a/${label}.${label}.${label}.${'b'.repeat(62)}`, false],
    ['-a/b', false],
    ['a-/b', false],
    ['a/b-', false],
    ['a/b..c', false],
    ['a/b.', false],
    ['a.b/c', false],
    ['/b', false],
    ['a/', false],
    [' a/b', false],
    ['a/b\n', false],
  ])('a Lease may be named %j: %s', (lease, is) => {
    const make = () => configure({ lease })
    if (is) expect(make().lease).toEqual({ namespace: lease.split('/')[0], name: lease.split('/')[1] })
    else expect(make).toThrow(OptionError)
  })

  test.each<[string, object]>([
    ['leese: no such option, did you mean lease?', { leese: 'a/b' }],
    ["lease: 'vip' is not allowed, it must be '<namespace>/<name>' such as", { lease: 'vip' }],
    ["lease: 'a/b/c' is not allowed", { lease: 'a/b/c' }],
    ["lease: 'a/../b' is not allowed", { lease: 'a/../b' }],
    ["lease: 'A/b' is not allowed", { lease: 'A/b' }],
    ["lease: 'a/b?x' is not allowed", { lease: 'a/b?x' }],
    ['lease: 5 is not allowed', { lease: 5 }],
    ["kubeconfig: '' is not allowed, it must be a path", { kubeconfig: '' }],
    ["context: 'x' is not allowed, it must be left out without kubeconfig", { context: 'x' }],
    ['context: 5 is not allowed', { context: 5, kubeconfig: 'x' }],
    [
      'server: this value is not allowed, it must be a URL such as https://127.0.0.1:6443',
      { server: 'http://127.0.0.1' },
    ],
    ['server: this value is not allowed', { server: 'https://user:secret@127.0.0.1' }],
    ['server: 5 is not allowed', { server: 5 }],
    [
      "server: 'https://198.51.100.1:6443' is not allowed, it must be the address of a node, because a VIP needs the election first",
      { server: 'https://198.51.100.1:6443', vips: ['198.51.100.1/32'] },
    ],
    ["server: 'https://[2001:db8:0::1]' is not allowed", { server: 'https://[2001:db8:0::1]', vips: ['2001:db8::1'] }],
    [
      "releaseServers[0]: 'https://198.51.100.1' is not",
      { releaseServers: ['https://198.51.100.1'], vips: ['198.51.100.1'] },
    ],
    ['releaseServers[1]: this value is not allowed', { releaseServers: ['https://a', 'b'] }],
    ["releaseServers: 'https://a' is not allowed, it must be a list", { releaseServers: 'https://a' }],
    ['vips[0]: 5 is not allowed', { vips: [5] }],
    ["vips: 'x' is not allowed, it must be a list", { vips: 'x' }],
    ['releaseServers[1]: 5 is not allowed', { releaseServers: ['https://a', 5] }],
    ['kubeconfig: 5 is not allowed', { kubeconfig: 5 }],
    ["server: 'https://198.51.100.1' is not", { server: 'https://198.51.100.1', vips: ['192.0.2.1', '198.51.100.1'] }],
    ['requestTimeout: 0 is not allowed, it must be from 0.1 to 60 seconds', { requestTimeout: 0 }],
    ['requestTimeout: 60.1 is not allowed, it must be from 0.1 to 60 seconds', { requestTimeout: 60.1 }],
    ['log.debug: undefined is not allowed', { log: {} }],
    ['clock.now: undefined is not allowed', { clock: {} }],
  ])('%s', (text, options) => {
    let error: unknown
    try {
      kubernetesLease(options as KubernetesLeaseOptions)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(OptionError)
    expect(String(error)).toContain(text)
    expect(String(error)).not.toContain('secret')
  })

  test('a VIP that is no address is refused', () => {
    expect(() => kubernetesLease({ vips: ['x'] })).toThrow(OptionError)
  })
})
