/**
 * Leaves out sentences, as a log line or the detail of an error. A string is a sentence if it has a space. A test that
 * repeats each sentence would find only that it was changed.
 */
interface Node {
  readonly type: string
  readonly value?: unknown
  readonly quasis?: readonly { readonly value: { readonly raw: string } }[]
}

export function shouldIgnore({ node }: { readonly node: Node }): string | undefined {
  const text =
    node.type === 'StringLiteral'
      ? String(node.value)
      : node.type === 'TemplateLiteral'
        ? (node.quasis ?? []).map(({ value }) => value.raw).join('')
        : ''
  return text.includes(' ') ? 'a sentence' : undefined
}
