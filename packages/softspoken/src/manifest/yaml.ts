/** Manifests as text: plain values, with comments where a reader needs a reason. */
import { Document, isNode, type Node, visit, YAMLSeq } from 'yaml'

const WIDTH = 80 // columns of a comment above a line; the line is indented
/** The text of each node that is written above it. */
const above = new WeakMap<Node, string>()

function node(value: unknown): Node {
  return isNode(value) ? value : new Document().createNode(value)
}

/** A comment behind the value, which is a scalar. */
export function note(value: unknown, comment: string): Node {
  return Object.assign(node(value), { comment: ` ${comment}` })
}

/** A comment on the lines above the name of the value, or above the item of a list. */
export function noteAbove(value: unknown, comment: string): Node {
  const made = node(value)
  above.set(made, comment)
  return made
}

/** On one line. Its lists have plain values. */
export function inline(value: object): Node {
  if (Array.isArray(value)) return new InlineList(value)
  const parts = Object.entries(value).map(([name, part]) => [name, Array.isArray(part) ? new InlineList(part) : part])
  const line = new Document().createNode(Object.fromEntries(parts), { flow: true })
  visit(line, {
    Scalar(_, item) {
      if (typeof item.value === 'string' && meansMore.test(item.value)) item.type = 'QUOTE_DOUBLE'
    },
  })
  return line
}
/** On one line, the parsers of Kubernetes (go-yaml) and Ansible (PyYAML) read these as a part of a map: `::1`, `2001:db8::`, `a?`. */
const meansMore = /^:|:$|\?/

/** `[ALL]`, although a map on one line has spaces: the library has one setting for both. */
class InlineList extends YAMLSeq {
  constructor(values: readonly unknown[]) {
    super()
    this.flow = true
    for (const value of values) this.add(node(value))
  }
  override toString(...[context, ...rest]: Parameters<YAMLSeq['toString']>): string {
    return super.toString(context && { ...context, flowCollectionPadding: '' }, ...rest)
  }
}

/** One document. `head` is a comment at its beginning. */
export function yamlOf(value: object, head = ''): string {
  // Kubernetes reads YAML 1.1, in which a text such as on, no or y is true or false.
  const document = new Document(value, { aliasDuplicateObjects: false, compat: 'yaml-1.1' })
  visit(document, {
    Pair(_, { key, value }) {
      const text = isNode(value) ? above.get(value) : undefined
      if (text !== undefined && isNode(key)) key.commentBefore = commented(text)
    },
    Node(key, item) {
      const text = typeof key === 'number' ? above.get(item) : undefined
      if (text !== undefined) item.commentBefore = commented(text)
    },
  })
  const start = head === '' ? '' : `${wrapped(head, 98).replace(/^/gm, '# ')}\n`
  return `${start}${document.toString({ lineWidth: 0 })}`
}

/** As `yaml` has comments: the number sign is not in the text. */
function commented(text: string): string {
  return wrapped(text, WIDTH).replace(/^/gm, ' ')
}

/** Its words on lines of this width. Line feeds stay. */
export function wrapped(text: string, width: number): string {
  return text.replace(new RegExp(`(?=.{${width + 1}})(.{1,${width}}) `, 'g'), '$1\n')
}
