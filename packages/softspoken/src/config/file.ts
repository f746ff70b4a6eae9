/**
 * A file of options, in YAML or JSON. The parsers quote the text in their errors, and the text may be a key. So our errors
 * have only the place and the kind of the mistake.
 */
import { parseYaml, YAML_LIMITS } from '@softspoken/vip-agent/internal'
import { nearest } from '@softspoken/wire/internal'
import { optionTable } from './options.ts'
import { readSmallFile } from './small-file.ts'
import { notAllowed, RetryableError, UsageError } from './usage-error.ts'
import type { SourceValues } from './values.ts'

const names = optionTable.map(({ name }) => name)

/** @throws RetryableError if the file cannot be read, UsageError if its content is wrong. */
export async function readConfigFile(file: string): Promise<SourceValues> {
  const content = await parse(file, await textOf(file))
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new UsageError(`${file}: it must be a map of options, such as prefix: 198.51.100.10/32`)
  const options = new Map<string, unknown>(Object.entries(content))
  for (const [name, value] of options)
    if (!(names as readonly string[]).includes(name)) throw new UsageError(`${file}: ${noSuchName(name, value, names)}`)
  const values = optionTable.flatMap(({ name, kind }) => {
    if (!options.has(name)) return []
    const from = `${name} in ${file}`
    return [[name, { from, read: () => readValue(kind, options.get(name), from) }]]
  })
  return Object.fromEntries(values)
}

/**
 * A name without a value is not shown, because it may be a value without its name, as in `{ tcpMd5Key:secret }` or after a
 * comma.
 */
export function noSuchName(name: string, value: unknown, names: readonly string[]): string {
  const shown = value === null || !/^[a-z][\w-]{0,40}$/i.test(name) ? 'a name in it' : name
  const near = shown === name ? nearest(name, names) : undefined
  return `${shown} is not an option, ${near ? `did you mean ${near}?` : `the options are ${names.join(', ')}`}`
}

function readValue(kind: string, value: unknown, from: string): unknown {
  if (value === null || value === '') throw new UsageError(`${from}: it is empty; leave it out, or give it a value`)
  if (kind === 'map' && Array.isArray(value)) throw notAllowed(from, value, 'a map of names and numbers')
  return kind === 'list' && typeof value === 'string' ? [value] : value // one community needs no list
}

async function textOf(file: string): Promise<string> {
  const octets = await readSmallFile(file).catch(error => {
    throw new RetryableError(`${file}: cannot be read: ${error instanceof Error ? error.message : error}`)
  })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets) // without the byte order mark
  } catch {
    throw new UsageError(`${file}: it is not a text in UTF-8`) // another encoding would change a key
  }
}

function parse(file: string, text: string): unknown {
  // JSON is YAML, but the YAML library takes long to load.
  return file.endsWith('.json') ? parseJson(file, text) : yamlOf(file, text)
}

async function yamlOf(file: string, text: string): Promise<unknown> {
  const document = await parseYaml(text)
  if (document === undefined) throw new UsageError(`${file}: it must have ${YAML_LIMITS}`)
  const [fault] = [...document.errors, ...document.warnings]
  const line = fault?.linePos === undefined ? '' : `, line ${fault.linePos[0].line}`
  if (fault?.code === 'DUPLICATE_KEY') throw new UsageError(`${file}${line}: a name is given twice`)
  if (fault?.code === 'MULTIPLE_DOCS') throw new UsageError(`${file}${line}: it must hold one document`)
  if (fault?.code === 'TAG_RESOLVE_FAILED') throw new UsageError(`${file}${line}: it has an unknown tag`)
  if (fault) throw new UsageError(`${file}${line}: it is not valid YAML`)
  try {
    return document.toJS()
  } catch {
    throw new UsageError(`${file}: it is not valid YAML, an alias has no anchor`)
  }
}

function parseJson(file: string, text: string): unknown {
  const lineOf = (position: number) => text.slice(0, position).split('\n').length
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    const [, position] = /at position (\d+)/.exec(String(error)) ?? []
    throw new UsageError(`${file}${position ? `, line ${lineOf(Number(position))}` : ''}: it is not valid JSON`)
  }
  const twice = duplicateKey(text)
  if (twice !== undefined) throw new UsageError(`${file}, line ${lineOf(twice)}: a name is given twice`)
  return content
}

/** The position of a name that is given twice in valid JSON: JSON.parse silently takes the last value. */
function duplicateKey(text: string): number | undefined {
  const open: Set<string>[] = []
  for (const { 0: token, 1: key, index } of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === '{') open.push(new Set())
    else if (token === '}') open.pop()
    else if (key !== undefined) {
      const name = JSON.parse(key) as string // a string, because the text is JSON
      if (open.at(-1)?.has(name)) return index
      open.at(-1)?.add(name)
    }
  }
  return undefined
}
