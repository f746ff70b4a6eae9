import { describe, expect, it } from 'vitest'
import { type Context, contextOf, hasPathIds } from './context.ts'
import { OptionError } from './option-error.ts'

const defaults: Context = { fourOctetAs: true, external: true, extendedMessage: false, addPath: [] }

describe('contextOf()', () => {
  it('has the defaults of what is left out or undefined', () => {
    expect(contextOf()).toEqual(defaults)
    const untyped = { external: undefined, addPath: undefined } as object // a caller without types
    expect(contextOf(untyped)).toEqual(defaults)
  })
  it.each<Partial<Context>>([
    { fourOctetAs: false },
    { external: false },
    { extendedMessage: true },
    { addPath: ['ipv4-unicast', 'ipv6-unicast'] },
  ])('takes %j', given => {
    expect(contextOf(given)).toEqual({ ...defaults, ...given })
  })
  it.each<[given: unknown, error: string]>([
    ['x', "context: 'x' is not allowed, it must be an object"],
    [{ external: 1 }, 'context.external: 1 is not allowed, it must be true or false'],
    [{ fourOctetAs: 'no' }, "context.fourOctetAs: 'no' is not allowed, it must be true or false"],
    [{ extendedMessage: null }, 'context.extendedMessage: null is not allowed, it must be true or false'],
    [{ fouroctetAs: true }, "context: 'fouroctetAs' is not allowed, did you mean 'fourOctetAs'?"],
    [{ addPath: 'ipv4-unicast' }, "context.addPath: 'ipv4-unicast' is not allowed, it must be a list"],
    [{ addPath: ['ipv4'] }, "context.addPath: 'ipv4' is not allowed, it must be one of ipv4-unicast, ipv6-unicast, "],
  ])('throws an OptionError for %j', (given, error) => {
    const run = () => contextOf(given as Partial<Context>) // the type is wrong on purpose
    expect(run).toThrow(OptionError)
    expect(run).toThrow(error)
  })
})

it('hasPathIds() is true for the families of the context', () => {
  const context = contextOf({ addPath: ['ipv6-unicast'] })
  expect([hasPathIds(context, 'ipv6-unicast'), hasPathIds(context, 'ipv4-unicast')]).toEqual([true, false])
  expect(hasPathIds(defaults, 'ipv4-unicast')).toBe(false)
})
