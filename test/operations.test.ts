/** docs/operations.md and deploy/ say what the code does. */
import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = new URL('..', import.meta.url)
const read = (file: string) => readFileSync(new URL(file, root), 'utf8')
const page = read('docs/operations.md')

describe('docs/operations.md', () => {
  it('docs/operations.md has every log line with its level, and no other', { timeout: 60_000 }, () => {
    const [, after = ''] = page.split('## Log lines')
    const [tables = ''] = after.split(/^## /m)
    const rows = [...tables.matchAll(/^\| `([^`]+)` +\| ((?:(?:,? or |, )?(?:error|warn|info|debug))+) +\|/gm)]
    const listed = rows.flatMap(([, line, levels = '']) =>
      (levels.match(/error|warn|info|debug/g) ?? []).map(level => `${level} ${line}`),
    )
    expect(listed.sort()).toEqual(logLines().sort())
  })

  it('docs/operations.md has each reason why a node does not serve', () => {
    const [, union = ''] = read('packages/vip-agent/src/agent/reasons.ts').split('type ServeReason =')
    const reasons = [...(union.split('/**')[0] ?? '').matchAll(/'([\w-]+)'/g)].map(([, reason]) => reason)
    const [, after = ''] = page.split('### Why a node does not serve')
    expect(reasons).toContain('no-session')
    expect([...(after.split(/^#/m)[0] ?? '').matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, reason]) => reason)).toEqual(
      reasons,
    )
  })

  it('docs/operations.md has the meaning of each alert, and what to do', () => {
    const alerts = [...read('deploy/prometheus-alerts.yaml').matchAll(/alert: (\w+)/g)].map(([, name]) => name)
    const [, after = ''] = page.split('## Alerts')
    const [section = ''] = after.split(/^## /m)
    expect(alerts.length).toBeGreaterThan(0)
    expect([...section.matchAll(/^### (\w+)/gm)].map(([, name]) => name)).toEqual(alerts)
  })

  it('docs/operations.md refers to headings that exist', () => {
    const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text.toLowerCase().replaceAll(' ', '-'))
    const alerts = read('deploy/prometheus-alerts.yaml')
    const wanted = [...`${page}${alerts}`.matchAll(/(?:\]\(|operations\.md)#([\w-]+)/g)].map(([, to]) => to)
    expect(wanted.length).toBeGreaterThan(0)
    expect(wanted.filter(to => !headings.includes(to ?? ''))).toEqual([])
  })
})

describe('deploy/', () => {
  const known = [...page.matchAll(/^\| `(softspoken_\w+)`/gm)].map(([, name]) => name)
  it.each(
    readdirSync(new URL('deploy', root)).filter(file => /\.(ya?ml|json)$/.test(file) && file !== 'blackbox.yaml'),
  )('%s uses metrics that exist', file => {
    const used = read(`deploy/${file}`).match(/\bsoftspoken_\w+/g) ?? []
    expect(used.length).toBeGreaterThan(0)
    expect(used.filter(name => !known.includes(name.replace(/_(bucket|sum|count)$/, '')))).toEqual([])
  })
  it('every alert has a test of its own', () => {
    const names = (file: string) => new Set(read(`deploy/${file}`).match(/\bSoftspoken\w+/g))
    expect(names('prometheus-alerts.test.yaml')).toEqual(names('prometheus-alerts.yaml'))
  })
})

/** `level text` of each call of a logger whose text is written out, in the packages and the program. */
function logLines(): string[] {
  const lines = new Set<string>()
  for (const file of readdirSync(new URL('packages', root), { recursive: true, encoding: 'utf8' }))
    if (/^[^/]+\/src\/.*\.ts$/.test(file) && !/\.test\.ts$/.test(file))
      for (const line of callsIn(read(`packages/${file}`))) lines.add(line)
  return [...lines]
}
function callsIn(text: string): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /(^|[.#])log$/.test(ownerOf(node.expression)))
      for (const line of textsOf(node.arguments.at(-1)))
        found.push(...levelsOf(node.expression).map(level => `${level} ${line}`))
    // The agent's own method, which logs its text as an error.
    if (ts.isCallExpression(node) && node.expression.getText() === 'this.#attempt')
      found.push(...textsOf(node.arguments[0]).map(line => `error ${line}`))
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true))
  return found
}
/** `'VIP added'` has one, `present ? 'VIP added' : 'VIP removed'` two, a variable none. */
function textsOf(text: ts.Expression | undefined): string[] {
  if (text && ts.isStringLiteral(text)) return [text.text]
  return text && ts.isConditionalExpression(text) ? [text.whenTrue, text.whenFalse].flatMap(textsOf) : []
}
function ownerOf(callee: ts.Expression): string {
  return ts.isPropertyAccessExpression(callee) || ts.isElementAccessExpression(callee)
    ? callee.expression.getText()
    : ''
}
/** `log.warn` has one, `log[news ? 'warn' : 'debug']` two. */
function levelsOf(callee: ts.Expression): string[] {
  if (ts.isPropertyAccessExpression(callee)) return [callee.name.text]
  if (/\blevelOf\b/.test(callee.getText())) return ['info', 'warn', 'error'] // the agent's reasons
  if (/\blevel\b/.test(callee.getText())) return ['info', 'warn', 'debug'] // failureLevel(), or debug
  return [...callee.getText().matchAll(/'(\w+)'/g)].map(([, level = '']) => level)
}
