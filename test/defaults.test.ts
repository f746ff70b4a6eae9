/** docs/defaults.md says what the code does. */
import { readFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { Announcer, HealthGate } from '@softspoken/announcer'
import { announceOptions, announcerOptions, healthOptions } from '@softspoken/announcer/internal'
import type { Clock } from '@softspoken/session'
import { configure } from '@softspoken/session/internal'
import { describe, expect, it } from 'vitest'

const stopped: Clock = { now: () => 0, setTimeout: () => undefined, clearTimeout() {} }
const page = readFileSync(new URL('../docs/defaults.md', import.meta.url), 'utf8')
const given = { local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65002, address: '192.0.2.2' } }

/** The cells of the row whose first one names `setting`. */
function row(setting: string): { default: string; allowed: string; why: string; reference: string } {
  const line = page.split('\n').find(text => text.split('|')[1]?.trim() === `\`${setting}\``)
  if (line === undefined) throw new Error(`docs/defaults.md has no row for ${setting}`)
  const [, , usual = '', allowed = '', why = '', reference = ''] = line.split('|').map(cell => cell.trim())
  return { default: usual, allowed, why, reference }
}

describe('docs/defaults.md', () => {
  it('docs/defaults.md gives the defaults that a session without options has', () => {
    const config = configure(given)
    for (const name of ['passive', 'extendedMessage', 'requireFourOctetAs', 'allowZeroHoldTime', 'holdTime'] as const)
      expect(row(name).default).toBe(String(config[name]))
    expect(row('peer.port').default).toBe(String(config.peer.port))
  })
  it('docs/defaults.md has the lower bound with allowAggressiveTimers', () => {
    const [, least] = /from (\d+) with `allowAggressiveTimers`/.exec(row('holdTime').allowed) ?? []
    const holdTime = Number(least)
    expect(configure({ ...given, allowAggressiveTimers: true, holdTime }).holdTime).toBe(holdTime)
    expect(() => configure({ ...given, allowAggressiveTimers: true, holdTime: holdTime - 1 })).toThrow()
  })
  it('docs/defaults.md gives the bounds of sendHoldTime', () => {
    const { default: usual, allowed } = row('sendHoldTime')
    expect([usual, allowed]).toEqual(['the greater of 480 and twice the negotiated hold time', '`holdTime` to 131070'])
    expect(configure({ ...given, holdTime: 30, sendHoldTime: 30 }).sendHoldTime).toBe(30)
    const refused = 'is not allowed, it must be from 30 to 131070 seconds'
    for (const sendHoldTime of [29.9, 131070.1, Number.NaN])
      expect(() => configure({ ...given, holdTime: 30, sendHoldTime })).toThrow(
        `sendHoldTime: ${sendHoldTime} ${refused}`,
      )
  })
  it.each(['maxPrefixes', 'advertisementInterval', 'drainTime', 'gracefulShutdownTime'])(
    'docs/defaults.md gives the bounds of %s',
    name => {
      const { local, peer } = given
      // Refused before a session is made, so nothing is dialled.
      const refused = () => new Announcer({ local, peers: [peer], [name]: 1e9 })
      expect(refused).toThrow(`${name}: 1000000000 is not allowed, it must be from ${row(name).allowed.split(',')[0]}`)
    },
  )
  it('docs/defaults.md gives the bounds of ttl and prepend', () => {
    const { local, peer } = given
    const announcer = new Announcer({ local, peers: [peer], clock: stopped, dial: () => new PassThrough() })
    for (const name of ['ttl', 'prepend']) {
      const refused = () => announcer.announce('198.51.100.10', { [name]: 1e9 })
      expect(refused).toThrow(`${name}: 1000000000 is not allowed, it must be from ${row(name).allowed.split(',')[0]}`)
    }
  })
  it.each(Object.entries({ ...announcerOptions, ...announceOptions }))(
    'docs/defaults.md gives what the table has of %s',
    (name, option) => {
      if (name === 'peers') return // required, and a list
      const line = /^med|ommunities$/.test(name) ? '`med`, `communities`, `largeCommunities`' : `\`${name}\``
      expect(page).toContain(`\n| ${line} `)
      if ('default' in option) expect(row(name).default.split(' ')[0]).toBe(String(option.default))
      if ('max' in option && name !== 'med') expect(row(name).allowed).toContain(`${option.min} to ${option.max}`)
    },
  )
  it.each(Object.entries(healthOptions))(
    'docs/defaults.md gives the default and the bounds of health.%s',
    (name, setting) => {
      const { default: usual, allowed } = row(`health.${name}`)
      expect(usual.split(',')[0]).toBe(String(setting.default))
      expect(allowed).toContain(name === 'timeout' ? `${setting.min} to` : String(setting.max))
      const [, part] = name.split('.')
      const options = part ? { holdDown: { [part]: 1e9 } } : { [name]: 1e9 }
      const refused = () => new HealthGate({ check: async () => {}, clock: stopped, ...options })
      expect(refused).toThrow(`${name}: 1000000000 is not allowed, it must be from ${setting.min} to ${setting.max}`)
    },
  )
})
