/** The comment of each option, which editors and the API docs show, has the default, the bounds and the unit of its table. */
import { readFileSync } from 'node:fs'
import { announceOptions, announcerOptions, healthOptions } from '@softspoken/announcer/internal'
import { sessionOptions } from '@softspoken/session/internal'
import ts from 'typescript'
import { expect, it } from 'vitest'

interface Row {
  readonly type: string
  readonly default?: number | boolean
  readonly min?: number
  readonly max?: number
  readonly unit?: string
}
interface Commented {
  readonly comment: string
  readonly required: boolean
  /** The text of its type. */
  readonly type: string
}

const files = ['session/src/options.ts', 'session/src/backoff.ts']
  .concat(['announcer/src/config.ts', 'announcer/src/advertise.ts', 'announcer/src/announcement.ts'])
  .concat('announcer/src/health/options.ts')
/** The comment of each interface, and its properties. */
const interfaces = new Map(files.flatMap(interfacesIn))

function interfacesIn(file: string) {
  const text = readFileSync(new URL(`../packages/${file}`, import.meta.url), 'utf8')
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  return source.statements.filter(ts.isInterfaceDeclaration).map(found => {
    const properties = found.members.filter(ts.isPropertySignature).map((property): [string, Commented] => {
      const type = property.type?.getText() ?? ''
      return [property.name.getText(), { comment: commentOf(property), required: !property.questionToken, type }]
    })
    return [found.name.text, { comment: commentOf(found), properties: new Map(properties) }] as const
  })
}
function commentOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node)
  return (ts.getTextOfJSDocComment(comment?.comment) ?? '').replaceAll(/\s+/g, ' ')
}

/** The comment of an option, after what that of its interface says of all. A name with a dot is a part of an object. */
function find(within: readonly string[], name: string): Commented {
  const [top = '', part] = name.split('.')
  for (const one of within) {
    const { comment, properties } = interfaces.get(one) ?? { comment: '' }
    const property = properties?.get(top)
    if (property === undefined) continue
    if (part !== undefined) return find(property.type.match(/\w+/g) ?? [], part)
    const ofAll = /^In seconds\.|The default of each is/.test(comment) ? `${comment} ` : ''
    return { ...property, comment: ofAll + property.comment }
  }
  throw new Error(`${within.join(', ')}: ${name} has no comment`)
}

/** Bounds that depend on another option. */
const related: Readonly<Record<string, (row: Row) => string>> = {
  'SessionOptions sendHoldTime': ({ max }) => `\`holdTime\` to ${max}`,
  'HealthGateOptions timeout': ({ min }) => `${min} to less than \`interval\``,
  'HealthGateOptions ttl': ({ max }) => `least two intervals, at most ${max}`,
}

const tables: readonly (readonly [within: readonly string[], table: Readonly<Record<string, Row>>])[] = [
  [['SessionOptions'], sessionOptions],
  [['AnnouncerOptions'], announcerOptions],
  [['AnnounceOptions', 'Preference'], announceOptions],
  [['HealthGateOptions'], healthOptions],
]
const options = tables.flatMap(([within, table]) =>
  Object.entries(table).map(([name, row]) => [`${within[0]} ${name}`, row, find(within, name)] as const),
)

it.each(options)('the comment of %s has its default', (_, row, { comment, required }) => {
  if (required && row.default === undefined) expect(comment).not.toMatch(/Default/)
  else if (row.default === undefined) expect(comment).toMatch(/Default:? /)
  else expect(comment).toMatch(new RegExp(`(Default:?|The default of each is) ${row.default}(?![\\d.]*\\d)`))
})

it.each(options.filter(([, { max }]) => max !== undefined))('the comment of %s has its bounds', (name, row, option) => {
  const bounds = related[name]?.(row) ?? `${row.min} to ${row.max}`
  expect(option.comment).toMatch(new RegExp(`(?<![\\d.])${bounds}(?![\\d.]*\\d)`))
})

it.each(options.filter(([, { unit }]) => unit !== undefined))('the comment of %s has its unit', (_, row, option) => {
  expect(option.comment.toLowerCase()).toContain(row.unit?.trim())
})
