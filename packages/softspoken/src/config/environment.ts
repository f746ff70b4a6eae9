/** Variables of the environment: ours, and the one that systemd sets. */
import { nearest } from '@softspoken/wire/internal'
import { optionTable } from './options.ts'
import { parseText } from './parse-text.ts'
import type { SourceValues } from './values.ts'

const PREFIX = 'SOFTSPOKEN_'
const rowsWithVariable = optionTable.filter(({ fileOnly }) => !fileOnly)
const known = [...rowsWithVariable.map(({ variable }) => variable), `${PREFIX}CONFIG`]

export function readEnvironment(env: NodeJS.ProcessEnv): {
  readonly values: SourceValues
  readonly warnings: readonly string[]
} {
  const variables = Object.entries(env).flatMap(([name, text = '']) =>
    name.startsWith(PREFIX) && !isOfService(name, text) ? [[name, text] as const] : [],
  )
  const values = rowsWithVariable.flatMap(row =>
    variables.flatMap(([name, text]) =>
      name === row.variable ? [[row.name, { from: name, read: () => parseText(row, text, name) }]] : [],
    ),
  )
  const unknown = variables.flatMap(([name]) => (known.includes(name) ? [] : [name]))
  return { values: Object.fromEntries(values), warnings: unknown.length === 0 ? [] : [notUsed(unknown)] }
}

/** The directory that the unit's StateDirectory= makes; the first one, if there are several. */
export function fromSystemd({ STATE_DIRECTORY = '' }: NodeJS.ProcessEnv): SourceValues {
  const [directory] = STATE_DIRECTORY.split(':').filter(path => path !== '')
  return directory === undefined ? {} : { stateDirectory: { from: 'STATE_DIRECTORY', read: () => directory } }
}

/** Kubernetes sets such variables for each Service, and one may be called softspoken, or softspoken-health. */
function isOfService(name: string, text: string): boolean {
  return /_SERVICE_HOST$|_SERVICE_PORT|_PORT_\d+_/.test(name) || (name.endsWith('_PORT') && text.includes('://'))
}

function notUsed(names: readonly string[]): string {
  const each = names.map(name => {
    const near = nearest(name, known)
    return near === undefined ? name : `${name} (did you mean ${near}?)`
  })
  return `not used, because there is no such variable: ${each.join(', ')}`
}
