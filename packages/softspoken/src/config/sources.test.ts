/** Options from flags, variables and files, and every sentence about a mistake in them. The tables make the file long. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OptionError } from '@softspoken/wire'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfiguration } from '../../tools/configuration.ts'
import { readSources } from './sources.ts'
import { RetryableError, UsageError } from './usage-error.ts'
import { toUsageError } from './validate.ts'

const needed = {
  '--prefix': '198.51.100.10/32',
  '--local-as': '64515',
  '--router-id': '10.0.5.11',
  '--peer': '10.0.5.1',
  '--peer-as': '65000',
}
const words = (options: Record<string, string> = needed) => Object.entries(options).flat()
const options = async (argv: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  (await readConfiguration(argv, env)).options

const folder = mkdtempSync(join(tmpdir(), 'announcer-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe('readConfiguration()', () => {
  it('reads flags', async () => {
    const extra = ['--port', '1179', '--local-address', '10.0.5.11', '--next-hop', '10.0.5.12', '--med', '0']
    const lists = ['--community', '65000:1', '65000:2', '--log-level', 'debug', '--hold-time', '30']
    expect(await options([...words(), ...extra, ...lists])).toEqual({
      prefix: ['198.51.100.10/32'],
      localAs: 64515,
      routerId: '10.0.5.11',
      peer: ['10.0.5.1'],
      peerAs: 65000,
      port: 1179,
      localAddress: '10.0.5.11',
      nextHop: ['10.0.5.12'],
      holdTime: 30,
      med: 0,
      community: ['65000:1', '65000:2'],
      logLevel: 'debug',
    })
  })
  it('reads a file in YAML or JSON, and accepts one value for a list', async () => {
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
        prefix: ['198.51.100.10/32'],
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
    expect(await options(['--config', file('a.yaml', yaml)])).toEqual(expected)
    expect(await options([], { SOFTSPOKEN_CONFIG: file('a.json', JSON.stringify(expected)) })).toEqual(expected)
  })
  it('prefers a flag to a variable, a variable to a file, and keeps the place', async () => {
    const config = file('b.yaml', 'med: 1\nholdTime: 40\nlocalAs: 64515\nrouterId: 10.0.5.11\n')
    const env = {
      ...{ SOFTSPOKEN_PREFIX: '198.51.100.10/32', SOFTSPOKEN_PEER: '10.0.5.1, 10.0.5.2', SOFTSPOKEN_PEER_AS: '65000' },
      ...{ SOFTSPOKEN_MED: '7', SOFTSPOKEN_HOLD_TIME: '60' },
    }
    const { options, given } = await readConfiguration(['--med', '9', '--config', config], env)
    expect(options).toMatchObject({ med: 9, holdTime: 60, localAs: 64515, peer: ['10.0.5.1', '10.0.5.2'] })
    expect(given.med?.from).toBe('--med')
    expect(given.holdTime?.from).toBe('SOFTSPOKEN_HOLD_TIME')
    expect(given.localAs?.from).toBe(`localAs in ${config}`)
    expect(given.logLevel).toBeUndefined()
  })
  it('removes white space around a value, and splits a list at commas or spaces', async () => {
    const env = { SOFTSPOKEN_MED: ' 7\n', SOFTSPOKEN_COMMUNITY: ' 65000:1 ,65000:2  65000:3\n' }
    expect(await options(words(), env)).toMatchObject({ med: 7, community: ['65000:1', '65000:2', '65000:3'] })
  })
  it('reads several health checks from flags, the variable with semicolons, or a file', async () => {
    const [url, command] = ['tcp://[::1]:1', 'exec:/bin/check --flag a,b']
    const both = { health: [url, command] }
    expect(await options([...words(), '--health', url, command])).toMatchObject(both)
    expect(await options([...words(), `--health=${url}`, '--health', command])).toMatchObject(both)
    expect(await options(words(), { SOFTSPOKEN_HEALTH: `${url}; ${command}` })).toMatchObject(both)
    expect(await options(words(), { SOFTSPOKEN_HEALTH: command })).toMatchObject({ health: command })
    const yaml = `health:\n  - ${url}\n  - [exec:/bin/check, two words]\n`
    expect(await options([...words(), '--config', file('health.yaml', yaml)])).toMatchObject({
      health: [url, ['exec:/bin/check', 'two words']],
    })
  })
  it('says which values are those of the file', async () => {
    const config = file('own.yaml', 'med: 1\nholdTime: 40\n')
    const { inFile } = await readSources({ values: {}, config }, { SOFTSPOKEN_MED: '7', SOFTSPOKEN_PORT: '1179' })
    expect([...inFile]).toEqual(['holdTime'])
  })
  it('replaces no address as kube-vip does if a file says that none is added', async () => {
    const config = file('without-address.yaml', 'address: none\n')
    const kubeVip = { cp_enable: 'true', bgp_enable: 'true' }
    expect(await options([...words(), '--config', config], kubeVip)).not.toHaveProperty('replaceAddress')
    expect(await options(words(), kubeVip)).toMatchObject({ replaceAddress: true })
    const own = { ...kubeVip, SOFTSPOKEN_REPLACE_ADDRESS: 'true' }
    expect(await options([...words(), '--config', config], own)).toMatchObject({ replaceAddress: true })
  })
  it('does not check a value if another source wins', async () => {
    const config = file('weak.yaml', 'med: high\nholdTime: []\n')
    const env = { SOFTSPOKEN_MED: '-1', SOFTSPOKEN_PORT: 'bgp', SOFTSPOKEN_HOLD_TIME: '30', bgp_as: 'AS1' }
    const argv = [...words(), '--med', '7', '--port', '1179', '--config', config]
    expect(await options(argv, env)).toMatchObject({ med: 7, port: 1179, holdTime: 30, localAs: 64515 })
  })
})

describe('an option that is a map', () => {
  const expected = { backOff: { minInterval: 10, resetAfter: 600 }, healthHoldDown: { withdrawals: 4 } }
  const health = ['--health', 'tcp://127.0.0.1:6443']
  it('comes from a flag, a variable or a file', async () => {
    for (const backOff of [['minInterval=10,resetAfter=600'], ['minInterval=10', 'resetAfter=600']]) {
      const argv = ['--back-off', ...backOff, '--health-hold-down', 'withdrawals=4']
      expect(await options([...words(), ...health, ...argv])).toMatchObject(expected)
    }
    const env = { SOFTSPOKEN_BACK_OFF: 'minInterval=10 resetAfter=600', SOFTSPOKEN_HEALTH_HOLD_DOWN: 'withdrawals=4' }
    expect(await options([...words(), ...health], env)).toMatchObject(expected)
    const config = file('maps.json', JSON.stringify(expected))
    expect(await options([...words(), ...health, '--config', config])).toMatchObject(expected)
  })
  it('is false if hold-down is switched off', async () => {
    expect(await options([...words(), ...health, '--health-hold-down', 'false'])).toMatchObject({
      healthHoldDown: false,
    })
    const config = file('off.yaml', 'healthHoldDown: false\n')
    expect(await options([...words(), ...health, '--config', config])).toMatchObject({ healthHoldDown: false })
  })
})

describe('variables that begin with SOFTSPOKEN_', () => {
  it('are ignored if Kubernetes sets them for a Service called softspoken', async () => {
    const env = {
      ...{ SOFTSPOKEN_SERVICE_HOST: '10.96.0.7', SOFTSPOKEN_SERVICE_PORT: '179', SOFTSPOKEN_SERVICE_PORT_HTTP: '80' },
      ...{ SOFTSPOKEN_PORT: 'tcp://10.96.0.7:179', SOFTSPOKEN_PORT_179_TCP: 'tcp://10.96.0.7:179' },
      ...{ SOFTSPOKEN_PORT_179_TCP_PROTO: 'tcp', SOFTSPOKEN_PORT_179_TCP_ADDR: '10.96.0.7' },
      ...{ SOFTSPOKEN_HEALTH_PORT: 'tcp://10.96.0.8:80', SOFTSPOKEN_HEALTH_PORT_80_TCP: 'tcp://10.96.0.8:80' },
      ...{ SOFTSPOKEN_HEALTH_SERVICE_HOST: '10.96.0.8', SOFTSPOKEN_PEER_SERVICE_PORT_BGP: '179' },
    }
    const { options, warnings } = await readConfiguration(words(), env)
    expect(options.port).toBeUndefined()
    expect(warnings).toEqual([])
    expect((await readConfiguration([...words(), '--port', '1179'], env)).options.port).toBe(1179)
  })
  it('cause one warning if they are unknown', async () => {
    const { warnings } = await readConfiguration(words(), { SOFTSPOKEN_PEERAS: '1', SOFTSPOKEN_COLOUR: 'red' })
    expect(warnings).toEqual([
      'not used, because there is no such variable: SOFTSPOKEN_PEERAS (did you mean SOFTSPOKEN_PEER_AS?), SOFTSPOKEN_COLOUR',
    ])
  })
})

it('a warning reports that the service is not verified, and hides its password', async () => {
  const health = 'https://user:password@127.0.0.1:6443/livez?token=1'
  const env = { SOFTSPOKEN_HEALTH: health, SOFTSPOKEN_HEALTH_VERIFY: 'none' }
  expect((await readConfiguration(words(), env)).warnings).toEqual([
    'healthVerify: none, so any host that answers at https://127.0.0.1:6443/livez decides whether we announce; healthCa would verify it',
  ])
})

it('no warning reports so of a service that is not checked', async () => {
  expect((await readConfiguration(words(), { SOFTSPOKEN_HEALTH_VERIFY: 'none' })).warnings).toEqual([])
})

it.each([
  [' key', 'white space'],
  ['key\n', 'white space'],
  ['"key"', 'the quotes around it'],
  ["'key'", 'the quotes around it'],
  ['\u201ckey\u201d', 'the quotes around it'],
  ['"key', 'the quote at the beginning or end'],
  ["key'", 'the quote at the beginning or end'],
  ['\u2018key', 'the quote at the beginning or end'],
  ['key\u200b', 'an invisible character in it'],
  ['ke\ty', 'an invisible character in it'],
  ['key\u0001', 'an invisible character in it'],
  ['k"e"y', undefined],
])('a warning reports what surrounds a key: %j', async (key, warning) => {
  const config = file('keys.json', JSON.stringify({ peers: [{ address: '10.0.5.1', as: 1, tcpMd5Key: key }] }))
  const withoutPeer = [...words().slice(0, 6), '--config', config]
  const bgp = { bgp_as: '64515', bgp_peerpass: key }
  for (const [argv, env, from] of [
    [words(), { SOFTSPOKEN_TCP_MD5_KEY: key }, 'SOFTSPOKEN_TCP_MD5_KEY'],
    [words(), bgp, 'bgp_peerpass'],
    [withoutPeer, {}, `peers in ${config}, number 1, tcpMd5Key`],
  ] as const) {
    const { options, warnings } = await readConfiguration(argv, env)
    expect(options.tcpMd5Key ?? options.peers?.[0]?.tcpMd5Key).toBe(key)
    if (warning === undefined) expect(warnings).toEqual([])
    else expect(warnings).toEqual([expect.stringMatching(new RegExp(`^${from}: .*${warning}`))])
  }
})

describe('a mistake is reported in one sentence:', () => {
  it.each(Object.keys(needed))('%s is missing', async flag => {
    const rest = Object.fromEntries(Object.entries(needed).filter(([name]) => name !== flag))
    const variable = `SOFTSPOKEN_${flag.slice(2).toUpperCase().replaceAll('-', '_')}`
    await expect(options(words(rest))).rejects.toThrow(new RegExp(`^${flag} is missing: .*${variable}`))
  })
  it.each([
    [['--med', 'high'], {}, "--med: 'high' is not allowed, it must be a whole number"],
    [['--med', '-1'], {}, "--med: '-1' is not allowed, it must be a whole number"],
    [[], { SOFTSPOKEN_PORT: 'bgp' }, "SOFTSPOKEN_PORT: 'bgp' is not allowed, it must be a whole number"],
    [['--log-level', 'loud'], {}, "--log-level: 'loud' is not allowed, it must be one of error, warn, info, debug"],
    [['--comunity', '1:2'], {}, '--comunity: no such flag, did you mean --community?'],
    [['--colour=red'], {}, '--colour: no such flag; --help lists them'],
    [
      ['--tcp-md5-key', 'a'],
      {},
      /^--tcp-md5-key: no such flag, .*; set SOFTSPOKEN_TCP_MD5_KEY, or tcpMd5Key in a file$/,
    ],
    [['--back-off', '10'], {}, '--back-off: each part must be a name and a number, such as name=10'],
    [['--back-off', 'minInterval=ten'], {}, "--back-off, minInterval: 'ten' is not allowed, it must be a whole number"],
    [['--back-off', 'minIntervl=10'], {}, '--back-off: minIntervl is not an option, did you mean minInterval?'],
    [['--back-off', 'minInterval=10', 'minInterval=20'], {}, '--back-off: a name is given twice'],
    [['--back-off', 'false'], {}, /^--back-off: false is not allowed, it must be a map of names and seconds, such as/],
    [
      ['--health-hold-down', 'withdrawal=10'],
      {},
      /^--health-hold-down: withdrawal is not an option, did you mean withdrawals\?/,
    ],
    [['--health-hold-down', 'true'], {}, '--health-hold-down: each part must be a name and a number, such as name=10'],
    [['--check'], {}, '--check: it belongs to announce; the command check does the same'],
    [['-x'], {}, 'an argument begins with a hyphen: no such flag; --help lists them'],
    [['--med', '--local-pref', '7'], {}, '--med: it has no value'],
    [['--community', '--med', '7'], {}, '--community: it has no value'],
    [['--peers', 'a'], {}, '--peers: no such flag, peers is set in a file'],
    [
      ['--med', '1', 'twice'],
      {},
      'an argument is not the value of a flag; give an option as --prefix 198.51.100.10/32',
    ],
    [['--med', '1', '--med', '1'], {}, '--med: it is given twice, and takes one value'],
    [['--local-as', '64999'], {}, '--local-as: it is given twice, and takes one value'],
    [['--config', 'a.yaml', '--config', 'b.yaml'], {}, '--config: it is given twice, and takes one value'],
    [['--med', ''], {}, '--med: it is empty; leave it out, or give it a value'],
    [[], { SOFTSPOKEN_MED: '' }, 'SOFTSPOKEN_MED: it is empty; leave it out, or give it a value'],
    [[], { SOFTSPOKEN_HEALTH: ' ' }, /^SOFTSPOKEN_HEALTH: it is empty/],
    [[], { SOFTSPOKEN_TCP_MD5_KEY: '' }, /^SOFTSPOKEN_TCP_MD5_KEY: it is empty/],
    [
      [],
      { SOFTSPOKEN_COMMUNITY: '65000:1,,65000:2' },
      /^SOFTSPOKEN_COMMUNITY: a part of it is empty; leave that part out/,
    ],
    [[], { SOFTSPOKEN_CONFIG: '' }, /^SOFTSPOKEN_CONFIG: it is empty/],
    [['--api-servers', 'https://10.0.5.1,https://10.0.5.2'], {}, /^--api-servers: it has a comma; put spaces between/],
  ])('flags %j with variables %j', async (extra, env, sentence) => {
    const run = options([...words(), ...extra], env)
    await expect(run).rejects.toThrow(sentence)
    await expect(run).rejects.toBeInstanceOf(UsageError)
  })
  it.each([
    ['localAS: 1', 'localAS is not an option, did you mean localAs?'],
    [
      'peers: [{ adress: 10.0.5.1, as: 1 }]',
      /^peers in .*, number 1: adress is not an option, did you mean address\?$/,
    ],
    [
      'healthHoldDown: { within: ten }',
      /^healthHoldDown in .*, within: 'ten' is not allowed, it must be a whole number$/,
    ],
    ['healthHoldDown: { withn: 10 }', /^healthHoldDown in .*: withn is not an option, did you mean within\?$/],
    ['healthHoldDown: true', /^healthHoldDown in .*: true is not allowed, it must be false, or a map of withdrawals, /],
    ['healthHoldDown: []', /^healthHoldDown in .*: a list is not allowed, it must be a map/],
    ['backOff: []', /^backOff in .*: a list is not allowed, it must be a map/],
    ['backOff: 3', /^backOff in .*: 3 is not allowed, it must be a map/],
    ['http: 9179', /^http in .*: 9179 is not allowed, it must be an address and a port/],
    ['colour: red', /colour is not an option, the options are prefix, localAs, .*logLevel/],
    ['med: "7"', /^med in .*: '7' is not allowed, it must be a whole number/],
    ['med: 1.5', /^med in .*: 1.5 is not allowed, it must be a whole number/],
    [
      'peers: [{ address: 10.0.5.1 }]',
      /^peers in .*, number 1, as is missing; a router must be a map with address and as/,
    ],
    [
      'peers: [{ address: 10.0.5.1, as: 1, asn: 2 }]',
      /^peers in .*, number 1: asn is not an option, the options are address, as, /,
    ],
    [
      'peers: [{ address: 10.0.5.1, as: 1 }, { address: 10.0.5.2, as: 1, colour: 9 }]',
      /^peers in .*, number 2: colour is not an option, the options are address, as, port, .*bindDevice$/,
    ],
    ['peers: [{ address: router, as: 1 }]', /^peers in .*, number 1, address: .*it must be an IPv4 or IPv6 address/],
    ['- 1', /it must be a map of options/],
    ['text', /it must be a map of options/],
    ['', /it must be a map of options/],
    ['{', /wrong.yaml, line 1: it is not valid YAML$/],
    ['med: 1\nlocalPref: [', /wrong.yaml, line 2: it is not valid YAML$/],
    ['med: 1\nlocalPref: 7\nmed: 1', /wrong.yaml, line 3: a name is given twice$/],
    ['med: 1\n---\nmed: 2', /wrong.yaml, line 2: it must hold one document$/],
    ['tcpMd5Key: !vault abc', /wrong.yaml, line 1: it has an unknown tag$/],
    ['med: *first', /wrong.yaml: it is not valid YAML, an alias has no anchor$/],
    ['['.repeat(101), /wrong.yaml: it must have at most 100 levels and 50000 tokens of YAML$/],
    ['med:', /^med in .*: it is empty/],
    ['health: ""', /^health in .*: it is empty/],
    ['tcpMd5Key:', /^tcpMd5Key in .*: it is empty/],
  ])('the file has %s', async (line, sentence) => {
    const config = file('wrong.yaml', line)
    const withoutPeer = words(needed).slice(0, 6)
    const argv = line.startsWith('peers') ? withoutPeer : words()
    const run = options([...argv, '--config', config])
    await expect(run).rejects.toThrow(sentence)
    await expect(run).rejects.toBeInstanceOf(UsageError)
  })
  it.each([
    ['{"med": 1,\n"med": 1}', 'line 2: a name is given twice'],
    ['{"peers": [{"as": 1}, {"as": 1,\n\n"a\\u0073": 1}]}', 'line 3: a name is given twice'],
    ['{"med" : 1,\n"med" : 1\n\n}', 'line 2: a name is given twice'],
    ['{"tcpMd5Key": "}", "med": 1,\n"med": 1}', 'line 2: a name is given twice'],
    ['{"tcpMd5Key": "a}", "med": 1,\n"med": 1}', 'line 2: a name is given twice'],
    ['{"med": 1, "backOff": {"minInterval": 10},\n"med": 1}', 'line 2: a name is given twice'],
    ['{"med": 1,\n}\n\n', 'line 2: it is not valid JSON'],
    ['', 'it is not valid JSON'],
  ])('the JSON file has %j', async (text, sentence) => {
    await expect(options([...words(), '--config', file('wrong.json', text)])).rejects.toThrow(sentence)
  })
  it.each([
    ['UTF-16', Buffer.from('\ufeffmed: 1\n', 'utf16le')],
    ['Latin-1, which would change a key', Buffer.from('tcpMd5Key: caf\xe9', 'latin1')],
    ['nothing', Buffer.from([0x1f, 0x8b, 8, 0])],
  ])('the file is in %s, and is not shown', async (_, octets) => {
    const config = join(folder, 'wrong.yaml')
    writeFileSync(config, octets)
    const run = options([...words(), '--config', config])
    await expect(run).rejects.toThrow(/wrong.yaml: it is not a text in UTF-8$/)
    await expect(run).rejects.toBeInstanceOf(UsageError)
  })
  it('a JSON file may have one name in two maps, and a byte order mark', async () => {
    const { peer: _, ...common } = { prefix: ['198.51.100.10/32'], localAs: 64515, routerId: '10.0.5.11', peer: '' }
    const peers = [
      { address: '10.0.5.1', as: 1, tcpMd5Key: '{"as": 1, "as": 2}', holdTime: 9 },
      { address: '10.0.5.2', as: 1 },
    ]
    const config = file('right.json', `\ufeff${JSON.stringify({ ...common, peers, holdTime: 30 })}`)
    expect(await options(['--config', config])).toMatchObject({ peers, holdTime: 30 })
  })
  it.each(['none.yaml', '.'])('the file %s cannot be read, which may be different at the next start', async name => {
    const run = options(['--config', join(folder, name)])
    await expect(run).rejects.toThrow(/: cannot be read: (ENOENT|EISDIR)/)
    await expect(run).rejects.toBeInstanceOf(RetryableError)
  })
  it('peers of a file are given together with --peer', async () => {
    const config = file('c.yaml', 'peers: [{ address: 10.0.5.1, as: 65000 }]')
    await expect(options([...words(), '--config', config])).rejects.toThrow(
      /^--peer: not allowed together with peers in/,
    )
  })
  it('the sentence names the flag, the variable, or the place in the file', () => {
    const error = new OptionError('local.as', 0, 'from 1 to 4294967295')
    const rest = 'is not allowed, it must be from 1 to 4294967295'
    for (const from of ['--local-as', 'SOFTSPOKEN_LOCAL_AS', 'localAs in a.yaml'])
      expect(toUsageError(error, { localAs: { value: 0, from } })).toEqual(new UsageError(`${from}: 0 ${rest}`))
  })
  it.each([
    ['peer.as: 23456', { peerAs: '--peer-as' }, '--peer-as: 23456'],
    ['local.as: 65535', { localAs: 'bgp_as' }, 'bgp_as: 65535'],
    ['peer.as: 4294967295', { peers: 'peers in a.yaml' }, 'peers in a.yaml, as: 4294967295'],
    ['tcpMd5Key: a key of 90 octets', { peers: 'bgp_peers' }, 'bgp_peers, tcpMd5Key: a key of 90 octets'],
    [
      'tcpMd5Key: a key of 90 octets',
      { tcpMd5KeyFile: '--tcp-md5-key-file' },
      '--tcp-md5-key-file: a key of 90 octets',
    ],
    ['tcpMd5Key: a key of 90 octets', {}, 'SOFTSPOKEN_TCP_MD5_KEY: a key of 90 octets'],
    ['peers: 10.0.5.1 port 179', { peer: 'SOFTSPOKEN_PEER' }, 'SOFTSPOKEN_PEER: 10.0.5.1 port 179'],
    ['peers[1].as: 0', { peers: 'peers in a.yaml' }, 'peers in a.yaml, number 2, as: 0'],
    ['peers[1].address: 1', { peer: '--peer' }, '--peer: 1'],
    ['peers[0].tcpMd5Key: a key of 90 octets', { tcpMd5Key: 'bgp_peerpass' }, 'bgp_peerpass: a key of 90 octets'],
    ['backOff.minInterval: 0', { backOff: 'SOFTSPOKEN_BACK_OFF' }, 'SOFTSPOKEN_BACK_OFF, minInterval: 0'],
    ['nextHop: 0.0.0.0', { nextHop: '--next-hop' }, '--next-hop: 0.0.0.0'],
    ['holdDown.within: 0', { healthHoldDown: 'healthHoldDown in a.yaml' }, 'healthHoldDown in a.yaml, within: 0'],
    ['prefix: 10.0.5.11/32', {}, '--prefix: 10.0.5.11/32'],
    [
      'capabilities.fourOctetAs: false',
      { withoutCapabilities: 'SOFTSPOKEN_WITHOUT_CAPABILITIES' },
      'SOFTSPOKEN_WITHOUT_CAPABILITIES, fourOctetAs: false',
    ],
  ])('the library reports %s, the user gave %j: %s', (start, from, sentence) => {
    const given = Object.fromEntries(Object.entries(from).map(([name, from]) => [name, { value: 0, from }]))
    const [option = '', what] = start.split(': ')
    const error = toUsageError(new OptionError(option, undefined, '', `${what} is not allowed`), given)
    expect(error).toEqual(new UsageError(`${sentence} is not allowed`))
  })
  it('the sentence names the router of a list whose next hop is wrong', () => {
    const peers = { from: 'peers in a.yaml', value: [{ nextHop: '10.0.5.9' }, { nextHop: '2001:DB8::1' }] }
    const given = { peers, nextHop: { from: '--next-hop', value: '10.0.5.10' } }
    const message = (hop: string) => (toUsageError(new OptionError('nextHop', hop, 'another'), given) as Error).message
    expect(message('2001:db8::1')).toMatch(/^peers in a\.yaml, number 2, nextHop: '2001:db8::1' is not allowed/)
    expect(message('10.0.5.10')).toMatch(/^--next-hop: '10\.0\.5\.10' is not allowed/)
  })
  it('an error that is no OptionError is not changed', () => {
    for (const fault of [new TypeError("Cannot read properties of undefined (reading 'as')"), 'thrown', undefined])
      expect(toUsageError(fault, {})).toBe(fault)
  })
})
