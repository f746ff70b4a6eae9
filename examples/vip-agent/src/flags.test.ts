import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { readFlags } from './flags.ts'

const sound = {
  vip: '198.51.100.10/32',
  'local-as': '64515',
  'router-id': '10.0.5.11',
  peer: '10.0.5.1',
  'peer-as': '65000',
  health: 'http://127.0.0.1:8080/healthz',
}
/** The sound flags, some of them with another value, or without any. */
function flags(other: Readonly<Record<string, string | undefined>> = {}): string[] {
  return Object.entries({ ...sound, ...other }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  )
}

describe('the flags of the agent', () => {
  it('become the options of an agent in all-nodes mode', () => {
    expect(readFlags(flags({ 'next-hop': '10.0.5.11' }))).toEqual({
      vip: '198.51.100.10/32',
      announcer: {
        local: { as: 64515, id: '10.0.5.11' },
        peers: [{ as: 65000, address: '10.0.5.1', port: 179 }],
        holdTime: 90,
        nextHop: '10.0.5.11',
      },
      health: { check: expect.any(Function), interval: 1 },
    })
  })

  it('with a lease are leader mode, with a time for the next leader', () => {
    const { election, announcer } = readFlags(flags({ lease: '/tmp/vip', 'lease-ttl': '10' }))
    expect([election?.ttl, announcer.gracefulShutdownTime]).toEqual([6, 4]) // one word of the election counts for three fifths
  })

  it.each<[string, string[], string]>([
    ['one that is missing', flags({ peer: undefined }), '--peer is missing'],
    ['one that is given twice', [...flags(), '--vip', '198.51.100.11/32'], '--vip is given twice'],
    ['one that is given twice, written in two ways', [...flags(), '--port=1', '--port', '2'], '--port is given twice'],
    ['one that is unknown', [...flags(), '--helth=http://a:s3cret@b/'], '--helth: there is no such flag'],
    ['one of the prototype', [...flags(), '--constructor', '1'], '--constructor: there is no such flag'],
    ['one without its value', [...flags({ peer: undefined }), '--peer'], '--peer has no value'],
    ['an empty value', flags({ lease: '' }), '--lease has no value'],
    ['the next flag as a value', ['--vip', ...flags({ vip: undefined })], '--vip has no value'],
    ['what is no flag', [...flags(), 'http://a:s3cret@b/'], 'an argument is no flag: each begins with --'],
    ['what is no number', flags({ 'hold-time': '90s' }), "--hold-time: '90s' is not allowed, it must be a number"],
    [
      'a URL that cannot be read',
      flags({ health: 'http://a:s3cret@[b/' }),
      '--health is no URL: it begins with http://, https:// or tcp://',
    ],
    [
      'a URL of another kind',
      flags({ health: 'ftp://a:s3cret@b/?s3cret' }),
      "http: 'ftp://b/' is not allowed, it must begin with http: or https:",
    ],
    [
      'a lease time out of bounds',
      flags({ lease: '/tmp/vip', 'lease-ttl': '4' }),
      'ttl: 4 is not allowed, it must be from 5 to 3600',
    ],
  ])('refuse %s in one sentence without a secret', (_, args, sentence) => {
    expect(() => readFlags(args)).toThrow(new RangeError(sentence))
  })

  it('take an IPv6 address in the URL of a TCP check', async () => {
    const server = createServer().listen(0, '::1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { check } = readFlags(flags({ health: `tcp://[::1]:${port}` })).health
    await expect(check(AbortSignal.timeout(5000))).resolves.toBeUndefined()
    server.close()
  })
})
