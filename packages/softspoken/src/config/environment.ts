/** Variables of the environment under our own names. */

import { nearest } from './nearest.ts'
import { optionTable } from './options.ts'
import { parseText } from './parse-text.ts'
import type { SourceValues } from './values.ts'

const PREFIX = 'SOFTSPOKEN_'
const ours = optionTable.filter(({ inFileOnly }) => !inFileOnly)
const known = [...ours.map(({ variable }) => variable), `${PREFIX}CONFIG`]

export function readEnvironment(env: NodeJS.ProcessEnv): { offers: SourceValues; warnings: readonly string[] } {
  const given = Object.entries(env).flatMap(([name, value = '']) =>
    name.startsWith(PREFIX) && !isOfService(name, value) ? [[name, value] as const] : [],
  )
  const offers = ours.flatMap(row =>
    given.flatMap(([name, value]) =>
      name === row.variable ? [[row.name, { from: name, read: () => parseText(row, value, name) }]] : [],
    ),
  )
  const unknown = given.flatMap(([name]) => (known.includes(name) ? [] : [name]))
  return { offers: Object.fromEntries(offers), warnings: unknown.length === 0 ? [] : [notUsed(unknown)] }
}

/** The directory that the unit's StateDirectory= makes; the first, if there are several. */
export function fromSystemd({ STATE_DIRECTORY = '' }: NodeJS.ProcessEnv): SourceValues {
  const [directory] = STATE_DIRECTORY.split(':').filter(path => path !== '')
  return directory === undefined ? {} : { stateDirectory: { from: 'STATE_DIRECTORY', read: () => directory } }
}

/** Kubernetes sets such variables for each Service, and one may be called softspoken, or softspoken-health. */
function isOfService(name: string, value: string): boolean {
  return /_SERVICE_HOST$|_SERVICE_PORT|_PORT_\d+_/.test(name) || (name.endsWith('_PORT') && value.includes('://'))
}

function notUsed(names: readonly string[]): string {
  const each = names.map(name => {
    const near = nearest(name, known)
    return near === undefined ? name : `${name} (did you mean ${near}?)`
  })
  return `not used, as there is no such variable: ${each.join(', ')}`
}
