/** The options that apply: one line each, with the value and the place where it was given. */
import { modeOf, nodeNameOf, withoutDefault } from '../config/election-options.ts'
import { type OptionName, optionTable, type ProgramOptions } from '../config/options.ts'
import type { GivenValues } from '../config/values.ts'
import { shownHealth } from '../health/shown-url.ts'

export function optionLines(options: ProgramOptions, given: GivenValues): string {
  const idleNames = withoutDefault(options)
  const lines = optionTable.flatMap(({ name, defaultText }) => {
    const value = options[name]
    if (name === 'tcpMd5Key' && given[name] === undefined) return [] // tcpMd5KeyFile has it
    if (value !== undefined) return [[name, optionText(name, value), given[name]?.from ?? 'default'] as const]
    const chosen = chosenBy(options)[name]
    const idle = (name === 'port' && options.peers) || (name.startsWith('health') && options.health === undefined)
    return defaultText === undefined || idle || idleNames.includes(name)
      ? []
      : [[name, chosen ?? defaultText, 'default'] as const]
  })
  const width = (column: 0 | 1) => Math.max(...lines.map(line => line[column].length))
  return lines.map(([name, value, from]) => `${name.padEnd(width(0))}  ${value.padEnd(width(1))}  ${from}\n`).join('')
}
/** The defaults that depend on other options. */
function chosenBy(options: ProgramOptions): Partial<Record<OptionName, string>> {
  return { mode: modeOf(options), interface: options.arp ? 'auto' : 'lo', nodeName: nodeNameOf(options) }
}
/** The value that applies, for a person; of a key, only that there is one. */
function optionText(name: string, value: unknown): string {
  if (name === 'tcpMd5Key') return '(secret)'
  if (name === 'health') return shownHealth(value as NonNullable<ProgramOptions['health']>)
  if (Array.isArray(value)) return value.map(one => optionText('', one)).join(', ')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([key, one]) => `${key} ${optionText(key, one)}`)
    .join(' ')
}
