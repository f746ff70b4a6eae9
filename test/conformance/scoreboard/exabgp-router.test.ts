/** The reader of the scripts of ExaBGP's router, with a script of our own, and what settles a difference. */
import { base, update } from '@softspoken/test-support/by-hand'
import { toHex } from '@softspoken/test-support/hex'
import { expect, it } from 'vitest'
import { routerSettled } from './exabgp-router.ts'
import { reasons, scriptOf, taskOf } from './exabgp-script.ts'

const marker = 'FF'.repeat(16)

it('a script has options, and messages with the commands before them', () => {
  const text = `option:file:own.conf
option:bind:ipv6
# a comment
1:cmd:announce eor ipv4 unicast
1:raw:${marker}:0017:02:00000000
1:json:{}
B2:raw:${marker}:0017:05:00010001
`
  expect(scriptOf(text)).toEqual({
    configuration: 'own.conf',
    options: ['option:bind:ipv6'],
    steps: [
      { line: 5, octets: `${marker}00170200000000`.toLowerCase(), command: 'announce eor ipv4 unicast' },
      { line: 7, octets: `${marker}00170500010001`.toLowerCase(), command: undefined },
    ],
  })
})

const plain = 'announce route 198.51.100.10/32 next-hop 192.0.2.1 origin igp local-preference 100'
it.each<[command: string, task: unknown]>([
  ['announce eor ipv6 unicast', { does: 'end-of-rib', family: 'ipv6-unicast' }],
  ['announce eor ipv4 flow', reasons.family],
  [
    `${plain} med 7 community [1:2 3:4] large-community [1:2:3]`,
    {
      does: 'announce',
      family: 'ipv4-unicast',
      prefix: '198.51.100.10/32',
      nextHop: '192.0.2.1',
      preference: { localPref: 100, med: 7, communities: ['1:2', '3:4'], largeCommunities: ['1:2:3'] },
    },
  ],
  [
    'withdraw ipv6 unicast 2001:db8::10/128',
    { does: 'withdraw', family: 'ipv6-unicast', prefix: '2001:db8::10/128', nextHop: undefined, preference: {} },
  ],
  ['announce route 198.51.100.0/24 next-hop 192.0.2.1', reasons.prefix],
  ['announce ipv6 unicast 2001:db8::/64 next-hop 2001:db8::1', reasons.prefix],
  [`${plain} as-path [65001]`, reasons.attribute],
  [`${plain.replace('igp', 'egp')}`, reasons.attribute],
  [`${plain} rd 1:1 label 3`, reasons.family],
  ['announce attributes next-hop 192.0.2.1 nlri 198.51.100.10/32 198.51.100.11/32', reasons.group],
])('the command "%s" is read', (command, task) => {
  expect(taskOf(command)).toEqual(task)
})

const route = `80 0e 26 0002 01 10 20010db8000000000000000000000001 00 80 20010db8000000000000000000000010`
const med = (value: string) => `80 04 04 0000000${value}`
const octets = (...attributes: readonly string[]) => toHex(update(attributes.join(' '), ''))

it.each([
  ['the same attributes in another order', octets(route, base, med('7')), true],
  ['another MED', octets(route, base, med('8')), false],
  ['one attribute less', octets(route, base), false],
  ['a message that is no UPDATE', `${marker}001304`, false],
])('a difference is settled only by its clause: %s', (_what, got, settled) => {
  const step = { line: 1, octets: octets(base, med('7'), route), command: undefined }
  const found = routerSettled.find(({ settles }) => settles(step, { octets: got, detail: '' }))
  expect(found?.settledBy).toBe(settled ? 'RFC 7606 §5.1' : undefined)
})
