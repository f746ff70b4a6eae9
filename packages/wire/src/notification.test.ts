import { describe, expect, it } from 'vitest'
import { cease, describeNotification, hardReset, shutdownText, withoutHardReset } from './notification.ts'
import { notificationCode, subcode } from './notification-codes.ts'
import { OptionError } from './option-error.ts'

const none = new Uint8Array()
const described = (code: number, subcode: number, data = none) =>
  describeNotification({ type: 'notification', code, subcode, data })

describe('describeNotification()', () => {
  it.each([
    [1, 1, 'Message Header Error/Connection Not Synchronized (1/1)', 'RFC 4271 §4.5'],
    [2, 7, 'OPEN Message Error/Unsupported Capability (2/7)', 'RFC 5492 §5'],
    [3, 11, 'UPDATE Message Error/Malformed AS_PATH (3/11)', 'RFC 4271 §4.5'],
    [4, 0, 'Hold Timer Expired (4/0)', 'RFC 4271 §4.5'],
    [5, 3, 'Finite State Machine Error/Receive Unexpected Message in Established State (5/3)', 'RFC 6608 §3'],
    [6, 7, 'Cease/Connection Collision Resolution (6/7)', 'RFC 4486 §4'],
    [6, 9, 'Cease/Hard Reset (6/9)', 'RFC 8538 §3'],
    [7, 1, 'ROUTE-REFRESH Message Error/Invalid Message Length (7/1)', 'RFC 7313 §5'],
    [8, 0, 'Send Hold Timer Expired (8/0)', 'RFC 9687 §4'],
    [6, 0, 'Cease (6/0)', 'without a subcode'],
    [6, 99, 'Cease/unknown subcode (6/99)', 'not assigned'],
    [99, 0, 'Unknown error (99/0)', 'not assigned'],
    [99, 1, 'Unknown error/unknown subcode (99/1)', 'not assigned'],
  ])('%i/%i is "%s" (%s)', (code, subcode, words) => expect(described(code, subcode)).toBe(words))

  it.each<[code: number, name: string, subcodes: Record<number, string>]>([
    [1, 'Message Header Error', { 1: 'Connection Not Synchronized', 2: 'Bad Message Length', 3: 'Bad Message Type' }],
    [
      2,
      'OPEN Message Error',
      {
        1: 'Unsupported Version Number',
        2: 'Bad Peer AS',
        3: 'Bad BGP Identifier',
        4: 'Unsupported Optional Parameter',
        5: 'Authentication Failure (deprecated)',
        6: 'Unacceptable Hold Time',
        7: 'Unsupported Capability',
        11: 'Role Mismatch',
      },
    ],
    [
      3,
      'UPDATE Message Error',
      {
        1: 'Malformed Attribute List',
        2: 'Unrecognized Well-known Attribute',
        3: 'Missing Well-known Attribute',
        4: 'Attribute Flags Error',
        5: 'Attribute Length Error',
        6: 'Invalid ORIGIN Attribute',
        7: 'AS Routing Loop (deprecated)',
        8: 'Invalid NEXT_HOP Attribute',
        9: 'Optional Attribute Error',
        10: 'Invalid Network Field',
        11: 'Malformed AS_PATH',
      },
    ],
    [4, 'Hold Timer Expired', {}],
    [
      5,
      'Finite State Machine Error',
      {
        0: 'Unspecified Error',
        1: 'Receive Unexpected Message in OpenSent State',
        2: 'Receive Unexpected Message in OpenConfirm State',
        3: 'Receive Unexpected Message in Established State',
      },
    ],
    [
      6,
      'Cease',
      {
        1: 'Maximum Number of Prefixes Reached',
        2: 'Administrative Shutdown',
        3: 'Peer De-configured',
        4: 'Administrative Reset',
        5: 'Connection Rejected',
        6: 'Other Configuration Change',
        7: 'Connection Collision Resolution',
        8: 'Out of Resources',
        9: 'Hard Reset',
        10: 'BFD Down',
      },
    ],
    [7, 'ROUTE-REFRESH Message Error', { 1: 'Invalid Message Length' }],
    [8, 'Send Hold Timer Expired', {}],
    [9, 'Loss of LSDB Synchronization', {}],
  ])('code %i is %s, with the subcodes of its registry (IANA, BGP Parameters)', (code, name, subcodes) => {
    for (let subcode = 0; subcode <= 255; subcode++) {
      const words = subcodes[subcode] ?? (subcode > 0 ? 'unknown subcode' : [1, 2, 3].includes(code) && 'Unspecific')
      expect(described(code, subcode)).toBe(`${name}${words ? `/${words}` : ''} (${code}/${subcode})`)
    }
  })

  it('has the codes by name (RFC 4271 §4.5, RFC 7313 §5, RFC 9687 §4)', () => {
    expect(Object.keys(notificationCode)).toEqual([
      'header',
      'open',
      'update',
      'holdTimer',
      'fsm',
      'cease',
      'routeRefresh',
      'sendHoldTimer',
      'lsdb',
    ])
    expect(Object.values(notificationCode)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })
  it('has the subcodes by name', () => {
    expect(subcode.cease.administrativeShutdown).toBe(2)
    expect(subcode.update.malformedAsPath).toBe(11)
    expect(subcode.open.roleMismatch).toBe(11)
    expect(subcode.holdTimer).toEqual({})
  })
  it('quotes the text that an operator attached (RFC 9003 §2)', () => {
    expect(describeNotification(cease(2, 'maintenance until 06:00'))).toBe(
      'Cease/Administrative Shutdown (6/2): "maintenance until 06:00"',
    )
  })
  it('replaces the control characters in a text from the peer (RFC 9003 §4)', () => {
    expect(describeNotification(cease(4, 'a\u001b[2Jb\nc\u202ed\u2028e\u2029f\u009bg'))).toBe(
      'Cease/Administrative Reset (6/4): "a\ufffd[2Jb\ufffdc\ufffdd\ufffde\ufffdf\ufffdg"',
    )
  })
})

describe('a Cease with a text', () => {
  it('is read as it was written (RFC 9003 §2)', () => {
    expect(shutdownText(cease(2, 'wartung → 5 min'))).toBe('wartung → 5 min')
  })
  it('has no data without a text (RFC 9003 §2)', () => {
    expect(cease(2).data).toEqual(none)
    expect(shutdownText(cease(2))).toBeUndefined()
  })
  it('is cut at a character if it exceeds 255 octets (RFC 9003 §2)', () => {
    const { data } = cease(2, `${'a'.repeat(254)}→b`)
    expect(data).toHaveLength(1 + 254)
    expect(shutdownText(cease(2, '→'.repeat(100)))).toBe('→'.repeat(85))
    for (const length of [256, 257, 1000]) expect(shutdownText(cease(2, 'a'.repeat(length)))).toBe('a'.repeat(255))
    expect(shutdownText(cease(2, `a${'😀'.repeat(100)}`))).toBe(`a${'😀'.repeat(63)}`)
  })
  it('holds 255 octets, more than RFC 8203 allowed', () => {
    expect(shutdownText(cease(2, 'a'.repeat(255)))).toHaveLength(255)
  })
  it('keeps a byte order mark in its text', () => {
    expect(shutdownText(cease(2, '\ufeffwhy'))).toBe('\ufeffwhy')
    expect(describeNotification(cease(2, '\ufeffwhy'))).toContain('"\ufffdwhy"')
  })
  it('throws for a text with a subcode that takes none (RFC 9003 §2)', () => {
    expect(() => cease(6, 'maintenance')).toThrow(
      new OptionError('text', 'maintenance', 'empty with subcode 6: only 2 and 4 take a text (RFC 9003 §2)'),
    )
  })
  it.each([
    ['a length beyond the data', [5, 0x61]],
    ['a length one octet beyond the data', [2, 0x61]],
    ['a length of 0', [0]],
    ['octets that are no UTF-8', [2, 0xc3, 0x28]],
  ])('has no text if the data has %s', (_what, data) => {
    const notification = { type: 'notification', code: 6, subcode: 2, data: Uint8Array.from(data) } as const
    expect(shutdownText(notification)).toBeUndefined()
    expect(describeNotification(notification)).toBe('Cease/Administrative Shutdown (6/2)')
  })
  it('is not looked for in other NOTIFICATIONs', () => {
    expect(shutdownText({ type: 'notification', code: 3, subcode: 2, data: Uint8Array.of(1, 0x61) })).toBeUndefined()
    expect(shutdownText({ type: 'notification', code: 6, subcode: 6, data: Uint8Array.of(1, 0x61) })).toBeUndefined()
  })
})

describe('a Hard Reset (RFC 8538 §3)', () => {
  const inner = cease(2, 'moving house')

  it('carries code, subcode and data of the wrapped NOTIFICATION', () => {
    const { code, subcode, data } = hardReset(inner)
    expect([code, subcode, [...data.subarray(0, 3)]]).toEqual([6, 9, [6, 2, 12]])
    expect(withoutHardReset(hardReset(inner))).toEqual(inner)
  })
  it('is described with the wrapped NOTIFICATION and its text', () => {
    expect(describeNotification(hardReset(inner))).toBe(
      'Cease/Hard Reset (6/9) for Cease/Administrative Shutdown (6/2): "moving house"',
    )
    expect(shutdownText(hardReset(inner))).toBe('moving house')
    expect(described(6, 9, Uint8Array.of(4, 0))).toBe('Cease/Hard Reset (6/9) for Hold Timer Expired (4/0)')
  })
  it.each([[[]], [[6]]])('without a wrapped NOTIFICATION is returned as it is: %j', octets => {
    const data = Uint8Array.from(octets)
    expect(described(6, 9, data)).toBe('Cease/Hard Reset (6/9)')
    const reset = { type: 'notification', code: 6, subcode: 9, data } as const
    expect(withoutHardReset(reset)).toBe(reset)
  })
  it('inside another Hard Reset is unwrapped once', () => {
    expect(describeNotification(hardReset(hardReset(inner)))).toBe('Cease/Hard Reset (6/9) for Cease/Hard Reset (6/9)')
    expect(shutdownText(hardReset(hardReset(inner)))).toBeUndefined()
  })
  it('is not unwrapped from another Cease with the same data', () => {
    expect(described(6, 4, Uint8Array.of(6, 2))).toBe('Cease/Administrative Reset (6/4)')
  })
})
