/** Checks the given values against the schema. An error names each option as the user gave it. */
import { canonicalAddress } from '@softspoken/session/internal'
import { OptionError } from '@softspoken/wire'
import * as v from 'valibot'
import { usesBgp } from './bgp.ts'
import { noSuchName } from './file.ts'
import {
  type OptionName,
  type OptionRow,
  optionsSchema,
  optionTable,
  type ProgramOptions,
  partNames,
  peerOptionNames,
} from './options.ts'
import { notAllowed, secretNotAllowed, UsageError } from './usage-error.ts'
import type { GivenValues } from './values.ts'

/**
 * `otherNames` are kube-vip's names of required options.
 * @throws UsageError for a missing option, or a value of the wrong kind.
 */
export function validate(given: GivenValues, otherNames: Partial<Record<OptionName, string>>): ProgramOptions {
  const isBgp = usesBgp(given, given.arp?.value)
  const isMissing = ({ name, required, requiredByBgp }: OptionRow): boolean =>
    (required || (isBgp && requiredByBgp === true)) && given[name] === undefined
  const missing = optionTable.find(isMissing) ?? (isBgp ? missingPeer(given) : undefined)
  if (missing) {
    const names = [missing.variable, otherNames[missing.name]].filter(name => name !== undefined).join(', or ')
    throw new UsageError(`${missing.flag} is missing: ${missing.text} (or set ${names})`)
  }
  for (const name of ['peer', 'peerAs', 'port'] as const)
    if (given.peers && given[name])
      throw new UsageError(
        `${given[name].from}: not allowed together with ${given.peers.from}, which gives it for each router`,
      )
  if (given.tcpMd5Key && given.tcpMd5KeyFile)
    throw new UsageError(`${given.tcpMd5KeyFile.from}: not allowed together with ${given.tcpMd5Key.from}`)
  return parse(optionsSchema, given)
}

/** The given options alone, none of which is required. @throws UsageError for a value of the wrong kind. */
export function validateSome(given: GivenValues): SomeOptions {
  return parse(someOptions, given)
}
const someOptions = v.partial(optionsSchema)
export type SomeOptions = v.InferOutput<typeof someOptions>

function parse<schema extends v.GenericSchema>(schema: schema, given: GivenValues): v.InferOutput<schema> {
  const values = Object.fromEntries(Object.entries(given).map(([name, { value }]) => [name, value]))
  const { success, output, issues } = v.safeParse(schema, values)
  if (success) return output
  throw schemaError(issues.find(isUnknownName) ?? issues[0], given) // a misspelt name is missing as well
}

/** A text alone, without the options that it needs beside it. @throws UsageError */
export function validateOne(name: 'disabledBy', { value, from }: NonNullable<GivenValues[OptionName]>): string {
  const { success, output, issues } = v.safeParse(optionsSchema.entries[name].wrapped, value)
  if (success) return output
  throw notAllowed(from, value, issues[0].message)
}

function missingPeer(given: GivenValues): OptionRow | undefined {
  return given.peers
    ? undefined
    : optionTable.find(({ name }) => (name === 'peer' || name === 'peerAs') && !given[name])
}

function isUnknownName({ expected }: v.BaseIssue<unknown>): boolean {
  return expected === 'never'
}
function schemaError(issue: v.BaseIssue<unknown>, given: GivenValues): UsageError {
  const { path, input, message } = issue
  const [first, ...keys] = (path ?? []).map(({ key }) => key)
  const name = String(first) // a path begins at an option
  const from = given[name as OptionName]?.from ?? name
  const last = keys.at(-1)
  if (isUnknownName(issue))
    return new UsageError(
      `${place(from, keys.slice(0, -1))}: ${noSuchName(String(last), path?.at(-1)?.value, partNames[name] ?? [])}`,
    )
  const where = place(from, keys)
  if (input === undefined) return new UsageError(`${where} is missing; a router must be ${message}`)
  // a key may be in the place of another value of a router
  return name === 'peers' || secrets.includes(name)
    ? secretNotAllowed(where, message)
    : notAllowed(where, input, message)
}
const secrets: readonly string[] = optionTable.filter(({ secret }) => secret).map(({ name }) => name)

/** `peers in a.yaml, number 2, as` */
function place(from: string, keys: readonly unknown[]): string {
  return [from, ...keys.map(key => (typeof key === 'number' ? `number ${key + 1}` : String(key)))].join(', ')
}

/** `peers in a.yaml, number 2` */
export function placeOfPeer(given: GivenValues, at: number): string {
  return place(String(given.peers?.from), [at])
}

/** The library's error with the user's name for the option. Any other error is a fault of the program, and is returned as it is. */
export function toUsageError(error: unknown, given: GivenValues): unknown {
  if (!(error instanceof OptionError)) return error
  return new UsageError(`${nextHopOfPeer(error, given) ?? placeOf(error.option, given)}: ${error.detail}`)
}

/** The library does not report which router has the next hop. */
function nextHopOfPeer({ option, value }: OptionError, given: GivenValues): string | undefined {
  if (option !== 'nextHop' || typeof value !== 'string' || !given.peers) return undefined
  const peers = given.peers.value as NonNullable<ProgramOptions['peers']> // validate() has checked it
  const at = peers.findIndex(({ nextHop }) => nextHop !== undefined && canonicalAddress(nextHop) === value)
  return at < 0 ? undefined : place(given.peers.from, [at, 'nextHop'])
}

/** The place where the library's option was given, or can be given. */
function placeOf(option: string, given: GivenValues): string {
  const [, list, at] = /^(vips|releaseServers)\[(\d+)\]$/.exec(option) ?? []
  const items = list === 'vips' ? given.prefix : list === 'releaseServers' ? given.apiServers : undefined
  if (items) return place(items.from, [Number(at)])
  const [, number, part] = /^peers\[(\d+)\](?:\.(.+))?$/.exec(option) ?? []
  if (number !== undefined && given.peers) return place(given.peers.from, [Number(number), ...(part ? [part] : [])])
  const name = option.startsWith('peers') && !given.peers ? (part ? `peer.${part}` : 'peer.address') : option
  const ofPeer = name.replace(/^peer\./, '')
  const row = rowOf(name) ?? rowOf(ofPeer)
  const from = row && (given[row.name] ?? (row.name === 'tcpMd5Key' ? given.tcpMd5KeyFile : undefined))?.from
  if (row && from !== undefined) return place(from, inside(row, name))
  if (given.peers && peerOptionNames.includes(ofPeer)) return place(given.peers.from, [ofPeer])
  return row ? place(row.hasFlag ? row.flag : row.variable, inside(row, name)) : name
}
function rowOf(name: string): OptionRow | undefined {
  return optionTable.find(({ libraryName }) => libraryName === name || name.startsWith(`${libraryName}.`))
}
/** `minInterval` of `backOff.minInterval`. */
function inside({ libraryName }: OptionRow, name: string): readonly string[] {
  return name.startsWith(`${libraryName}.`) ? [name.slice(libraryName.length + 1)] : []
}
