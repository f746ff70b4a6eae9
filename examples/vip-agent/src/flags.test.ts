import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { agentOptions, flagOf, help, readFlags } from './flags.ts'

const required = {
  vip: '198.51.100.10/32',
  'local-as': '64515',
  'router-id': '10.0.5.11',
  peer: '10.0.5.1',
  'peer-as': '65000',
  health: 'http://127.0.0.1:8080/healthz',
}
/** The required flags, some of them with another value, or left out. */
function flags(changed: Readonly<Record<string, string | undefined>> = {}): string[] {
  return Object.entries({ ...required, ...changed }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  )
}
function read(args: readonly string[]): ReturnType<typeof agentOptions> {
  const values = readFlags(args)
  if (values === 'help') throw new Error('no help was asked for')
  return agentOptions(values)
}

describe('the flags', () => {
  it('the required flags become the options of an agent', () => {
    expect(read(flags({ 'next-hop': '10.0.5.11' }))).toEqual({
      vips: ['198.51.100.10/32'],
      announcer: {
        local: { as: 64515, id: '10.0.5.11' },
        peers: [{ as: 65000, address: '10.0.5.1', port: 179 }],
        holdTime: 90,
        nextHop: '10.0.5.11',
      },
      health: { check: expect.any(Function), interval: 1 },
      mode: 'all-nodes',
    })
  })

  it('--lease selects leader mode', () => {
    expect(read(flags({ lease: '/tmp/vip' })).mode).toBe('leader')
  })

  it('--help lists every flag, in lines of at most 120 characters', () => {
    expect(readFlags([...flags(), '--help'])).toBe('help')
    for (const flag of Object.keys(required)) expect(help).toContain(`  --${flag} <`)
    expect(Math.max(...help.split('\n').map(line => line.length))).toBeLessThanOrEqual(120)
  })

  it.each([
    ['local.as', 'local-as'],
    ['peers[0].address', 'peer'],
    ['peer.as', 'peer-as'],
    ['backOff', undefined],
  ])('the option %s of the library is set by the flag %s', (option, flag) => {
    expect(flagOf(option)).toBe(flag)
  })

  it.each<[string, string[], string]>([
    ['a flag that is missing', flags({ peer: undefined }), '--peer: it must be given'],
    ['a flag that is given twice', [...flags(), '--vip', '198.51.100.11/32'], '--vip: it must be given once'],
    [
      'a flag that is given twice, with and without =',
      [...flags(), '--port=1', '--port', '2'],
      '--port: it must be given once',
    ],
    ['an unknown flag', [...flags(), '--helth=http://a:s3cret@b/'], '--helth: no such flag'],
    ['a name of the prototype', [...flags(), '--constructor', '1'], '--constructor: no such flag'],
    ['a flag without a value', [...flags({ peer: undefined }), '--peer'], '--peer: it must be given with a value'],
    ['an empty value', flags({ lease: '' }), '--lease: it must be given with a value'],
    ['the next flag as a value', ['--vip', ...flags({ vip: undefined })], '--vip: it must be given with a value'],
    [
      'an argument that is not a flag',
      [...flags(), 'http://a:s3cret@b/'],
      'argument: it must be a flag that begins with --',
    ],
    [
      'a value that is not a number',
      flags({ 'hold-time': '90s' }),
      "--hold-time: '90s' is not allowed, it must be a number",
    ],
    [
      'a URL that cannot be parsed',
      flags({ health: 'http://a:s3cret@[b/' }),
      '--health: it must be a URL that begins with http:// or https://, or with tcp:// and has a port',
    ],
    [
      'a TCP check without a port',
      flags({ health: 'tcp://127.0.0.1' }),
      '--health: it must be a URL that begins with http:// or https://, or with tcp:// and has a port',
    ],
    [
      'two elections',
      flags({ lease: '/tmp/vip', 'leader-file': '/tmp/leader' }),
      '--leader-file: it must be left out if --lease is given',
    ],
  ])('%s is rejected in one sentence without a secret', (_, args, sentence) => {
    expect(() => read(args)).toThrow(expect.objectContaining({ name: 'OptionError', message: sentence }))
  })

  it('a health URL of another scheme is rejected without its password', () => {
    expect(() => read(flags({ health: 'ftp://a:s3cret@b/?s3cret' }))).toThrow(/^(?!.*s3cret).*that begins with http:/)
  })

  it('a TCP check accepts an IPv6 address in its URL', async () => {
    const server = createServer().listen(0, '::1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { health } = read(flags({ health: `tcp://[::1]:${port}` }))
    await expect(health?.check(AbortSignal.timeout(5000))).resolves.toBeUndefined()
    server.close()
  })
})
