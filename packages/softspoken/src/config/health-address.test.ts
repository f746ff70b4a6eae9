import { expect, it } from 'vitest'
import { checkHealthAddress } from './health-address.ts'
import type { ProgramOptions } from './options.ts'
import { UsageError } from './usage-error.ts'

const check = (given: Partial<ProgramOptions>) =>
  checkHealthAddress(
    { prefix: ['198.51.100.10/32', '2001:db8::10/128'], logLevel: 'info', ...given },
    { health: { value: given.health, from: '--health' } },
  )
const onVip = 'https://user:word@198.51.100.10:6443/livez?x'

it.each<Partial<ProgramOptions>>([
  { health: onVip },
  { health: onVip, address: 'none', mode: 'leader' },
  { health: ['exec:/bin/true', 'tcp://[2001:db8::10]:6443'] },
])('%j is refused, because this node has the VIP only after a passed check', given => {
  expect(() => check(given)).toThrow(UsageError)
  expect(() => check(given)).toThrow(
    /^--health: \S+ is a VIP, which this node has only after a passed check; check this/,
  )
})
it('a check of a VIP that every node has is a warning, without its password', () => {
  expect(check({ health: onVip, address: 'none' })).toEqual([
    "--health: https://198.51.100.10:6443/livez is a VIP, so another node may answer in place of this one; check this node's own address, such as https://127.0.0.1:6443/livez",
  ])
})
it.each<ProgramOptions['health']>([
  undefined,
  'kubernetes',
  'https://198.51.100.11:6443/livez',
  'https://[::1]:6443',
  ['exec:/bin/check 198.51.100.10'],
  [['exec:/bin/check', 'https://198.51.100.10']],
  'no url',
])('%j is accepted', health => {
  expect(check({ health })).toEqual([])
})
