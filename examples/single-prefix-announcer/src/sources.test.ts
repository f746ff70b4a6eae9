import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { configuration, inWordsOfOptions } from './sources.ts'
import { UsageError } from './usage-error.ts'

const needed = {
  '--prefix': '198.51.100.10/32',
  '--local-as': '64515',
  '--router-id': '10.0.5.11',
  '--peer': '10.0.5.1',
  '--peer-as': '65000',
}
const words = (options: Record<string, string> = needed) => Object.entries(options).flat()
const settings = async (argv: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  (await configuration(argv, env)).settings

const folder = mkdtempSync(join(tmpdir(), 'announcer-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe('what is given', () => {
  it('comes from flags', async () => {
    const extra = ['--port', '1179', '--local-address', '10.0.5.11', '--next-hop', '10.0.5.12', '--med', '0']
    const lists = ['--community', '65000:1', '65000:2', '--log-level', 'debug', '--hold-time', '30']
    expect(await settings([...words(), ...extra, ...lists])).toEqual({
      prefix: '198.51.100.10/32',
      localAs: 64515,
      routerId: '10.0.5.11',
      peer: ['10.0.5.1'],
      peerAs: 65000,
      port: 1179,
      localAddress: '10.0.5.11',
      nextHop: '10.0.5.12',
      holdTime: 30,
      med: 0,
      community: ['65000:1', '65000:2'],
      logLevel: 'debug',
    })
  })
  it('comes from a file, in YAML or JSON; one value does for a list', async () => {
    const yaml = `prefix: 198.51.100.10/32
localAs: 64515
routerId: 10.0.5.11
community: 65000:1
peers:
  - { address: 10.0.5.1, as: 65000, tcpMd5Key: one }
  - { address: 10.0.6.1, as: 65001, port: 1179 }
`
    const expected = {
      ...{
        prefix: '198.51.100.10/32',
        localAs: 64515,
        routerId: '10.0.5.11',
        community: ['65000:1'],
        logLevel: 'info',
      },
      peers: [
        { address: '10.0.5.1', as: 65000, tcpMd5Key: 'one' },
        { address: '10.0.6.1', as: 65001, port: 1179 },
      ],
    }
    expect(await settings(['--config', file('a.yaml', yaml)])).toEqual(expected)
    expect(await settings([], { SOFTSPOKEN_CONFIG: file('a.json', JSON.stringify(expected)) })).toEqual(expected)
  })
  it('a flag goes before the environment, that before the file, and each is remembered', async () => {
    const config = file('b.yaml', 'med: 1\nholdTime: 40\nlocalAs: 64515\nrouterId: 10.0.5.11\n')
    const env = {
      ...{ SOFTSPOKEN_PREFIX: '198.51.100.10/32', SOFTSPOKEN_PEER: '10.0.5.1, 10.0.5.2', SOFTSPOKEN_PEER_AS: '65000' },
      ...{ SOFTSPOKEN_MED: '7', SOFTSPOKEN_HOLD_TIME: '60' },
    }
    const { settings, given } = await configuration(['--med', '9', '--config', config], env)
    expect(settings).toMatchObject({ med: 9, holdTime: 60, localAs: 64515, peer: ['10.0.5.1', '10.0.5.2'] })
    expect(given.med?.from).toBe('--med')
    expect(given.holdTime?.from).toBe('SOFTSPOKEN_HOLD_TIME')
    expect(given.localAs?.from).toBe(`localAs in ${config}`)
    expect(given.logLevel).toBeUndefined()
  })
  it("leaves a variable alone that is like none of ours: Kubernetes sets some for a service of this program's name", async () => {
    expect(await settings(words(), { SOFTSPOKEN_SERVICE_HOST: '10.96.0.7' })).toMatchObject({ localAs: 64515 })
  })
})

it('that nobody verifies the service is said out loud', async () => {
  const env = { SOFTSPOKEN_HEALTH: 'https://127.0.0.1:6443/livez', SOFTSPOKEN_HEALTH_VERIFY: 'none' }
  expect((await configuration(words(), env)).warnings).toEqual([
    'healthVerify: none, so whoever answers at https://127.0.0.1:6443/livez decides whether we announce; healthCa would verify it',
  ])
})

describe('what is wrong is said in one sentence', () => {
  it.each(Object.keys(needed))('%s left out', async flag => {
    const rest = Object.fromEntries(Object.entries(needed).filter(([name]) => name !== flag))
    const variable = `SOFTSPOKEN_${flag.slice(2).toUpperCase().replaceAll('-', '_')}`
    await expect(settings(words(rest))).rejects.toThrow(new RegExp(`^${flag} is missing: .*${variable}`))
  })
  it.each([
    [['--med', 'high'], {}, "--med: 'high' is not allowed, it must be a whole number"],
    [['--med', '-1'], {}, "--med: '-1' is not allowed, it must be a whole number"],
    [[], { SOFTSPOKEN_PORT: 'bgp' }, "SOFTSPOKEN_PORT: 'bgp' is not allowed, it must be a whole number"],
    [['--log-level', 'loud'], {}, "--log-level: 'loud' is not allowed, it must be one of error, warn, info, debug"],
    [['--comunity', '1:2'], {}, "unknown option '--comunity' (Did you mean --community?)"],
    [['--peer'], {}, "option '--peer <address...>' argument missing"],
    [['twice'], {}, 'too many arguments. Expected 0 arguments but got 1.'],
    [[], { SOFTSPOKEN_PEERAS: '1' }, 'SOFTSPOKEN_PEERAS: there is no such variable, did you mean SOFTSPOKEN_PEER_AS?'],
  ])('%j with %j', async (extra, env, sentence) => {
    await expect(settings([...words(), ...extra], env)).rejects.toThrow(new UsageError(sentence))
  })
  it.each([
    ['localAS: 1', 'localAS is no setting, did you mean localAs?'],
    ['colour: red', /colour is no setting, there are prefix, localAs, .*logLevel/],
    ['med: "7"', /^med in .*: '7' is not allowed, it must be a whole number/],
    ['med: 1.5', /^med in .*: 1.5 is not allowed, it must be a whole number/],
    ['peers: [{ address: 10.0.5.1 }]', /^peers in .*, 0.as is missing, there must be address and as/],
    ['peers: [{ address: 10.0.5.1, as: 1, asn: 2 }]', /^peers in .*, 0.asn: there is no such setting of a router/],
    ['- 1', /it must hold settings by name/],
    ['{', /cannot be read/],
  ])('a file that says %s', async (line, sentence) => {
    const config = file('wrong.yaml', line)
    const withoutPeer = words(needed).slice(0, 6)
    const argv = line.startsWith('peers') ? withoutPeer : words()
    const run = settings([...argv, '--config', config])
    await expect(run).rejects.toThrow(sentence)
    await expect(run).rejects.toBeInstanceOf(UsageError)
  })
  it('a file that is not there', async () => {
    await expect(settings(['--config', join(folder, 'none.yaml')])).rejects.toThrow(/none.yaml: cannot be read: ENOENT/)
  })
  it('peers of a file beside --peer', async () => {
    const config = file('c.yaml', 'peers: [{ address: 10.0.5.1, as: 65000 }]')
    await expect(settings([...words(), '--config', config])).rejects.toThrow(/^--peer: not beside peers in/)
  })
  it('in the words of who gave it: the flag, the variable, or the place in the file', () => {
    const error = new RangeError('local.as: 0 is not allowed, it must be from 1 to 4294967295')
    const said = 'is not allowed, it must be from 1 to 4294967295'
    for (const from of ['--local-as', 'SOFTSPOKEN_LOCAL_AS', 'localAs in a.yaml'])
      expect(inWordsOfOptions(error, { localAs: { value: 0, from } })).toEqual(new UsageError(`${from}: 0 ${said}`))
  })
  it.each([
    ['peer.as: 23456', { peerAs: '--peer-as' }, '--peer-as: 23456'],
    ['local.as: 65535', { localAs: 'bgp_as' }, 'bgp_as: 65535'],
    ['peer.as: 4294967295', { peers: 'peers in a.yaml' }, 'peers in a.yaml, as: 4294967295'],
    ['tcpMd5Key: a key of 90 octets', { peers: 'bgp_peers' }, 'bgp_peers, tcpMd5Key: a key of 90 octets'],
    ['tcpMd5Key: a key of 90 octets', {}, 'SOFTSPOKEN_TCP_MD5_KEY: a key of 90 octets'],
    ['peers: 10.0.5.1 port 179', { peer: 'SOFTSPOKEN_PEER' }, 'SOFTSPOKEN_PEER: 10.0.5.1 port 179'],
    ['prefix: 10.0.5.11/32', {}, '--prefix: 10.0.5.11/32'],
  ])('the library says %s, the person %j: %s', (start, from, sentence) => {
    const given = Object.fromEntries(Object.entries(from).map(([name, from]) => [name, { value: 0, from }]))
    const error = inWordsOfOptions(new RangeError(`${start} is not allowed`), given)
    expect(error).toEqual(new UsageError(`${sentence} is not allowed`))
  })
  it('and a fault of the program stays what it is', () => {
    for (const fault of [new TypeError("Cannot read properties of undefined (reading 'as')"), 'thrown', undefined])
      expect(inWordsOfOptions(fault, {})).toBe(fault)
  })
})
