/** The caller's mistakes in a header, an OPEN, a NOTIFICATION and a ROUTE-REFRESH. */
import { describe, expect, it } from 'vitest'
import type { Capability } from './capability/registry.ts'
import type { Context } from './context.ts'
import { encode, type Message } from './message.ts'
import type { Open } from './open.ts'

function open(fields: Partial<Open>): Open {
  return { type: 'open', version: 4, as: 65001, holdTime: 90, id: '192.0.2.1', capabilities: [], ...fields }
}
/** What a caller without types can write. */
function untyped<wanted>(value: unknown): wanted {
  return value as wanted // the type is wrong on purpose
}

const long = Array.from({ length: 1000 }, (_, i) => `10.0.${i >> 8}.${i & 255}/32`)

const mistakes: [what: string, message: Message, error: RegExp, context?: Partial<Context>][] = [
  ['an unknown type', untyped({ type: 'hello' }), /^type: 'hello' is not allowed, it must be one of open, update, /],
  [
    'a message beyond 4096 octets',
    { type: 'update', withdrawn: long, attributes: {}, announced: [] },
    /^update length: 5023 is not allowed, it must be at most 4096 octets/,
  ],

  ['another version', open({ version: 3 }), /^version: 3 is not allowed, it must be 4/],
  ['an AS number of five octets', open({ as: 2 ** 32 }), /^as: 4294967296 is not allowed/],
  ['a negative AS number', open({ as: -1 }), /^as: -1 is not allowed, it must be a whole number from 0 to 4294967295/],
  ['a four-octet AS number without the capability', open({ as: 4200000000 }), /^as: 4200000000 is not allowed/],
  [
    'an AS number unlike that in the capability',
    open({ capabilities: [{ name: 'four-octet-as', as: 65002 }] }),
    /^as: 65001 is not allowed, it must be that of the capability four-octet-as/,
  ],
  ['an AS number of zero', open({ as: 0 }), /^as: 0 is not allowed, it must be other than zero/],
  ['a hold time of 2 s', open({ holdTime: 2 }), /^holdTime: 2 is not allowed, it must be 0 or at least 3 s/],
  ['a hold time of half a second', open({ holdTime: 0.5 }), /^holdTime: 0.5 is not allowed/],
  ['a hold time of a day', open({ holdTime: 86400 }), /^holdTime: 86400 is not allowed, .* from 0 to 65535/],
  ['a hold time of no number', open({ holdTime: Number.NaN }), /^holdTime: NaN is not allowed/],
  ['an identifier that is a name', open({ id: 'router1' }), /^id: 'router1' is not allowed/],
  [
    'an identifier of IPv6',
    open({ id: '2001:db8::1' }),
    /^id: '2001:db8::1' is not allowed, it must be an IPv4 address/,
  ],
  ['an identifier of zero', open({ id: '0.0.0.0' }), /^id: '0.0.0.0' is not allowed/],
  [
    'an unknown capability name',
    open({ capabilities: [untyped<Capability>({ name: 'psychic' })] }),
    /^capabilities: 'psychic'/,
  ],
  [
    'a capability of 256 octets',
    open({ capabilities: [{ name: 'unknown', code: 73, value: new Uint8Array(256) }] }),
    /^capability length: 256 is not allowed, .* from 0 to 255/,
  ],
  [
    'a family beyond sixteen bits',
    open({ capabilities: [{ name: 'multiprotocol', afi: 65536, safi: 1 }] }),
    /^afi: 65536 is/,
  ],

  [
    'an unknown role',
    open({ capabilities: [{ name: 'role', role: untyped('boss') }] }),
    /^role: 'boss' is not allowed, it must be one of provider, rs,/,
  ],
  [
    'a restart time of 4096 s',
    open({
      capabilities: [
        { name: 'graceful-restart', restarting: false, notification: false, restartTime: 4096, families: [] },
      ],
    }),
    /^restartTime: 4096 is not allowed, it must be a whole number from 0 to 4095/,
  ],
  [
    'an unknown ADD-PATH mode',
    open({ capabilities: [{ name: 'add-path', families: [{ afi: 1, safi: 1, mode: untyped('none') }] }] }),
    /^mode: 'none' is not allowed, it must be one of receive, send, both/,
  ],
  [
    'a stale time of 2^24 s',
    open({
      capabilities: [
        { name: 'long-lived-graceful-restart', families: [{ afi: 1, safi: 1, forwarding: true, staleTime: 2 ** 24 }] },
      ],
    }),
    /^staleTime: 16777216 is not allowed/,
  ],
  [
    'a host name of 256 octets',
    open({ capabilities: [{ name: 'fqdn', hostName: 'x'.repeat(256), domainName: '' }] }),
    /^octets of hostName: 256 is not allowed/,
  ],
  [
    'two names that are too long together',
    open({ capabilities: [{ name: 'fqdn', hostName: 'x'.repeat(127), domainName: 'x'.repeat(127) }] }),
    /^length: 256 is not allowed/,
  ],

  ['an error code of 256', { type: 'notification', code: 256, subcode: 0, data: new Uint8Array() }, /^code: 256 is/],
  ['a subcode of -1', { type: 'notification', code: 6, subcode: -1, data: new Uint8Array() }, /^subcode: -1 is/],
  ['a safi of 256', { type: 'route-refresh', afi: 1, safi: 256, subtype: 0 }, /^safi: 256 is not allowed/],
  ['an afi of 65536', { type: 'route-refresh', afi: 65536, safi: 1, subtype: 0 }, /^afi: 65536 is not allowed/],
  ['a subtype of 256', { type: 'route-refresh', afi: 1, safi: 1, subtype: 256 }, /^subtype: 256 is not allowed/],
  [
    'filters that are a text',
    { type: 'route-refresh', afi: 1, safi: 1, subtype: 0, filters: untyped('80') },
    /^filters: '80' is not allowed, it must be a Uint8Array/,
  ],
]

describe('encode()', () => {
  it.each<(typeof mistakes)[number]>(mistakes)('throws an OptionError for %s', (_what, message, error, context) => {
    const mistake = expect.objectContaining({ name: 'OptionError', message: expect.stringMatching(error) })
    expect(() => encode(message, context)).toThrow(mistake)
  })
  it('encodes the message after one that it threw for', () => {
    expect(() => encode(open({ as: -1 }))).toThrow()
    expect(encode({ type: 'keepalive' })).toHaveLength(19)
  })
})
