/**
 * A table of options has one row per option. Names, checks, defaults and docs come from the table, and the compiler holds it
 * and the interface of the options together: a row that is missing, or too many, or of another type is an error.
 */
import { assertBoolean, assertInteger, assertRange, rejectUnknown } from './checks.ts'

interface NumberRow {
  readonly type: 'integer' | 'number'
  /** Absent: there is none, or it depends on other options. */
  readonly default?: number
  /** Absent: it depends on other options. */
  readonly min?: number
  readonly max: number
  readonly unit?: ' seconds'
}
interface BooleanRow {
  readonly type: 'boolean'
  /** As of a number. */
  readonly default?: boolean
}
interface StringRow {
  readonly type: 'string'
}
interface ListRow {
  readonly type: 'list'
}

/** One row per option, and per part of an option that is an object: `backOff.minInterval`. */
export type OptionTable<options> = { readonly [name in OptionName<options>]: RowOf<ValueOf<options, name>> }

/** The row for a type. In a union, the part that is no object decides; an option that is only an object has no row. */
type RowOf<value> = number extends value
  ? NumberRow
  : boolean extends value
    ? BooleanRow
    : string extends value
      ? StringRow
      : [value] extends [readonly unknown[]]
        ? ListRow
        : never

type OptionName<options> = {
  [name in keyof options & string]-?: [RowOf<Given<options>[name]>] extends [never]
    ? `${name}.${OptionName<Parts<Given<options>[name]>>}`
    : name
}[keyof options & string]

type ValueOf<options, name> = name extends `${infer group}.${infer part}`
  ? ValueOf<Parts<Given<options>[group & keyof options]>, part>
  : Given<options>[name & keyof options]

type Given<options> = { [name in keyof options]-?: Exclude<options[name], undefined> }
/** Some objects can be switched off: `holdDown: false`. */
type Parts<value> = Exclude<value, false>

/** The names at the top of the table, or those inside the option `group`. */
export function optionNames(table: object, group?: string): readonly string[] {
  const paths = Object.keys(table).map(name => name.split('.'))
  const names = group === undefined ? paths.map(([top]) => top) : paths.map(([top, name]) => top === group && name)
  return [...new Set(names.filter(name => typeof name === 'string'))]
}

/** @throws OptionError unless it is an object whose names are all inside the option `group` of the table. */
export function rejectUnknownParts(table: object, group: string, given: object): void {
  rejectUnknown(given, optionNames(table, group), group)
}

type NameOf<table, row> = { [name in keyof table & string]: table[name] extends row ? name : never }[keyof table &
  string]
export type NumberName<table> = NameOf<table, NumberRow>
export type BooleanName<table> = NameOf<table, BooleanRow>

/** @throws OptionError unless it is within the bounds of its row; the default if it is not given. `min` replaces that of the row. */
export function numberOption<table>(table: table, name: NumberName<table>, given: number | undefined, min?: number) {
  const row: NumberRow = table[name] as never // by NumberName
  const assert = row.type === 'integer' ? assertInteger : assertRange
  // A missing value without a default is rejected as any wrong value is.
  return assert(given === undefined ? (row.default as number) : given, min ?? row.min ?? 0, row.max, name, row.unit)
}

/** @throws OptionError unless it is true or false; the default if it is not given. */
export function booleanOption<table>(table: table, name: BooleanName<table>, given: boolean | undefined) {
  const row: BooleanRow = table[name] as never // by BooleanName
  return given === undefined ? (row.default ?? false) : assertBoolean(given, name)
}

/** The parts of an option that are numbers, true or false. */
type PartsOf<table, group extends string> = {
  readonly [name in keyof table as name extends `${group}.${infer part}` ? part : never]: table[name] extends NumberRow
    ? number
    : table[name] extends BooleanRow
      ? boolean
      : never
}

/** The parts of a group, with the defaults of those not given. @throws OptionError for an unknown or wrong part. */
export function partsOption<table extends object, group extends string>(
  table: table,
  group: group,
  given: Partial<PartsOf<table, group>>,
): PartsOf<table, group> {
  rejectUnknownParts(table, group, given)
  const values = optionNames(table, group).map(part => {
    const name = `${group}.${part}` as never // by optionNames()
    const option: (table: table, name: never, given: never) => unknown =
      (table[name] as BooleanRow).type === 'boolean' ? booleanOption : numberOption
    return [part, option(table, name, given[part as never])]
  })
  return Object.fromEntries(values)
}
