import { describe, expect, it } from 'vitest'
import { inWordsOfOptions, parseOptions, UsageError } from './options.ts'

const needed = {
  '--prefix': '198.51.100.10/32',
  '--local-as': '64515',
  '--router-id': '10.0.5.11',
  '--peer': '10.0.5.1',
  '--peer-as': '65000',
}
const words = (options: Record<string, string> = needed) => Object.entries(options).flat()

describe('what is given', () => {
  it('comes from flags', () => {
    const extra = ['--port', '1179', '--local-address', '10.0.5.11', '--next-hop', '10.0.5.12', '--med', '0']
    expect(
      parseOptions([...words(), ...extra, '--community', '65000:1', '65000:2', '--log-level', 'debug'], {}),
    ).toEqual({
      prefix: '198.51.100.10/32',
      localAs: 64515,
      routerId: '10.0.5.11',
      peer: '10.0.5.1',
      peerAs: 65000,
      port: 1179,
      localAddress: '10.0.5.11',
      nextHop: '10.0.5.12',
      med: 0,
      community: ['65000:1', '65000:2'],
      logLevel: 'debug',
    })
  })
  it('comes from the environment, where a flag does not say otherwise', () => {
    const env = {
      SOFTSPOKEN_PREFIX: '198.51.100.10/32',
      SOFTSPOKEN_LOCAL_AS: '64515',
      SOFTSPOKEN_ROUTER_ID: '10.0.5.11',
      SOFTSPOKEN_PEER: '10.0.5.1',
      SOFTSPOKEN_PEER_AS: '65000',
      SOFTSPOKEN_COMMUNITY: '65000:1, 65000:2',
      SOFTSPOKEN_MED: '7',
    }
    expect(parseOptions(['--med', '9'], env)).toMatchObject({
      ...{ prefix: '198.51.100.10/32', localAs: 64515, peerAs: 65000 },
      community: ['65000:1', '65000:2'],
      med: 9,
    })
  })
  it('leaves out what nobody said', () => {
    expect(Object.keys(parseOptions(words(), {}))).toEqual([
      'logLevel',
      'prefix',
      'localAs',
      'routerId',
      'peer',
      'peerAs',
    ])
  })
})

describe('what is wrong is said in one sentence', () => {
  it.each(Object.keys(needed))('%s left out', flag => {
    const rest = Object.fromEntries(Object.entries(needed).filter(([name]) => name !== flag))
    const variable = `SOFTSPOKEN_${flag.slice(2).toUpperCase().replaceAll('-', '_')}`
    expect(() => parseOptions(words(rest), {})).toThrow(new RegExp(`^${flag} is missing: .*${variable}`))
  })
  it.each([
    [['--med', 'high'], {}, "--med: 'high' is not allowed, it must be a whole number"],
    [['--med', '-1'], {}, "--med: '-1' is not allowed, it must be a whole number"],
    [[], { SOFTSPOKEN_PORT: 'bgp' }, "SOFTSPOKEN_PORT: 'bgp' is not allowed, it must be a whole number"],
    [['--log-level', 'loud'], {}, "--log-level: 'loud' is not allowed, it must be one of error, warn, info, debug"],
    [['--comunity', '1:2'], {}, "unknown option '--comunity' (Did you mean --community?)"],
    [['--peer'], {}, "option '--peer <address>' argument missing"],
    [['twice'], {}, 'too many arguments. Expected 0 arguments but got 1.'],
  ])('%j with %j', (extra, env, sentence) => {
    expect(() => parseOptions([...words(), ...extra], env)).toThrow(new UsageError(sentence))
  })
  it('in the words of who gave it: the flag, or the variable', () => {
    const error = new RangeError('local.as: 0 is not allowed, it must be from 1 to 4294967295')
    const said = 'is not allowed, it must be from 1 to 4294967295'
    expect(inWordsOfOptions(error, {}, ['--local-as', '0']).message).toBe(`--local-as: 0 ${said}`)
    expect(inWordsOfOptions(error, { SOFTSPOKEN_LOCAL_AS: '0' }, []).message).toBe(`SOFTSPOKEN_LOCAL_AS: 0 ${said}`)
  })
})
