import { expect, it } from 'vitest'
import { mayHoldSecret, notAllowed } from './usage-error.ts'

it.each([
  ['high', "'high'"],
  ['a password', 'the given value'],
  [7, '7'],
  [null, 'null'],
  [true, 'true'],
  [['x'], 'a list'],
  [{ key: 'x' }, 'a map'],
])('an error shows %j as %s', (value, shown) => {
  expect(notAllowed('--med', value, 'a whole number').message).toBe(
    `--med: ${shown} is not allowed, it must be a whole number`,
  )
})
it.each([
  ...['two words', 'a;b', 'user@host', '10.0.5.1:65000:password', '::x', 'a:b:', '65000:password', '10.0.5.1,password'],
  ...['a,123456', 'a:12345x', 'a,1,x', 'word 10.0.5.0/24', '10.0.5.0/24:password:x', 'x:y:10.0.5.0/24'],
])('%j may hold a secret', text => {
  expect(mayHoldSecret(text)).toBe(true)
})
it.each(['word', '10.0.5.1', '2001:db8::1', '10.0.5.0/24', '2001:DB8::/32', '10.0.5.0/', 'host:12345', 'a,1', 'a:'])(
  '%j holds no secret',
  text => {
    expect(mayHoldSecret(text)).toBe(false)
  },
)
