import { expect, it } from 'vitest'
import { asWarnings } from './as-number.ts'

it.each([undefined, 64496, 64511, 64512, 65534, 65536, 65551, 4_200_000_000, 4_294_967_294])(
  'asWarnings() has no warning for AS %s',
  as => expect(asWarnings(as)).toEqual([]),
)
it.each([1, 13335, 64495, 65552, 4_199_999_999])('asWarnings() asks whose AS %i is', as => {
  expect(asWarnings(as, '--local-as')).toEqual([
    expect.stringMatching(`^--local-as: AS ${as} is a public AS number; is it yours[?] `),
  ])
})
it('asWarnings() names the option if no place is known', () => {
  expect(asWarnings(1)).toEqual([expect.stringMatching(/^localAs: AS 1 is /)])
})
