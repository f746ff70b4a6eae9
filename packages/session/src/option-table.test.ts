import { OptionError } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import type { SessionConfig } from './config.ts'
import { booleanOption, numberOption, type OptionTable, optionNames } from './option-table.ts'
import { type SessionOptions, sessionOptions } from './options.ts'
import type { SessionEnvironment } from './runtime.ts'

interface Options {
  as: number
  passive?: boolean
  name?: string
  families?: readonly string[]
  med?: number | { base: number }
  nextHop?: string | { ipv4?: string }
  backOff?: { minInterval?: number }
  holdDown?: false | { within?: number; log?: boolean }
}
const number = { type: 'number', min: 0, max: 9 } as const
const rows = {
  as: { type: 'integer', min: 1, max: 9 },
  passive: { type: 'boolean', default: false },
  name: { type: 'string' },
  families: { type: 'list' },
  med: number,
  nextHop: { type: 'string' },
  'backOff.minInterval': { type: 'number', default: 5, min: 1, max: 9, unit: ' seconds' },
  'holdDown.within': number,
  'holdDown.log': { type: 'boolean' },
} as const satisfies OptionTable<Options>
const { passive: _, ...withoutPassive } = rows
const { 'backOff.minInterval': __, ...withoutPart } = rows

/** `tsc` fails if one of these is no error. */
export const errors = {
  // @ts-expect-error a row is missing
  missing: withoutPassive satisfies OptionTable<Options>,
  // @ts-expect-error the row of a part is missing
  missingPart: withoutPart satisfies OptionTable<Options>,
  // @ts-expect-error a row without an option
  extra: { ...rows, holdTime: number } satisfies OptionTable<Options>,
  // @ts-expect-error a row without a part
  extraPart: { ...rows, 'backOff.transportCap': number } satisfies OptionTable<Options>,
  // @ts-expect-error a row without an option, in a table as they are written
  extraConst: { as: { type: 'integer', max: 9 }, bs: { type: 'integer', max: 9 } } as const satisfies OptionTable<
    Pick<Options, 'as'>
  >,
  // @ts-expect-error an object is its parts, and has no row of its own
  group: { ...rows, backOff: { type: 'string' } } satisfies OptionTable<Options>,
  // @ts-expect-error a row of a number for true or false
  numberForBoolean: { ...rows, passive: number } satisfies OptionTable<Options>,
  // @ts-expect-error a row of true or false for a number
  booleanForNumber: { ...rows, as: { type: 'boolean' } } satisfies OptionTable<Options>,
  // @ts-expect-error a row of a number for a string
  numberForString: { ...rows, name: number } satisfies OptionTable<Options>,
  // @ts-expect-error a row of a string for a list
  stringForList: { ...rows, families: { type: 'string' } } satisfies OptionTable<Options>,
  // @ts-expect-error a row of a string for a number or an object
  stringForUnion: { ...rows, med: { type: 'string' } } satisfies OptionTable<Options>,
  // @ts-expect-error a row of true or false for a part that is a number
  booleanForPart: { ...rows, 'holdDown.within': { type: 'boolean' } } satisfies OptionTable<Options>,
  // @ts-expect-error the default is of another type
  default: { ...rows, passive: { type: 'boolean', default: 0 } } satisfies OptionTable<Options>,
  // @ts-expect-error a number without a maximum
  unbounded: { ...rows, as: { type: 'integer', min: 1 } } satisfies OptionTable<Options>,
  // @ts-expect-error true or false has no bounds
  bounds: { ...rows, passive: { type: 'boolean', max: 1 } } satisfies OptionTable<Options>,
}

type Own = Omit<SessionOptions, keyof SessionEnvironment>
/** An option that is in the type alone. */
type Added = Own & { restartDelay?: number }
type AddedPart = Omit<Own, 'backOff'> & { backOff?: Own['backOff'] & { retry?: number } }
export const sessionErrors = {
  // @ts-expect-error an option of a session without a row
  added: sessionOptions satisfies OptionTable<Added>,
  // @ts-expect-error a part of an option without a row
  addedPart: sessionOptions satisfies OptionTable<AddedPart>,
  // @ts-expect-error true or false is no number
  noNumber: () => numberOption(rows, 'passive', 1),
  // @ts-expect-error the configuration has a value for each option
  unset: {} as Omit<SessionConfig, 'holdTime'> satisfies SessionConfig,
}

describe('optionNames()', () => {
  it('optionNames() lists each name at the top once, in the order of the table', () => {
    expect(optionNames(rows)).toEqual(['as', 'passive', 'name', 'families', 'med', 'nextHop', 'backOff', 'holdDown'])
  })
  it('optionNames() lists the names inside a group', () => {
    expect(optionNames(rows, 'holdDown')).toEqual(['within', 'log'])
    expect(optionNames(rows, 'name')).toEqual([])
  })
})

describe('numberOption()', () => {
  it('numberOption() takes the bounds and the default of the row', () => {
    const name = 'backOff.minInterval'
    expect([undefined, 1, 2.5, 9].map(given => numberOption(rows, name, given))).toEqual([5, 1, 2.5, 9])
    for (const given of [0.9, 9.1, Number.NaN])
      expect(() => numberOption(rows, name, given)).toThrow(
        `${name}: ${given} is not allowed, it must be from 1 to 9 seconds`,
      )
  })
  it('numberOption() rejects a fraction for an integer', () => {
    expect(() => numberOption(rows, 'as', 1.5)).toThrow('it must be a whole number from 1 to 9')
  })
  it('numberOption() rejects a missing value that has no default', () => {
    expect(() => numberOption(rows, 'as', undefined)).toThrow(OptionError)
  })
  it('numberOption() takes another minimum', () => {
    expect(() => numberOption(rows, 'as', 2, 3)).toThrow('from 3 to 9')
  })
})

it('an option that is true or false, and has no default, is false', () => {
  expect(booleanOption(rows, 'holdDown.log', undefined)).toBe(false)
  expect(booleanOption(rows, 'holdDown.log', true)).toBe(true)
})
